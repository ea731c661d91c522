"""Depthwise convolution and its gradients as sums of shifted products, without a contraction."""

import jax
import jax.numpy as jnp

from ._conv_geometry import ConvGeometry
from ._conv_windows import windows
from ._platform_primitive import transpose


def convolve(inputs: jax.Array, kernel: jax.Array, *, geometry: ConvGeometry) -> jax.Array:
    """The sum over the kernel's places of shifted inputs times what stands there."""
    places = _places(kernel, geometry.groups)
    pairs = zip(windows(inputs, geometry), places)
    total = sum(window[..., None, :] * place for window, place in pairs)
    return _join(total)


def input_gradient(cotangent: jax.Array, kernel: jax.Array, *, geometry: ConvGeometry) -> jax.Array:
    """The outputs' gradient times each place of the kernel, shifted back and added up."""
    places = _places(kernel, geometry.groups)
    cotangent = _split(cotangent, geometry.groups)
    placed = [jnp.sum(cotangent * place, axis=-2) for place in places]
    shape = geometry.input_shape(cotangent.shape[0], geometry.groups)
    return transpose(lambda x: list(windows(x, geometry)), shape, placed)


def kernel_gradient(
    inputs: jax.Array, cotangent: jax.Array, *, geometry: ConvGeometry
) -> jax.Array:
    """For each place of the kernel, shifted inputs times the outputs' gradient, added up."""
    images = tuple(range(geometry.rank + 1))
    cotangent = _split(cotangent, geometry.groups)
    places = [
        jnp.sum(window[..., None, :] * cotangent, axis=images)
        for window in windows(inputs, geometry)
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
