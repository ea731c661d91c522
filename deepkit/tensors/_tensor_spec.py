"""TensorSpec: the shape and dtype that a tensor is to have."""

from typing import Any

import jax

from deepkit.core import dtypes
from deepkit.core.shapes import Shape, standardize_shape


class TensorSpec:
    """The shape, dtype and name of a tensor that is not there yet.

    Args:
        shape: sizes, `None` for unknown ones; `None` for an unknown shape.
        dtype: name of the dtype.
        name: a name.

    Example:
        >>> import deepkit
        >>> deepkit.TensorSpec([None, 3], "float32")
        TensorSpec(shape=(None, 3), dtype=float32, name=None)
    """

    def __init__(self, shape: Any, dtype: Any = "float32", name: str | None = None) -> None:
        self.shape: Shape | None = None if shape is None else standardize_shape(shape)
        self.dtype = dtypes.standardize_dtype(dtype)
        self.name = name

    @classmethod
    def from_tensor(cls, tensor: Any, name: str | None = None) -> "TensorSpec":
        """The specification of an array or variable."""
        return cls(tensor.shape, tensor.dtype, name or getattr(tensor, "name", None))

    def is_compatible_with(self, tensor: Any) -> bool:
        """Whether a tensor, or another specification, has such a shape and the same dtype."""
        same_dtype = dtypes.standardize_dtype(tensor.dtype) == self.dtype
        return same_dtype and self.fits_shape(tensor.shape)

    def fits_shape(self, shape: Any) -> bool:
        """Whether a shape has the sizes that are known; unknown ones of its own fit all."""
        if self.shape is None or shape is None:
            return True
        return len(self.shape) == len(shape) and all(
            a is None or b is None or a == b for a, b in zip(self.shape, shape)
        )

    @property
    def is_fully_defined(self) -> bool:
        """Whether all sizes are known."""
        return self.shape is not None and None not in self.shape

    def as_struct(self) -> jax.ShapeDtypeStruct:
        """The same for JAX; all sizes have to be known."""
        return jax.ShapeDtypeStruct(tuple(self.shape), self.dtype)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TensorSpec) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def _identity(self) -> tuple[Any, ...]:
        return (None if self.shape is None else tuple(self.shape), self.dtype, self.name)

    def __repr__(self) -> str:
        shape, dtype, name = self._identity()
        return f"TensorSpec(shape={shape}, dtype={dtype}, name={name!r})"
