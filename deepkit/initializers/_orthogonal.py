"""The orthogonal initializer."""

import math
from typing import Any

import jax
import jax.numpy as jnp

from deepkit import random
from deepkit.core import dtypes
from deepkit.core.errors import ShapeError
from deepkit.core.shapes import standardize_shape

from ._base import RandomInitializer, number


class Orthogonal(RandomInitializer):
    """A random orthogonal matrix; for recurrent kernels and deep linear stacks.

    Its rows are orthonormal where there are fewer rows than columns, else its columns. Shapes of a
    higher rank are treated as `(product of the first sizes, last size)`. It is the Q of the QR
    decomposition of a normal matrix, with the signs that make it uniformly distributed
    ([Saxe et al., 2014](https://arxiv.org/abs/1312.6120)).

    Args:
        gain: what the matrix is multiplied by.
        seed: an integer or `None` for the same values in every call, or a `SeedGenerator` for new
            ones.

    Raises:
        ArgumentError: `gain` is not a number.
        ArgumentTypeError: `seed` is of another type.

    Example:
        >>> import deepkit
        >>> q = deepkit.initializers.Orthogonal(seed=1)((4, 3))
        >>> abs(q.T @ q).round(4).tolist()
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """

    def __init__(self, gain: float = 1.0, seed: Any = None) -> None:
        self.gain = number(gain, "gain")
        super().__init__(seed=seed)

    def __call__(self, shape: Any, dtype: Any = None) -> jax.Array:
        """The matrix in the given shape and floating dtype; half precision is cast at the end.

        Raises:
            ShapeError: `shape` is of a rank below 2.
        """
        shape = tuple(standardize_shape(shape))
        if len(shape) < 2:
            raise ShapeError(
                f"Expected a shape of rank 2 or more for an orthogonal matrix, received {shape}."
            )
        dtype = dtypes.canonicalize_dtype(dtype)
        rows, columns = math.prod(shape[:-1]), shape[-1]
        wide = "float64" if dtype == "float64" else "float32"
        normal = random.normal((max(rows, columns), min(rows, columns)), dtype=wide, seed=self.seed)
        q = _uniform_q(normal)
        q = q.T if rows < columns else q
        return (self.gain * q.reshape(shape)).astype(dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "gain": self.gain}


@jax.jit
def _uniform_q(matrix: jax.Array) -> jax.Array:
    """Q of `matrix = QR` with R's diagonal made positive, which makes it unique."""
    q, r = jnp.linalg.qr(matrix)
    return q * jnp.where(jnp.diagonal(r) < 0, -1.0, 1.0).astype(q.dtype)
