"""Functions with derivatives of their own, as a tape sees them where values are no tracers."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import jax
from jax.extend.core import jaxpr_as_fun

# Functions of these may be traced once for all calls: they read nothing that changes.
_KNOWN_LIBRARIES = ("jax", "deepkit", "optax", "flax", "equinox")
_MAX_JAXPRS = 256
# What makes calls again, by what is equal for them.
_JAXPRS: dict[Any, Callable[..., Sequence[Any]]] = {}


class CustomCall:
    """A call of a function with a derivative of its own, on the way to JAX's rules for it.

    JAX notes the structure of the outputs when the function runs, so that each call runs it once.

    Args:
        primitive: of JAX.
        functions: the function and its rules, wrapped by JAX.
        params: the other parameters of the primitive.
    """

    def __init__(self, primitive: Any, functions: tuple[Any, ...], params: dict[str, Any]) -> None:
        self._primitive, self._functions, self._params = primitive, functions, params

    def run(self, *args: Any) -> Sequence[Any]:
        """Call it; only once."""
        return self._primitive.bind(*args, subfuns=self._functions, **self._params)

    def identity(self) -> Any:
        """What is equal for calls that do the same; `None` if that is not known."""
        function, *rules = (getattr(wrapped, "f", None) for wrapped in self._functions)
        if not _is_known(function):
            return None
        transforms = getattr(self._functions[0], "transforms", ())
        identity = (self._primitive, function, _unwrapped(transforms), *rules)
        try:
            hash(identity)
        except TypeError:
            return None
        return identity


def _is_known(function: Any) -> bool:
    """Whether it is a library's function that closes over nothing."""
    library = (getattr(function, "__module__", None) or "").partition(".")[0]
    return library in _KNOWN_LIBRARIES and "<locals>" not in getattr(function, "__qualname__", "")


def _unwrapped(value: Any) -> Any:
    """What JAX wraps to keep it from being hashed: arguments that are not differentiated by."""
    if isinstance(value, tuple):
        return tuple(map(_unwrapped, value))
    return value.val if type(value).__name__ == "Unhashable" else value


@dataclasses.dataclass(frozen=True)
class CustomReplay:
    """How to call such a function again.

    Args:
        first_run: makes the call itself; only once.
        run: makes another call like it.
        key: what is equal for calls that do the same, or `None`.
    """

    first_run: Callable[..., Sequence[Any]]
    run: Callable[..., Sequence[Any]]
    key: Any


def replay_of_custom_call(call: CustomCall, args: Sequence[Any]) -> CustomReplay:
    """How a call is made now and again, with the same derivatives."""
    identity = call.identity()
    key = None if identity is None else (identity, *(jax.typeof(value) for value in args))
    known = None if key is None else _JAXPRS.get(key)
    if known is not None:
        return CustomReplay(call.run, known, key)
    jaxpr = jax.make_jaxpr(call.run)(*args)
    run = jaxpr_as_fun(jaxpr)
    if key is None or jaxpr.consts:
        return CustomReplay(run, run, None)
    _JAXPRS[key] = run
    while len(_JAXPRS) > _MAX_JAXPRS:
        _JAXPRS.pop(next(iter(_JAXPRS)), None)
    return CustomReplay(run, run, key)
