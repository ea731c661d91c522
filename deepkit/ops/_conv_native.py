"""Convolution and its gradients as XLA has them: what GPU and TPU run."""

import jax
from jax import lax

from ._conv_geometry import ConvGeometry
from ._platform_primitive import transpose


def convolve(inputs: jax.Array, kernel: jax.Array, *, geometry: ConvGeometry) -> jax.Array:
    """Convolve `inputs` with `kernel`, of shape `(*kernel_size, channels // groups, filters)`."""
    return lax.conv_general_dilated(
        inputs,
        kernel,
        geometry.strides,
        geometry.padding,
        rhs_dilation=geometry.dilation,
        dimension_numbers=geometry.dimension_numbers,
        feature_group_count=geometry.groups,
    )


def input_gradient(cotangent: jax.Array, kernel: jax.Array, *, geometry: ConvGeometry) -> jax.Array:
    """`convolve` transposed in its inputs: from outputs back to inputs."""
    shape = geometry.input_shape(cotangent.shape[0], kernel.shape[-2] * geometry.groups)
    return transpose(lambda x: convolve(x, kernel, geometry=geometry), shape, cotangent)


def kernel_gradient(
    inputs: jax.Array, cotangent: jax.Array, *, geometry: ConvGeometry
) -> jax.Array:
    """`convolve` transposed in its kernel: from inputs and outputs to a kernel."""
    axis = geometry.channel_axis
    shape = geometry.kernel_shape(inputs.shape[axis], cotangent.shape[axis])
    return transpose(lambda k: convolve(inputs, k, geometry=geometry), shape, cotangent)
