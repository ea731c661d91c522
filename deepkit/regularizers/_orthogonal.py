"""The penalty on rows or columns that are not orthogonal."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core import config
from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.tensors import operation

from ._base import Regularizer, as_summable, checked_factor


@operation
def _orthogonal_penalty(x: Any, weight: float, mode: str) -> jax.Array:
    """`weight` times the mean `|cos|` of the angles between different rows (or columns)."""
    x, dtype = as_summable(x)
    if x.ndim != 2:
        raise ShapeError(
            f"Expected a tensor of rank 2 for OrthogonalRegularizer, received shape {x.shape}."
        )
    rows = x if mode == "rows" else x.T
    count = rows.shape[0]
    if count < 2:
        return jnp.zeros((), dtype)
    # The bound stands inside the root, so that the gradient of a zero row is 0 and not NaN.
    squares = jnp.sum(jnp.square(rows), axis=1, keepdims=True)
    units = rows * jax.lax.rsqrt(jnp.maximum(squares, config.epsilon() ** 2))
    cosines = jnp.abs(units @ units.T) * (1.0 - jnp.eye(count, dtype=x.dtype))
    pairs = count * (count - 1) / 2
    return (weight * 0.5 * jnp.sum(cosines) / pairs).astype(dtype)


class OrthogonalRegularizer(Regularizer):
    """Penalty on the rows or columns of a matrix that are not orthogonal to each other.

    `factor` times the mean absolute cosine of the angle between two different rows (columns).

    Args:
        factor: a number of 0 or more.
        mode: `"rows"` or `"columns"`. For a `Dense` kernel of shape `(inputs, units)`, the columns
            are the weights of the units.

    Raises:
        ArgumentError: `factor` or `mode` has another value.

    Example:
        >>> import deepkit
        >>> regularizer = deepkit.regularizers.OrthogonalRegularizer(factor=0.5)
        >>> float(regularizer([[1.0, 0.0], [0.0, 2.0]])), float(regularizer([[1.0], [2.0]]))
        (0.0, 0.5)
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = checked_factor(factor, "factor")
        if mode not in ("rows", "columns"):
            raise ArgumentError(f"Expected `mode` to be 'rows' or 'columns', received {mode!r}.")
        self.mode = mode

    def __call__(self, inputs: Any) -> jax.Array:
        """The penalty of a matrix, a scalar of its dtype.

        Raises:
            ShapeError: the tensor is not of rank 2.
        """
        return _orthogonal_penalty(inputs, self.factor, self.mode)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"factor": self.factor, "mode": self.mode}
