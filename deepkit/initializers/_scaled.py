"""Random values whose spread follows from the number of inputs and outputs of a weight."""

import math
from collections.abc import Sequence
from typing import Any

import jax

from deepkit import random
from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.core.shapes import standardize_shape

from ._base import RandomInitializer

# The standard deviation of a standard normal distribution cut off at ±2.
_TRUNCATED_STDDEV = 0.87962566103423978


def compute_fans(
    shape: Sequence[int],
    input_axes: Sequence[int] | None = None,
    output_axes: Sequence[int] | None = None,
) -> tuple[int, int]:
    """How many inputs an output sees, and how many outputs an input feeds.

    Args:
        shape: shape of a weight: `(inputs, outputs)` for a matrix, `(..., inputs, outputs)` for a
            convolution, whose kernel positions count for both.
        input_axes: the axes whose sizes are multiplied for the inputs, where the shape does not
            follow this order.
        output_axes: likewise for the outputs.

    Raises:
        ShapeError: the shape has no such axis.
    """
    if input_axes is not None and output_axes is not None:
        return _size(shape, input_axes), _size(shape, output_axes)
    if len(shape) < 2:
        size = math.prod(shape)
        return size, size
    positions = math.prod(shape[:-2])
    return shape[-2] * positions, shape[-1] * positions


def _size(shape: Sequence[int], axes: Sequence[int]) -> int:
    if not all(-len(shape) <= axis < len(shape) for axis in axes):
        raise ShapeError(
            f"Expected `input_axes` and `output_axes` to be axes of the weight's shape "
            f"{tuple(shape)}, received {tuple(axes)}."
        )
    return math.prod(shape[axis] for axis in axes)


def draw_scaled(shape: Any, variance: float, distribution: str, dtype: Any, seed: Any) -> jax.Array:
    """Values of mean 0 and the given variance.

    Args:
        shape: shape of the result.
        variance: its variance, after truncation if there is any.
        distribution: `"truncated_normal"`, `"untruncated_normal"` or `"uniform"`.
        dtype: a floating dtype.
        seed: an integer or a `SeedGenerator`.
    """
    if distribution == "uniform":
        # A uniform distribution on [-a, a] has variance a² / 3.
        limit = math.sqrt(3.0 * variance)
        return random.uniform(shape, -limit, limit, dtype=dtype, seed=seed)
    stddev = math.sqrt(variance)
    if distribution == "untruncated_normal":
        return random.normal(shape, 0.0, stddev, dtype=dtype, seed=seed)
    return random.truncated_normal(shape, 0.0, stddev / _TRUNCATED_STDDEV, dtype=dtype, seed=seed)


class ScaledInitializer(RandomInitializer):
    """Abstract base of the initializers with variance `scale / n`, n counted by `mode`.

    Args:
        seed: an integer or `None` for the same values in every call, or a `SeedGenerator` for new
            ones.
        input_axes: axes that count as inputs, see `compute_fans`.
        output_axes: axes that count as outputs.

    Raises:
        ArgumentError: only one of `input_axes` and `output_axes` is given.
        ArgumentTypeError: `seed` is of another type.
    """

    scale: float
    mode: str
    distribution: str

    def __init__(
        self,
        seed: Any = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        if (input_axes is None) != (output_axes is None):
            raise ArgumentError(
                f"Expected both of `input_axes` and `output_axes` or neither, received "
                f"input_axes={input_axes}, output_axes={output_axes}."
            )
        self.input_axes = None if input_axes is None else list(input_axes)
        self.output_axes = None if output_axes is None else list(output_axes)
        super().__init__(seed=seed)

    def __call__(self, shape: Any, dtype: Any = None) -> jax.Array:
        """Values of the given shape and floating dtype."""
        shape = standardize_shape(shape)
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        fans = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
        variance = self.scale / max(1.0, fans[self.mode])
        return draw_scaled(shape, variance, self.distribution, dtype, self.seed)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        axes = {"input_axes": self.input_axes, "output_axes": self.output_axes}
        return {**super().get_config(), **axes}
