"""Branches chosen while a compiled program runs."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core.errors import ArgumentError
from deepkit.tensors import as_array, operation

from ._lifting import Carried, Values, lift, run
from ._types import TensorLike


@operation
def cond(pred: TensorLike, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """Returns `true_fn()` if `pred` is true, else `false_fn()`.

    Only the chosen branch runs, also under `jax.jit`. Branches may assign variables and draw random
    numbers.

    Args:
        pred: a scalar.
        true_fn: function without arguments.
        false_fn: function without arguments whose result has the structure, shapes and dtypes of
            the other's.

    Example:
        >>> import deepkit
        >>> x = deepkit.ops.array(2.0)
        >>> deepkit.ops.cond(x > 1, lambda: x * 10, lambda: x)
        Array(20., dtype=float32)
    """
    pred = as_array(pred)
    if pred.dtype != jnp.bool_:
        pred = pred != 0
    return _choose(pred.astype(jnp.int32), (false_fn, true_fn), ())


@operation
def switch(index: TensorLike, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """Returns `branches[index](*operands)`, the index brought into range.

    Args:
        index: an integer scalar.
        branches: functions whose results have one structure, and the same shapes and dtypes.
        *operands: arguments of the function that is chosen.

    Raises:
        ArgumentError: there are no branches.

    Example:
        >>> import deepkit
        >>> deepkit.ops.switch(1, [lambda x: x, lambda x: -x], 3.0)
        Array(-3., dtype=float32, weak_type=True)
    """
    if not branches:
        raise ArgumentError("Expected `branches` of `switch` to hold a function, received none.")
    return _choose(as_array(index), branches, operands)


def _choose(
    index: jax.Array, branches: Sequence[Callable[..., Any]], operands: Sequence[Any]
) -> Any:
    def attempt(carried: Carried, values: Values) -> tuple[Any, Values]:
        def pure(branch: Callable[..., Any]) -> Callable[..., tuple[Any, Values]]:
            return lambda values, *operands: run(branch, operands, carried, values)

        return jax.lax.switch(index, [pure(branch) for branch in branches], values, *operands)

    return lift(attempt)
