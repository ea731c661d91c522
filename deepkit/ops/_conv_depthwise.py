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
    places = _places(kernel, geometry.groups)
    windows = _windows(inputs, geometry)
    total = sum(window[..., None, :] * place for window, place in zip(windows, places))
    return _join(total)


def input_gradient(cotangent: jax.Array, kernel: jax.Array, *, geometry: ConvGeometry) -> jax.Array:
    """The outputs' gradient times each place of the kernel, shifted back and added up."""
    places = _places(kernel, geometry.groups)
    cotangent = _split(cotangent, geometry.groups)
    windows = [jnp.sum(cotangent * place, axis=-2) for place in places]
    shape = geometry.input_shape(cotangent.shape[0], geometry.groups)
    return transpose(lambda x: list(_windows(x, geometry)), shape, windows)


def kernel_gradient(
    inputs: jax.Array, cotangent: jax.Array, *, geometry: ConvGeometry
) -> jax.Array:
    """For each place of the kernel, shifted inputs times the outputs' gradient, added up."""
    images = tuple(range(geometry.rank + 1))
    cotangent = _split(cotangent, geometry.groups)
    places = [
        jnp.sum(window[..., None, :] * cotangent, axis=images)
        for window in _windows(inputs, geometry)
    ]
    return _join(jnp.stack(places)).reshape(*geometry.kernel_size, 1, -1)


def _places(kernel: jax.Array, channels: int) -> jax.Array:
    return _split(kernel.reshape(-1, kernel.shape[-1]), channels)


def _split(x: jax.Array, channels: int) -> jax.Array:
    """The outputs of each channel apart; channels last, because that is what vectorizes."""
    return jnp.swapaxes(x.reshape(*x.shape[:-1], channels, -1), -1, -2)


def _join(x: jax.Array) -> jax.Array:
    """`_split` undone."""
    return jnp.swapaxes(x, -1, -2).reshape(*x.shape[:-2], -1)


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
