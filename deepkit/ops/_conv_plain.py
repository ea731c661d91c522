"""Convolution and its gradients, each as the one kind of convolution that is fast on CPU.

Channels last, one group, no reversed kernel and no dimensions in another order: what XLA's CPU
compiler gives to Eigen, outside of loops and inside.
"""

import math

import jax
import jax.numpy as jnp
from jax import lax

from . import _conv_transposed as transposed
from ._conv_geometry import ConvGeometry
from ._conv_native import convolve as convolve
from ._platform_primitive import zeros_beside

# Measured: a part stays in the second-level cache, and needs so many images to be worth its loop.
_PART_BYTES, _PART_IMAGES, _FEW_FILTERS = 3 * 2**18, 8, 16


def input_gradient(cotangent: jax.Array, kernel: jax.Array, *, geometry: ConvGeometry) -> jax.Array:
    """The outputs' gradient, spread out by the strides, convolved with the kernel turned around.

    One product instead where it is faster.
    """
    if transposed.pays(cotangent, kernel, geometry):
        return transposed.input_gradient(cotangent, kernel, geometry=geometry)
    spatial = tuple(range(geometry.rank))
    turned = jnp.swapaxes(lax.rev(kernel, spatial), -1, -2)
    padding = []
    for i, extent in enumerate(geometry.extent):
        low = extent - 1 - geometry.padding[i][0]
        spread = (cotangent.shape[i + 1] - 1) * geometry.strides[i] + 1
        padding.append((low, geometry.input_size[i] + extent - 1 - spread - low))
    return lax.conv_general_dilated(
        cotangent,
        turned,
        (1,) * geometry.rank,
        padding,
        lhs_dilation=geometry.strides,
        rhs_dilation=geometry.dilation,
        dimension_numbers=geometry.dimension_numbers,
    )


def kernel_gradient(
    inputs: jax.Array, cotangent: jax.Array, *, geometry: ConvGeometry
) -> jax.Array:
    """The inputs convolved with the outputs' gradient, channels in the place of the batch.

    Big batches are gone through in parts that stay in the cache.
    """
    parts = _count_parts(inputs, cotangent.shape[-1])
    if parts == 1:
        return _kernel_gradient(inputs, cotangent, geometry)

    def add_part(total: jax.Array, part: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, None]:
        return total + _kernel_gradient(*part, geometry), None

    shape = geometry.kernel_shape(inputs.shape[-1], cotangent.shape[-1])
    split = [x.reshape(parts, -1, *x.shape[1:]) for x in (inputs, cotangent)]
    zeros = zeros_beside(inputs, shape, inputs.dtype)
    return lax.scan(add_part, zeros, tuple(split))[0]


def _count_parts(inputs: jax.Array, filters: int) -> int:
    """The least divisor of the batch that makes parts fit, and leaves them enough images."""
    batch = inputs.shape[0]
    if filters <= _FEW_FILTERS:
        return 1
    wanted = math.ceil(inputs.size * inputs.dtype.itemsize / _PART_BYTES)
    divisors = [n for n in range(1, batch // _PART_IMAGES + 1) if batch % n == 0]
    return next((n for n in divisors if n >= wanted), max(divisors, default=1))


def _kernel_gradient(inputs: jax.Array, cotangent: jax.Array, geometry: ConvGeometry) -> jax.Array:
    padding = []
    for i, (output, kernel) in enumerate(zip(geometry.output_size, geometry.kernel_size)):
        low = geometry.padding[i][0]
        needed = (kernel - 1) * geometry.dilation[i] + (output - 1) * geometry.strides[i] + 1
        padding.append((low, needed - geometry.input_size[i] - low))
    result = lax.conv_general_dilated(
        jnp.swapaxes(inputs, 0, -1),
        jnp.moveaxis(cotangent, 0, -2),
        geometry.dilation,
        padding,
        rhs_dilation=geometry.strides,
        dimension_numbers=geometry.dimension_numbers,
    )
    return jnp.moveaxis(result, 0, -2)
