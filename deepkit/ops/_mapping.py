"""Functions mapped over the slices of arrays."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.tensors import operation

from ._lifting import Carried, Values, lift, run


@operation
def map(f: Callable[[Any], Any], xs: Any) -> Any:
    """Returns `f` of each slice of `xs` along the first axis, one after the other, stacked.

    It needs the memory of one slice at a time; `vectorized_map` is faster.

    Args:
        f: function of a slice; may assign variables and draw random numbers.
        xs: array, or nested ones with first axes of one size.

    Example:
        >>> import deepkit
        >>> deepkit.ops.map(lambda row: row.sum(), deepkit.ops.ones((2, 3)))
        Array([3., 3.], dtype=float32)
    """

    def attempt(carried: Carried, values: Values) -> tuple[Any, Values]:
        def step(values: Values, x: Any) -> tuple[Values, Any]:
            result, values = run(f, (x,), carried, values)
            return values, result

        values, results = jax.lax.scan(step, values, xs)
        return results, values

    return lift(attempt)


@operation
def vectorized_map(function: Callable[[Any], Any], elements: Any) -> Any:
    """Returns `function` of each slice of `elements` along the first axis, all at once, stacked.

    Args:
        function: function of a slice; it must not assign variables.
        elements: array, or nested ones with first axes of one size.

    Example:
        >>> import deepkit
        >>> deepkit.ops.vectorized_map(lambda row: row.sum(), deepkit.ops.ones((2, 3)))
        Array([3., 3.], dtype=float32)
    """
    return jax.vmap(function)(elements)


def vectorize(
    pyfunc: Callable[..., Any],
    *,
    excluded: set[int | str] | None = None,
    signature: str | None = None,
) -> Callable[..., Any]:
    """Returns `pyfunc` as a function of arrays, with broadcasting.

    Args:
        pyfunc: function of scalars, or of what `signature` says.
        excluded: positions and names of arguments to be passed on as they are.
        signature: for instance `"(n),(n)->()"` for a function of two vectors.

    Example:
        >>> import deepkit
        >>> larger = deepkit.ops.vectorize(lambda a, b: deepkit.ops.where(a > b, a, b))
        >>> larger(deepkit.ops.array([1, 5]), 3)
        Array([3, 5], dtype=int32)
    """
    return operation(jnp.vectorize(pyfunc, excluded=excluded or set(), signature=signature))
