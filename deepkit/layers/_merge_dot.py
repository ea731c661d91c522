"""Dot: products of the samples of two tensors."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.layers._merge import Merge


class Dot(Merge):
    """Multiply the samples of two tensors and sum along an axis of each.

    Args:
        axes: the axis of both, or one of each; 0, the batch, is not allowed.
        normalize: whether to bring vectors along the axes to length 1 first, which gives the
            cosine of their angle.

    Call arguments:
        inputs: two tensors.

    Output shape:
        `(batch, *rest of the first, *rest of the second)`, with a last axis of size 1 if nothing
        is left.

    Raises:
        ArgumentError: `axes` are no integers, or not two tensors are given.
        ShapeError: the sizes along the axes differ.

    Example:
        >>> import deepkit
        >>> a, b = deepkit.ops.array([[1.0, 2.0]]), deepkit.ops.array([[3.0, 4.0]])
        >>> deepkit.layers.Dot(axes=1)([a, b]).tolist()
        [[11.0]]
    """

    def __init__(self, axes: Any, normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        both = [axes, axes] if isinstance(axes, int) else axes
        ok = isinstance(both, list | tuple) and len(both) == 2
        if not ok or not all(isinstance(axis, int) and axis != 0 for axis in both):
            raise ArgumentError(
                f"Expected `axes` of the layer '{self.name}' to be an integer or two, none of "
                f"them 0, received {axes!r}."
            )
        self.axes = axes
        self.normalize = normalize
        self.supports_masking = True

    def _axes_in(self, ranks: Sequence[int]) -> list[int]:
        both = [self.axes, self.axes] if isinstance(self.axes, int) else list(self.axes)
        return [axis % rank for axis, rank in zip(both, ranks)]

    def _check_shapes(self, input_shape: Sequence[Any]) -> None:
        if len(input_shape) != 2:
            raise ArgumentError(
                f"{self._described()} expects two tensors, received {len(input_shape)}."
            )
        axes = self._axes_in([len(shape) for shape in input_shape])
        sizes = {shape[axis] for shape, axis in zip(input_shape, axes)} - {None}
        if len(sizes) > 1:
            raise ShapeError(
                f"{self._described()} expects tensors of one size along the axes {axes}, "
                f"received shapes {[tuple(shape) for shape in input_shape]}."
            )

    def call(self, inputs: Any) -> Any:
        return self.merge(list(inputs))

    def merge(self, inputs: list[Any]) -> Any:
        """The products."""
        axes = self._axes_in([x.ndim for x in inputs])
        if self.normalize:
            inputs = [_unit(x, axis) for x, axis in zip(inputs, axes)]
        a, b = inputs
        product = jax.lax.dot_general(a, b, (((axes[0],), (axes[1],)), ((0,), (0,))))
        return product[:, None] if product.ndim == 1 else product

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """None."""
        return

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "axes": self.axes, "normalize": self.normalize}


def _unit(x: Any, axis: int) -> Any:
    square = jnp.sum(x * x, axis=axis, keepdims=True)
    return x * jax.lax.rsqrt(jnp.maximum(square, 1e-12))


def dot(inputs: Any, axes: Any = -1, **kwargs: Any) -> Any:
    """The `Dot` layer as a function.

    Args:
        inputs: two tensors.
        axes: the axis of both, or one of each.
        **kwargs: arguments of the layer.
    """
    return Dot(axes=axes, **kwargs)(inputs)
