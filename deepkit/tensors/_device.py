"""Where eager computations run and under which names variables are made."""

import contextlib
from collections.abc import Iterator

import jax

from deepkit.core import naming
from deepkit.core.errors import ArgumentError

_KINDS = {"gpu": "gpu", "cuda": "gpu", "cpu": "cpu", "tpu": "tpu"}


@contextlib.contextmanager
def device(device_name: str) -> Iterator[None]:
    """Run eager computations on a device.

    Args:
        device_name: such as `"cpu:0"` or `"gpu:1"`.

    Raises:
        ArgumentError: there is no such device.
    """
    kind, _, number = device_name.partition(":")
    try:
        devices = jax.devices(_KINDS.get(kind.lower(), kind.lower()))
        chosen = devices[int(number or 0)]
    except (RuntimeError, IndexError, ValueError) as error:
        known = [f"{d.platform}:{d.id}" for d in jax.devices()]
        raise ArgumentError(
            f"Expected the name of a device among {known}, received {device_name!r}."
        ) from error
    with jax.default_device(chosen):
        yield


@contextlib.contextmanager
def name_scope(name: str, caller: object = None) -> Iterator[None]:
    """Put `name/` in front of the paths of variables made inside.

    Args:
        name: the name of the scope.
        caller: who opens it; opening it twice in a row has no effect then.
    """
    naming.check_name(name, "a name scope")
    with naming.name_scope(name, caller):
        yield
