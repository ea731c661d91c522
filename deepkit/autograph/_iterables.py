"""What a compiled `for` goes over: tensors, ranges to a traced bound, `enumerate`, `zip`."""

import dataclasses
import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core.errors import ArgumentTypeError

from ._location import user_line
from ._specs import is_number, is_traced, is_tracing, plain


@dataclasses.dataclass
class Staged:
    """Something to go over in a compiled loop.

    Args:
        count: the number of turns; an array if it is known only when the program runs.
        arrays: what is sliced along the first axis.
        element: the element, of the number of the turn and the slices of `arrays`.
    """

    count: Any
    arrays: Sequence[jax.Array]
    element: Callable[[Any, Sequence[Any]], Any]

    def __iter__(self) -> Iterator[Any]:
        raise ArgumentTypeError(
            f"{user_line()}a range to a bound that is known only when the program runs can only be "
            f"gone over by a `for` statement in converted code."
        )

    @property
    def is_known(self) -> bool:
        """Whether the number of turns is known when the loop is compiled."""
        return isinstance(self.count, int)


def staged(iterable: Any) -> Staged | None:
    """The iterable as one for a compiled loop; `None` if Python goes over it.

    Raises:
        ArgumentTypeError: it is a scalar.
    """
    if isinstance(iterable, Staged):
        return iterable
    iterable = plain(iterable)
    if not isinstance(iterable, jax.Array) or not (is_traced(iterable) or is_tracing()):
        return None
    if not iterable.shape:
        raise ArgumentTypeError(
            f"{user_line()}expected something to go over in `for`, received a scalar of dtype "
            f"{iterable.dtype}. Use `range(n)` for `n` turns."
        )
    return Staged(iterable.shape[0], [iterable], lambda turn, slices: slices[0])


def range_(*bounds: Any) -> Any:
    """`range`, also to a bound that is known only when the program runs."""
    bounds = tuple(map(plain, bounds))
    if not any(map(is_traced, bounds)):
        return range(*bounds)
    for bound in bounds:
        if not is_number(bound) and not jnp.issubdtype(bound.dtype, jnp.integer):
            raise ArgumentTypeError(
                f"{user_line()}expected the bounds of `range` to be integers, received one of "
                f"dtype {bound.dtype}."
            )
    return _traced_range(*{1: (0, *bounds, 1), 2: (*bounds, 1), 3: bounds}[len(bounds)])


def arange_(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """`arange` of a library, also to a bound that is known only when the program runs.

    XLA has no array of such a length, so that a loop can go over it and nothing else.

    Args:
        function: the library's own.
        *args: its arguments.
        **kwargs: the same by name.
    """
    given = inspect.signature(function).bind(*args, **kwargs).arguments
    bounds = [plain(given.get(name)) for name in ("start", "stop", "step")]
    if not any(bound is not None and is_traced(bound) for bound in bounds):
        return function(*args, **kwargs)
    start, stop, step = bounds
    if stop is None:
        start, stop = 0, start
    dtype = given.get("dtype")
    if dtype is None:
        dtype = jnp.result_type(*(b for b in (start, stop, step) if b is not None))
    return _traced_range(start, stop, 1 if step is None else step, dtype)


def _traced_range(start: Any, stop: Any, step: Any, dtype: Any = None) -> Staged:
    with jax.numpy_dtype_promotion("standard"):
        # Rounded up, for steps of both signs.
        count = jnp.maximum(-((start - stop) // step), 0).astype("int32")

    def element(turn: Any, slices: Sequence[Any]) -> Any:
        with jax.numpy_dtype_promotion("standard"):
            value = start + turn * step
        return value if dtype is None else jnp.asarray(value, dtype)

    return Staged(count, [], element)


def enumerate_(iterable: Any, start: int = 0) -> Any:
    """`enumerate`, also of tensors."""
    inner = staged(iterable)
    if inner is None:
        return enumerate(iterable, start)
    return Staged(inner.count, inner.arrays, lambda turn, s: (start + turn, inner.element(turn, s)))


def zip_(*iterables: Any, strict: bool = False) -> Any:
    """`zip`, also of tensors."""
    inner = [staged(iterable) for iterable in iterables]
    if not inner or None in inner:
        return zip(*iterables, strict=strict)
    if not all(part.is_known for part in inner):
        return _zip_ranges(inner, iterables, strict)
    count = min(part.count for part in inner)
    if strict and any(part.count != count for part in inner):
        raise ArgumentTypeError(
            f"{user_line()}expected tensors of one length for `zip(..., strict=True)`, received "
            f"lengths {', '.join(str(part.count) for part in inner)}."
        )
    arrays = [array[:count] for part in inner for array in part.arrays]
    return Staged(count, arrays, _elements_of(inner))


def _zip_ranges(inner: Sequence[Staged], iterables: Sequence[Any], strict: bool) -> Any:
    """`zip` of ranges, the shortest of which is known only when the program runs."""
    if strict or any(part.arrays for part in inner):
        return zip(*iterables, strict=strict)
    count = functools.reduce(jnp.minimum, (part.count for part in inner))
    return Staged(count, [], _elements_of(inner))


def _elements_of(inner: Sequence[Staged]) -> Callable[[Any, Sequence[Any]], Any]:
    def element(turn: Any, slices: Sequence[Any]) -> Any:
        given = iter(slices)
        return tuple(part.element(turn, [next(given) for _ in part.arrays]) for part in inner)

    return element


def reversed_(iterable: Any) -> Any:
    """`reversed`, also of tensors."""
    inner = staged(iterable)
    if inner is None or not inner.is_known:
        return reversed(iterable)
    arrays = [jnp.flip(array, 0) for array in inner.arrays]
    return Staged(inner.count, arrays, lambda turn, s: inner.element(inner.count - 1 - turn, s))
