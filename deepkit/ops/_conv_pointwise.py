"""Convolution by a kernel of size one, and its gradients, as matrix products."""

import jax
from jax import lax

from ._conv_geometry import ConvGeometry
from ._platform_primitive import transpose


def convolve(inputs: jax.Array, kernel: jax.Array, *, geometry: ConvGeometry) -> jax.Array:
    """Every pixel times the kernel's matrix."""
    rows = _pick(inputs, geometry)
    return lax.dot_general(_flat(rows), _flat(kernel), (((1,), (0,)), ((), ()))).reshape(
        *rows.shape[:-1], -1
    )


def input_gradient(cotangent: jax.Array, kernel: jax.Array, *, geometry: ConvGeometry) -> jax.Array:
    """Every pixel times the matrix's transpose; zeros where the strides step over."""
    rows = lax.dot_general(_flat(cotangent), _flat(kernel), (((1,), (1,)), ((), ())))
    rows = rows.reshape(*cotangent.shape[:-1], -1)
    shape = geometry.input_shape(cotangent.shape[0], kernel.shape[-2])
    return transpose(lambda x: _pick(x, geometry), shape, rows)


def kernel_gradient(
    inputs: jax.Array, cotangent: jax.Array, *, geometry: ConvGeometry
) -> jax.Array:
    """The sum of every pixel's outer product."""
    rows = _flat(_pick(inputs, geometry))
    result = lax.dot_general(rows, _flat(cotangent), (((0,), (0,)), ((), ())))
    return result.reshape(*geometry.kernel_size, *result.shape)


def _pick(inputs: jax.Array, geometry: ConvGeometry) -> jax.Array:
    """The pixels that the strides step on."""
    if set(geometry.strides) == {1}:
        return inputs
    return lax.slice(inputs, (0,) * inputs.ndim, inputs.shape, (1, *geometry.strides, 1))


def _flat(x: jax.Array) -> jax.Array:
    return x.reshape(-1, x.shape[-1])
