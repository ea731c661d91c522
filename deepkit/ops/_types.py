"""The types that the annotations of ops speak of."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import jax

from deepkit.tensors import KerasTensor, Variable

# What an op accepts as a tensor: arrays, NumPy, scalars, nested lists, variables and symbols.
TensorLike: TypeAlias = jax.typing.ArrayLike | Variable | KerasTensor | Sequence[Any]
Axis: TypeAlias = int | Sequence[int] | None
DType: TypeAlias = Any
Shape: TypeAlias = int | Sequence[int]
