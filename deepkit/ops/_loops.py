"""Loops that are compiled: scan, while, for and the parallel scan."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core.errors import ArgumentError
from deepkit.tensors import operation

from ._lifting import Carried, Values, lift, run
from ._types import TensorLike


@operation
def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
) -> tuple[Any, Any]:
    """Calls `carry, y = f(carry, x)` for each slice `x` of `xs`, compiled once for all.

    `f` may assign variables, draw random numbers and call layers that add losses: state goes from
    step to step, and losses add up.

    Args:
        f: the step.
        init: first carry; its structure, shapes and dtypes stay.
        xs: array, or nested ones, to be sliced along the first axis; `None` for none.
        length: number of steps; needed if there is no `xs`.
        reverse: whether to go from the last slice to the first.
        unroll: number of steps that are compiled as one; `True` for all.

    Returns:
        The last carry, and the `y`s stacked along a new first axis.

    Raises:
        ArgumentError: `unroll` is no positive integer.

    Example:
        >>> import deepkit
        >>> xs = deepkit.ops.array([1.0, 2.0, 3.0])
        >>> deepkit.ops.scan(lambda total, x: (total + x, total * x), 0.0, xs)
        (Array(6., dtype=float32), Array([0., 2., 9.], dtype=float32))
    """
    if not isinstance(unroll, bool) and (not isinstance(unroll, int) or unroll < 1):
        raise ArgumentError(
            f"Expected `unroll` to be a positive integer or a boolean, received {unroll!r}."
        )

    def attempt(carried: Carried, values: Values) -> tuple[Any, Values]:
        def step(carry: Any, x: Any) -> Any:
            (carry, y), values = run(f, (carry[0], x), carried, carry[1])
            return (carry, values), y

        (carry, values), ys = jax.lax.scan(
            step, (init, values), xs, length=length, reverse=reverse, unroll=unroll
        )
        return (carry, ys), values

    return lift(attempt)


@operation
def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    maximum_iterations: int | None = None,
) -> Any:
    """Calls `loop_vars = body(*loop_vars)` as long as `cond(*loop_vars)` is true.

    Gradients cannot be taken through it backwards; use `scan` for that.

    Args:
        cond: the condition, which returns a scalar; it must not change state.
        body: the step; may assign variables, draw random numbers and add losses.
        loop_vars: tuple or list of arrays or nested arrays, or one array; structure, shapes and
            dtypes stay.
        maximum_iterations: most steps to make; no limit if `None`.

    Example:
        >>> import deepkit
        >>> deepkit.ops.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, x * 2), (0, 1))
        (Array(3, dtype=int32, weak_type=True), Array(8, dtype=int32, weak_type=True))
    """
    several = isinstance(loop_vars, tuple | list)
    state = tuple(loop_vars) if several else (loop_vars,)

    def attempt(carried: Carried, values: Values) -> tuple[Any, Values]:
        def proceed(carry: Any) -> jax.Array:
            state, count, values = carry
            goes_on, _ = run(cond, state, carried, values)
            goes_on = jnp.asarray(goes_on, bool)
            return goes_on if maximum_iterations is None else goes_on & (count < maximum_iterations)

        def step(carry: Any) -> Any:
            state, count, values = carry
            result, values = run(body, state, carried, values)
            return (tuple(result) if several else (result,)), count + 1, values

        state_after, _, values = jax.lax.while_loop(proceed, step, (state, 0, values))
        return (state_after if several else state_after[0]), values

    return lift(attempt)


@operation
def fori_loop(
    lower: TensorLike, upper: TensorLike, body_fun: Callable[[Any, Any], Any], init_val: Any
) -> Any:
    """Calls `value = body_fun(i, value)` for each `i` from `lower` up to, and without, `upper`.

    Args:
        lower: first index.
        upper: where to stop.
        body_fun: the step; may assign variables and draw random numbers.
        init_val: first value; its structure, shapes and dtypes stay.

    Example:
        >>> import deepkit
        >>> deepkit.ops.fori_loop(1, 4, lambda i, total: total + i, 0)
        Array(6, dtype=int32, weak_type=True)
    """

    def attempt(carried: Carried, values: Values) -> tuple[Any, Values]:
        def step(index: Any, carry: Any) -> tuple[Any, Values]:
            return run(body_fun, (index, carry[0]), carried, carry[1])

        return jax.lax.fori_loop(lower, upper, step, (init_val, values))

    return lift(attempt)


@operation
def associative_scan(
    f: Callable[[Any, Any], Any], elems: Any, reverse: bool = False, axis: int = 0
) -> Any:
    """Returns `f` of the first element, the first two, the first three …, worked out in parallel.

    Args:
        f: an associative function of two slices, which must also work on stacks of them.
        elems: array, or nested ones, to be sliced along `axis`.
        reverse: whether to go from the last slice to the first.
        axis: axis to scan along.

    Example:
        >>> import deepkit
        >>> xs = deepkit.ops.array([1, 2, 3])
        >>> deepkit.ops.associative_scan(lambda a, b: a + b, xs)
        Array([1, 3, 6], dtype=int32)
    """
    return jax.lax.associative_scan(f, elems, reverse=reverse, axis=axis)
