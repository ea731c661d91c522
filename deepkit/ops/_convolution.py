"""Convolution in one to three dimensions: plain, depthwise, separable, transposed."""

import jax

from deepkit.core.config import standardize_data_format
from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.tensors import as_array, operation

from ._conv_geometry import ConvGeometry
from ._conv_primitives import convolve, input_gradient
from ._promotion import as_float
from ._spatial import (
    Padding,
    channel_count,
    per_dimension,
    spatial_padding,
    spatial_rank,
    spatial_size,
)
from ._types import Shape, TensorLike


@operation
def conv(
    inputs: TensorLike,
    kernel: TensorLike,
    strides: Shape = 1,
    padding: Padding = "valid",
    data_format: str | None = None,
    dilation_rate: Shape = 1,
) -> jax.Array:
    """Returns the convolution of images with a kernel, which is not turned around.

    Where the images have more channels than the kernel, by a whole factor, they are cut into that
    many groups of channels, and so are the filters.

    Args:
        inputs: images, `(batch, *spatial, channels)` or `(batch, channels, *spatial)`, with one to
            three spatial dimensions. They are cast to the dtype of `kernel`.
        kernel: weights, `(*kernel_size, channels // groups, filters)`.
        strides: steps, one for all spatial dimensions or one for each.
        padding: `"valid"` (none), `"same"` (`ceil(size / stride)` outputs), or for each spatial
            dimension a pair of how many zeros to put before and after.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if `None`.
        dilation_rate: distances of neighbours in the kernel.

    Raises:
        ShapeError: the channels do not fit the kernel, or nothing would be left.

    Example:
        >>> import deepkit
        >>> edges = deepkit.ops.conv([[[0.0], [0.0], [3.0], [3.0]]], [[[-1.0]], [[1.0]]])
        >>> edges.ravel().tolist()
        [0.0, 3.0, 0.0]
    """
    inputs, kernel, data_format = _prepare(inputs, kernel, data_format, "conv")
    channels = channel_count(inputs, data_format)
    if kernel.shape[-2] == 0 or channels % kernel.shape[-2]:
        raise ShapeError(
            "Expected a number of input channels that the kernel's channels divide, received "
            f"{channels} channels in inputs of shape {inputs.shape} ({data_format}) and a kernel "
            f"of shape {kernel.shape}."
        )
    groups = channels // kernel.shape[-2]
    if kernel.shape[-1] % groups:
        raise ShapeError(
            f"Expected a number of filters that the {groups} groups of channels divide, received "
            f"a kernel of shape {kernel.shape} for inputs of shape {inputs.shape}."
        )
    geometry = _geometry(inputs, kernel, strides, padding, data_format, dilation_rate, groups)
    return convolve(inputs, kernel, geometry=geometry)


@operation
def depthwise_conv(
    inputs: TensorLike,
    kernel: TensorLike,
    strides: Shape = 1,
    padding: Padding = "valid",
    data_format: str | None = None,
    dilation_rate: Shape = 1,
) -> jax.Array:
    """Returns the convolution of each channel by itself.

    Args:
        inputs: as for `conv`.
        kernel: weights, `(*kernel_size, channels, multiplier)`; each channel gives as many outputs
            as `multiplier` says, which stand together.
        strides: as for `conv`.
        padding: as for `conv`.
        data_format: as for `conv`.
        dilation_rate: as for `conv`.

    Raises:
        ShapeError: the channels do not fit the kernel, or nothing would be left.
    """
    inputs, kernel, data_format = _prepare(inputs, kernel, data_format, "depthwise_conv")
    channels = channel_count(inputs, data_format)
    _check_channels(inputs, channels, kernel, kernel.shape[-2], data_format)
    kernel = kernel.reshape(*kernel.shape[:-2], 1, -1)
    geometry = _geometry(inputs, kernel, strides, padding, data_format, dilation_rate, channels)
    return convolve(inputs, kernel, geometry=geometry)


@operation
def separable_conv(
    inputs: TensorLike,
    depthwise_kernel: TensorLike,
    pointwise_kernel: TensorLike,
    strides: Shape = 1,
    padding: Padding = "valid",
    data_format: str | None = None,
    dilation_rate: Shape = 1,
) -> jax.Array:
    """Returns a depthwise convolution, mixed by a convolution with a kernel of size one.

    Args:
        inputs: as for `conv`.
        depthwise_kernel: weights, `(*kernel_size, channels, multiplier)`.
        pointwise_kernel: weights, `(1, ..., 1, channels * multiplier, filters)`.
        strides: as for `conv`.
        padding: as for `conv`.
        data_format: as for `conv`.
        dilation_rate: as for `conv`.

    Raises:
        ShapeError: the channels do not fit the kernels, or nothing would be left.
    """
    outputs = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(outputs, pointwise_kernel, data_format=data_format)


@operation
def conv_transpose(
    inputs: TensorLike,
    kernel: TensorLike,
    strides: Shape = 1,
    padding: str = "valid",
    output_padding: Shape | None = None,
    data_format: str | None = None,
    dilation_rate: Shape = 1,
) -> jax.Array:
    """Returns a convolution transposed: each pixel adds the kernel, times itself, to the output.

    Args:
        inputs: images, as for `conv`.
        kernel: weights, `(*kernel_size, filters, channels)`.
        strides: steps in the output, one for all spatial dimensions or one for each.
        padding: `"valid"` keeps all that the kernel reaches; `"same"` gives `size * stride`
            outputs.
        output_padding: how many outputs more at the end than the least; chosen by `padding` if
            `None`.
        data_format: as for `conv`.
        dilation_rate: distances of neighbours in the kernel.

    Raises:
        ShapeError: the channels do not fit the kernel, or nothing would be left.

    Example:
        >>> import deepkit
        >>> spread = deepkit.ops.conv_transpose([[[1.0], [5.0]]], [[[1.0]], [[2.0]]], strides=2)
        >>> spread.ravel().tolist()
        [1.0, 2.0, 5.0, 10.0]
    """
    inputs, kernel, data_format = _prepare(inputs, as_float(kernel), data_format, "conv_transpose")
    _check_channels(
        inputs, channel_count(inputs, data_format), kernel, kernel.shape[-1], data_format
    )
    geometry = _transposed_geometry(
        inputs, kernel, strides, padding, output_padding, data_format, dilation_rate
    )
    _check_not_empty(geometry.input_size, inputs, kernel)
    return input_gradient(inputs, kernel, geometry=geometry)


def _prepare(
    inputs: TensorLike, kernel: TensorLike, data_format: str | None, function: str
) -> tuple[jax.Array, jax.Array, str]:
    kernel = as_array(kernel)
    inputs = as_array(inputs, kernel.dtype)
    rank = spatial_rank(inputs, function)
    if kernel.ndim != rank + 2:
        raise ShapeError(
            f"Expected a kernel of {rank + 2} dimensions, as many as the inputs have, received the "
            f"shapes {kernel.shape} and {inputs.shape}."
        )
    return inputs, kernel, standardize_data_format(data_format)


def _geometry(
    inputs: jax.Array,
    kernel: jax.Array,
    strides: Shape,
    padding: Padding,
    data_format: str,
    dilation_rate: Shape,
    groups: int,
) -> ConvGeometry:
    rank = inputs.ndim - 2
    geometry = ConvGeometry(
        spatial_size(inputs, data_format),
        kernel.shape[:rank],
        per_dimension("strides", strides, rank),
        ((0, 0),) * rank,
        per_dimension("dilation_rate", dilation_rate, rank),
        groups,
        data_format == "channels_first",
    )
    padding = spatial_padding(padding, geometry.input_size, geometry.extent, geometry.strides)
    geometry = geometry.replace(padding=padding)
    _check_not_empty(geometry.output_size, inputs, kernel)
    return geometry


def _transposed_geometry(
    inputs: jax.Array,
    kernel: jax.Array,
    strides: Shape,
    padding: str,
    output_padding: Shape | None,
    data_format: str,
    dilation_rate: Shape,
) -> ConvGeometry:
    """The geometry of the convolution whose transpose leads from `inputs` to what it convolves."""
    rank = inputs.ndim - 2
    if not isinstance(padding, str) or padding.lower() not in ("valid", "same"):
        raise ArgumentError(f"Expected `padding` to be 'valid' or 'same', received {padding!r}.")
    strides = per_dimension("strides", strides, rank)
    dilation = per_dimension("dilation_rate", dilation_rate, rank)
    extra = (None,) * rank
    if output_padding is not None:
        extra = per_dimension("output_padding", output_padding, rank, least=0)
    sizes = spatial_size(inputs, data_format)
    extents = [(k - 1) * d + 1 for k, d in zip(kernel.shape, dilation)]
    spans = [
        _transposed_span(*dimension, padding.lower())
        for dimension in zip(sizes, extents, strides, extra)
    ]
    return ConvGeometry(
        tuple(span[0] for span in spans),
        kernel.shape[:rank],
        strides,
        tuple(span[1] for span in spans),
        dilation,
        channels_first=data_format == "channels_first",
    )


def _transposed_span(
    size: int, extent: int, stride: int, extra: int | None, padding: str
) -> tuple[int, tuple[int, int]]:
    """How many outputs a transposed convolution gives, and what it cuts off at both ends."""
    reach = (size - 1) * stride
    if padding == "valid":
        outputs = reach + (max(extent, stride) if extra is None else extent + extra)
        before = 0
    else:
        outputs = reach + (stride if extra is None else extent % 2 + extra)
        before = max((extent - (outputs - reach)) // 2, 0)
    return outputs, (before, reach + extent - outputs - before)


def _check_channels(
    inputs: jax.Array, channels: int, kernel: jax.Array, expected: int, data_format: str
) -> None:
    if channels != expected:
        raise ShapeError(
            f"The kernel of shape {kernel.shape} expects {expected} input channels, received "
            f"{channels} in inputs of shape {inputs.shape} ({data_format})."
        )


def _check_not_empty(sizes: tuple[int, ...], inputs: jax.Array, kernel: jax.Array) -> None:
    if min(sizes) < 1:
        raise ShapeError(
            f"A kernel of shape {kernel.shape} does not fit into inputs of shape {inputs.shape}: "
            f"the output would have the spatial shape {sizes}. Use larger inputs, less dilation, "
            "or `padding='same'`."
        )
