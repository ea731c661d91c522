"""Python's builtin functions, where they are to take values known when the program runs."""

import builtins
import functools
from collections.abc import Callable, Iterable
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core.errors import ArgumentTypeError
from deepkit.tensors import Variable

from ._iterables import enumerate_, range_, reversed_, zip_
from ._location import user_line
from ._logic import and_, or_
from ._print import print as print_at_run_time
from ._specs import is_traced, plain
from ._values import truth


def _any_traced(values: Iterable[Any]) -> bool:
    return any(is_traced(plain(value)) for value in values)


def print_(*values: Any, **options: Any) -> None:
    """`print`, when the program runs if a value is known only then."""
    leaves = jax.tree_util.tree_leaves(values)
    if not any(isinstance(plain(leaf), jax.core.Tracer) for leaf in leaves):
        builtins.print(*values, **options)
        return
    stream, sep, end = (options.get(name) for name in ("file", "sep", "end"))
    print_at_run_time(
        *values,
        output_stream=stream,
        sep=" " if sep is None else sep,
        end="\n" if end is None else end,
        summarize=-1,
    )


def len_(value: Any) -> int:
    """`len`, which for a tensor is the size of its first axis."""
    return value.shape[0] if isinstance(value, Variable) and value.shape else len(value)


def int_(*args: Any, **options: Any) -> Any:
    """`int`; an array stays one."""
    if len(args) == 1 and is_traced(plain(args[0])):
        return plain(args[0]).astype(int)
    return int(*args, **options)


def float_(*args: Any) -> Any:
    """`float`; an array stays one."""
    if args and is_traced(plain(args[0])):
        return plain(args[0]).astype(float)
    return float(*args)


def bool_(*args: Any) -> Any:
    """`bool`; an array stays one."""
    if args and is_traced(plain(args[0])):
        return truth(plain(args[0]), "bool")
    return bool(*args)


def _extreme(builtin: Callable[..., Any], pair: Callable[[Any, Any], Any], *args: Any) -> Any:
    values = args[0] if len(args) == 1 else args
    array = plain(values)
    if isinstance(array, jax.Array):
        if array.ndim != 1:
            raise ArgumentTypeError(
                f"{user_line()}expected `{builtin.__name__}` of an array with one axis, received "
                f"one of shape {array.shape}. Use `deepkit.ops.{builtin.__name__}`."
            )
        values = list(array)
    with jax.numpy_dtype_promotion("standard"):
        return functools.reduce(pair, map(plain, values))


def _extreme_of(builtin: Callable[..., Any], pair: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    @functools.wraps(builtin)
    def extreme(*args: Any, **options: Any) -> Any:
        several = args if len(args) > 1 else (args[0],)
        nested = len(args) == 1 and isinstance(args[0], list | tuple) and _any_traced(args[0])
        if options or not (nested or _any_traced(several)):
            return builtin(*args, **options)
        return _extreme(builtin, pair, *args)

    return extreme


def _fold_of(builtin: Callable[..., Any], pair: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(builtin)
    def fold(values: Any) -> Any:
        values = list(values)
        if not _any_traced(values):
            return builtin(values)
        return functools.reduce(lambda a, b: pair(lambda: a, lambda: b), values)

    return fold


def sorted_(values: Any, **options: Any) -> Any:
    """`sorted`; of a tensor, or a list of scalars, an array or list by its values."""
    array = plain(values)
    reverse = options.get("reverse", False)
    if options.get("key") is None and is_traced(array):
        return _sorted_array(array, reverse)
    if options.get("key") is None and isinstance(values, list | tuple) and _any_traced(values):
        return list(_sorted_array(jnp.stack([jnp.asarray(plain(v)) for v in values]), reverse))
    return sorted(values, **options)


def _sorted_array(array: jax.Array, reverse: bool) -> jax.Array:
    ordered = jnp.sort(array, axis=0)
    return jnp.flip(ordered, 0) if reverse else ordered


BUILTINS: dict[Any, Callable[..., Any]] = {
    print: print_,
    len: len_,
    int: int_,
    float: float_,
    bool: bool_,
    range: range_,
    enumerate: enumerate_,
    zip: zip_,
    reversed: reversed_,
    min: _extreme_of(min, jnp.minimum),
    max: _extreme_of(max, jnp.maximum),
    any: _fold_of(any, or_),
    all: _fold_of(all, and_),
    sorted: sorted_,
}
