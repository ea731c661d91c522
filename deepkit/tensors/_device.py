"""Where eager computations run and under which names variables are made."""

import contextlib
from collections.abc import Iterator

import jax

from deepkit.core import naming
from deepkit.core.errors import ArgumentError

_KINDS = {"cuda": "gpu"}


@contextlib.contextmanager
def device(device_name: str) -> Iterator[None]:
    """Run eager computations on a device.

    Args:
        device_name: such as `"cpu:0"` or `"gpu:1"`.

    Raises:
        ArgumentError: there is no such device.
    """
    with jax.default_device(_find(device_name)):
        yield


def _find(device_name: str) -> jax.Device:
    kind, _, number = str(device_name).lower().partition(":")
    try:
        return jax.devices(_KINDS.get(kind, kind))[int(number or 0)]
    except (RuntimeError, IndexError, ValueError) as error:
        known = [f"{device.platform}:{device.id}" for device in jax.devices()]
        raise ArgumentError(
            f"Expected the name of a device among {known}, received {device_name!r}."
        ) from error


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
