"""Depthwise convolution and its gradients as sums of shifted products, without a contraction."""

import itertools
from collections.abc import Iterator

import jax
import jax.numpy as jnp
from jax import lax

from ._conv_geometry import ConvGeometry
from ._platform_primitive import transpose


def convolve(inputs: jax.Array, kernel: jax.Array, *, geometry: ConvGeometry) -> jax.Array:
    """The sum over the kernel's places of shifted inputs times what stands there."""
    channels = inputs.shape[-1]
    places = kernel.reshape(-1, channels, kernel.shape[-1] // channels)
    total = sum(
        window[..., None] * places[i] for i, window in enumerate(_windows(inputs, geometry))
    )
    return total.reshape(*total.shape[:-2], -1)


def input_gradient(cotangent: jax.Array, kernel: jax.Array, *, geometry: ConvGeometry) -> jax.Array:
    """The outputs' gradient times each place of the kernel, shifted back and added up."""
    channels = geometry.groups
    places = kernel.reshape(-1, channels, kernel.shape[-1] // channels)
    cotangent = cotangent.reshape(*cotangent.shape[:-1], *places.shape[1:])
    windows = [jnp.sum(cotangent * place, axis=-1) for place in places]
    shape = geometry.input_shape(cotangent.shape[0], channels)
    return transpose(lambda x: list(_windows(x, geometry)), shape, windows)


def kernel_gradient(
    inputs: jax.Array, cotangent: jax.Array, *, geometry: ConvGeometry
) -> jax.Array:
    """For each place of the kernel, shifted inputs times the outputs' gradient, added up."""
    channels = inputs.shape[-1]
    images = tuple(range(geometry.rank + 1))
    cotangent = cotangent.reshape(*cotangent.shape[:-1], channels, -1)
    places = [
        jnp.sum(window[..., None] * cotangent, axis=images) for window in _windows(inputs, geometry)
    ]
    return jnp.stack(places).reshape(*geometry.kernel_size, 1, -1)


def _windows(inputs: jax.Array, geometry: ConvGeometry) -> Iterator[jax.Array]:
    """What each place of the kernel sees, place by place."""
    padding = [(0, 0, 0), *((low, high, 0) for low, high in geometry.padding), (0, 0, 0)]
    padded = lax.pad(inputs, jnp.zeros((), inputs.dtype), padding)
    batch, channels = inputs.shape[0], inputs.shape[-1]
    for place in itertools.product(*map(range, geometry.kernel_size)):
        start = [i * d for i, d in zip(place, geometry.dilation)]
        stop = [
            i + (n - 1) * s + 1 for i, n, s in zip(start, geometry.output_size, geometry.strides)
        ]
        yield lax.slice(padded, (0, *start, 0), (batch, *stop, channels), (1, *geometry.strides, 1))
