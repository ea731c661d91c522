"""Remembers of which array the items of a list are the slices, so that stacking them is free.

A list that a compiled `for` filled holds slices of the scan's output. Stacking them anew would cost
little forward, for XLA folds it, but in reverse each slice would be padded and added up.
"""

import inspect
import types
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit import ops

_STACKS: dict[int, tuple[Any, jax.Array, list[jax.Array]]] = {}


def remember(items: Sequence[jax.Array], stacked: jax.Array) -> None:
    """Note that arrays are the slices of another one, for as long as the first of them lives."""
    key = id(items[0])
    reference = weakref.ref(items[0], lambda _: _STACKS.pop(key, None))
    _STACKS[key] = (reference, stacked, list(items[1:]))


def _stack_of(items: Any) -> jax.Array | None:
    """The array whose slices a list holds, all of them in their order, if there is one."""
    if type(items) is not list or not items:
        return None
    known = _STACKS.get(id(items[0]))
    if known is None:
        return None
    _, stacked, rest = known
    same = len(rest) == len(items) - 1 and all(a is b for a, b in zip(rest, items[1:]))
    return stacked if same else None


def _stacking(function: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(function)
    first = next(iter(signature.parameters))

    def stack(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs).arguments
        array = _stack_of(given.get(first))
        if array is None or given.keys() - {first, "axis"}:
            return function(*args, **kwargs)
        return jnp.moveaxis(array, 0, given.get("axis", 0))

    return stack


_STACKERS = {
    function: _stacking(function)
    for function in (jnp.stack, jnp.array, jnp.asarray, ops.stack, ops.array)
}


def stacker(function: Any, args: Sequence[Any]) -> Any:
    """What to call in the place of a function that is given a list to stack, else itself."""
    if args and type(args[0]) is list and type(function) is types.FunctionType:
        return _STACKERS.get(function, function)
    return function
