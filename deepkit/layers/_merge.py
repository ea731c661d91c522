"""Merge: the base of layers that combine several tensors elementwise."""

import abc
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from deepkit.core import shapes
from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.layers._layer import Layer


class Merge(Layer):
    """Base of layers that combine a list of tensors, elementwise unless they say otherwise.

    Sizes of 1 are repeated, and tensors of lower rank get axes of size 1 after the batch.

    Raises:
        ArgumentError: the input is no list.
        ShapeError: sizes do not fit.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        self._check_list(input_shape)
        self._check_shapes(input_shape)

    def _check_list(self, input_shape: Any) -> None:
        if shapes.is_shape(input_shape) or isinstance(input_shape, dict) or not input_shape:
            received = "one tensor" if shapes.is_shape(input_shape) else "a dict"
            raise ArgumentError(
                f"{self._described()} expects a list of tensors, received {received} of shape "
                f"{input_shape}. Call it as `layer([a, b])`."
            )

    def _check_shapes(self, input_shape: Sequence[Any]) -> None:
        if len({shape[0] for shape in input_shape if shape} - {None}) > 1:
            raise ShapeError(
                f"{self._described()} expects tensors of one batch size, received shapes "
                f"{[tuple(shape) for shape in input_shape]}."
            )
        for sizes in zip(*(reversed(shape[1:]) for shape in input_shape)):
            if len({size for size in sizes if size not in (None, 1)}) > 1:
                raise ShapeError(
                    f"{self._described()} expects tensors that can be combined element by "
                    f"element, received shapes {[tuple(shape) for shape in input_shape]}."
                )

    def call(self, inputs: Any) -> Any:
        rank = max(x.ndim for x in inputs)
        return self.merge([_with_rank(x, rank) for x in inputs])

    @abc.abstractmethod
    def merge(self, inputs: list[Any]) -> Any:
        """Combine tensors of one rank."""

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """True where any of the inputs is; none if one of them has no mask."""
        if previous_mask is None or any(mask is None for mask in previous_mask):
            return None
        merged = previous_mask[0]
        for mask in previous_mask[1:]:
            merged = jnp.logical_or(merged, mask)
        return merged


def _with_rank(x: Any, rank: int) -> Any:
    return x.reshape(x.shape[:1] + (1,) * (rank - x.ndim) + x.shape[1:])
