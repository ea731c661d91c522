"""The static side of pooling: windows, strides, padding."""

import dataclasses
from typing import Any

Sizes = tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class PoolGeometry:
    """Windows over an array, one entry for each dimension but the batch.

    Args:
        input_size: sizes of the input.
        window: sizes of a window; 1 for the channels.
        strides: steps from window to window.
        padding: places before and after, for each dimension.
    """

    input_size: Sizes
    window: Sizes
    strides: Sizes
    padding: tuple[tuple[int, int], ...]

    @property
    def output_size(self) -> Sizes:
        """Sizes of the output."""
        return tuple(
            max((n + low + high - window) // stride + 1, 0)
            for n, (low, high), window, stride in zip(
                self.input_size, self.padding, self.window, self.strides
            )
        )

    @property
    def axes(self) -> list[int]:
        """The dimensions in which something happens."""
        dimensions = zip(self.window, self.strides, self.padding)
        return [i for i, dimension in enumerate(dimensions) if dimension != (1, 1, (0, 0))]

    @property
    def overlaps(self) -> bool:
        """Whether windows share places."""
        return any(window > stride for window, stride in zip(self.window, self.strides))

    def along(self, axis: int, input_size: Sizes) -> "PoolGeometry":
        """The same along one dimension only, of an input of another size."""

        def only(values: tuple[Any, ...], otherwise: Any) -> tuple[Any, ...]:
            return tuple(v if i == axis else otherwise for i, v in enumerate(values))

        return PoolGeometry(
            input_size, only(self.window, 1), only(self.strides, 1), only(self.padding, (0, 0))
        )
