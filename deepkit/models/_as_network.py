"""Finds out what kind of network a user gave."""

import sys
from typing import Any

from deepkit.core.errors import ArgumentError, ArgumentTypeError
from deepkit.layers import Layer
from deepkit.models._equinox_network import EquinoxNetwork
from deepkit.models._function_network import FunctionNetwork
from deepkit.models._jax_network import Network
from deepkit.models._linen_network import LinenNetwork
from deepkit.models._nnx_network import NnxNetwork


def as_network(network: Any, params: Any, state: Any) -> Network:
    """The network in the one form that the model knows.

    Args:
        network: functions, or a module of Equinox or Flax.
        params: parameters that exist already.
        state: the state that goes with them.

    Raises:
        ArgumentTypeError: it is nothing that is known.
        ArgumentError: `params` or `state` has no use for this kind of network.
    """
    libraries = ("flax.nnx", "flax.linen", "equinox")
    if any(_is_a(network, library, "Module") for library in libraries) and not callable(network):
        raise ArgumentTypeError(
            f"Expected a module with a method `__call__`, received a {type(network).__name__} "
            f"without one. Define it, or pass a pair of functions `(init, apply)` that uses the "
            f"method you mean."
        )
    if _is_a(network, "flax.nnx", "Module"):
        _refuse(params=params, state=state, kind="a Flax NNX module, which holds its own")
        return NnxNetwork(network)
    if _is_a(network, "flax.linen", "Module"):
        _refuse(state=state, kind="a Flax module, whose `params` hold all that `init` returned")
        return LinenNetwork(network, params)
    if _is_a(network, "equinox", "Module"):
        _refuse(params=params, kind="an Equinox module, which holds its own")
        return EquinoxNetwork(network, state)
    if isinstance(network, tuple | list) and len(network) == 2 and all(map(callable, network)):
        return FunctionNetwork(*network, params, state)
    if callable(network) and not isinstance(network, type | Layer):
        return FunctionNetwork(None, network, params, state)
    hint = ""
    if isinstance(network, type):
        hint = f" Make one: `JaxModel({network.__name__}(...))`."
    raise ArgumentTypeError(
        f"Expected a pair of functions `(init, apply)`, a function `apply` with `params`, an "
        f"Equinox module or a Flax module, received {network!r}.{hint}"
    )


def _is_a(value: Any, library: str, name: str) -> bool:
    """Whether a value is of a class of a library; nobody has one of a library not yet imported."""
    cls = getattr(sys.modules.get(library), name, None)
    return cls is not None and isinstance(value, cls)


def _refuse(kind: str, **arguments: Any) -> None:
    for name, value in arguments.items():
        if value is not None:
            raise ArgumentError(f"Expected no `{name}` for {kind}.")
