"""The identity matrix as an initializer."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core import dtypes
from deepkit.core.errors import ShapeError
from deepkit.core.shapes import standardize_shape

from ._base import Initializer, number


class Identity(Initializer):
    """Ones on the diagonal of a matrix, zeros elsewhere; for recurrent kernels.

    Args:
        gain: what the matrix is multiplied by.

    Raises:
        ArgumentError: `gain` is not a number.

    Example:
        >>> import deepkit
        >>> deepkit.initializers.Identity(gain=3.0)((2, 2)).tolist()
        [[3.0, 0.0], [0.0, 3.0]]
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = number(gain, "gain")

    def __call__(self, shape: Any, dtype: Any = None) -> jax.Array:
        """The matrix, cut or padded with zeros where it is not square.

        Raises:
            ShapeError: `shape` is not of rank 2.
        """
        shape = tuple(standardize_shape(shape))
        if len(shape) != 2:
            raise ShapeError(
                f"Expected a shape of rank 2 for an identity matrix, received {shape}. For kernels "
                f"of a higher rank use `Orthogonal`."
            )
        eye = jnp.eye(*shape, dtype=dtypes.canonicalize_dtype(dtype))
        return eye * jnp.asarray(self.gain, eye.dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"gain": self.gain}
