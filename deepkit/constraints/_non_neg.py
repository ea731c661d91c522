"""The constraint to values of 0 or more."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.tensors import as_array, operation

from ._base import Constraint


@operation
def _non_negative(w: Any) -> jax.Array:
    return jnp.maximum(as_array(w), 0)


class NonNeg(Constraint):
    """Sets negative weights to zero.

    Example:
        >>> import deepkit
        >>> deepkit.constraints.NonNeg()([-1.0, 2.0]).tolist()
        [0.0, 2.0]
    """

    def __call__(self, w: Any) -> jax.Array:
        """`max(w, 0)`."""
        return _non_negative(w)
