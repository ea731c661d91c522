"""The static side of a convolution: sizes, strides, padding, dilation, groups, layout."""

import dataclasses
from typing import Any

Sizes = tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class ConvGeometry:
    """What a convolution and both its gradients know beside their operands.

    Args:
        input_size: spatial sizes of the input.
        kernel_size: spatial sizes of the kernel.
        strides: steps of the kernel, one for each spatial dimension.
        padding: zeros (cut-off rows where negative) before and after, for each dimension.
        dilation: distances between neighbours in the kernel.
        groups: the channels are cut into this many parts that do not see each other.
        channels_first: whether channels stand before the spatial dimensions.
    """

    input_size: Sizes
    kernel_size: Sizes
    strides: Sizes
    padding: tuple[tuple[int, int], ...]
    dilation: Sizes
    groups: int = 1
    channels_first: bool = False

    @property
    def rank(self) -> int:
        """How many spatial dimensions there are."""
        return len(self.kernel_size)

    @property
    def channel_axis(self) -> int:
        """The channels' place in inputs and outputs."""
        return 1 if self.channels_first else self.rank + 1

    @property
    def extent(self) -> Sizes:
        """How many inputs in a row the kernel spans, gaps included."""
        return tuple((k - 1) * d + 1 for k, d in zip(self.kernel_size, self.dilation))

    @property
    def output_size(self) -> Sizes:
        """Spatial sizes of the output."""
        return tuple(
            max((n + low + high - extent) // stride + 1, 0)
            for n, (low, high), extent, stride in zip(
                self.input_size, self.padding, self.extent, self.strides
            )
        )

    @property
    def dimension_numbers(self) -> tuple[str, str, str]:
        """The layout of inputs, kernels and outputs in the words of `jax.lax`."""
        spatial = "DHW"[-self.rank :]
        images = f"NC{spatial}" if self.channels_first else f"N{spatial}C"
        return images, f"{spatial}IO", images

    def input_shape(self, batch: int, channels: int) -> Sizes:
        """The shape of inputs."""
        return self._images(batch, self.input_size, channels)

    def output_shape(self, batch: int, filters: int) -> Sizes:
        """The shape of outputs."""
        return self._images(batch, self.output_size, filters)

    def kernel_shape(self, channels: int, filters: int) -> Sizes:
        """The shape of kernels."""
        return (*self.kernel_size, channels // self.groups, filters)

    def _images(self, batch: int, size: Sizes, channels: int) -> Sizes:
        return (batch, channels, *size) if self.channels_first else (batch, *size, channels)

    def replace(self, **changes: Any) -> "ConvGeometry":
        """The same geometry but for `changes`."""
        return dataclasses.replace(self, **changes)


def same_padding(size: int, extent: int, stride: int) -> tuple[int, int]:
    """Zeros before and after that give `ceil(size / stride)` outputs, the odd one after."""
    total = max((-(-size // stride) - 1) * stride + extent - size, 0)
    return total // 2, total - total // 2
