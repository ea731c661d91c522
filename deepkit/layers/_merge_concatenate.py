"""Concatenate: tensors one after another."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from deepkit.core.errors import ShapeError
from deepkit.layers._merge import Merge


class Concatenate(Merge):
    """Put a list of tensors one after another along an axis.

    Args:
        axis: the axis.

    Call arguments:
        inputs: a list of tensors of one shape but for the axis.

    Raises:
        ArgumentError: the input is no list.
        ShapeError: sizes on other axes differ.

    Example:
        >>> import deepkit
        >>> a, b = deepkit.ops.array([[1.0]]), deepkit.ops.array([[2.0, 3.0]])
        >>> deepkit.layers.Concatenate()([a, b]).tolist()
        [[1.0, 2.0, 3.0]]
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def _check_shapes(self, input_shape: Sequence[Any]) -> None:
        rank = len(input_shape[0])
        fits = all(len(shape) == rank for shape in input_shape) and -rank <= self.axis < rank
        if fits:
            others = [axis for axis in range(rank) if axis != self.axis % rank]
            fits = all(len({s[axis] for s in input_shape} - {None}) <= 1 for axis in others)
        if not fits:
            raise ShapeError(
                f"{self._described()} expects tensors of one rank and the same sizes on all axes "
                f"but {self.axis}, received shapes {[tuple(shape) for shape in input_shape]}."
            )

    def merge(self, inputs: list[Any]) -> Any:
        """The tensors one after another."""
        return jnp.concatenate(inputs, axis=self.axis)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The masks one after another; what has none counts as real."""
        if previous_mask is None or all(mask is None for mask in previous_mask):
            return None
        masks = []
        for x, mask in zip(inputs, previous_mask):
            if mask is None:
                mask = jnp.ones(x.shape, bool)
            elif mask.ndim < x.ndim:
                mask = jnp.broadcast_to(mask[..., None], x.shape)
            masks.append(mask)
        return jnp.any(jnp.concatenate(masks, axis=self.axis), axis=-1)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "axis": self.axis}


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """The `Concatenate` layer as a function.

    Args:
        inputs: a list of tensors.
        axis: the axis.
        **kwargs: arguments of the layer.
    """
    return Concatenate(axis=axis, **kwargs)(inputs)
