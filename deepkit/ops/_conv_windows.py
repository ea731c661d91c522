"""What each place of a kernel sees: shifted, strided slices of the padded inputs."""

import itertools
from collections.abc import Iterator

import jax
import jax.numpy as jnp
from jax import lax

from ._conv_geometry import ConvGeometry


def windows(inputs: jax.Array, geometry: ConvGeometry) -> Iterator[jax.Array]:
    """Inputs of shape `(batch, *spatial, channels)` as each place of the kernel sees them."""
    padding = [(0, 0, 0), *((low, high, 0) for low, high in geometry.padding), (0, 0, 0)]
    padded = lax.pad(inputs, jnp.zeros((), inputs.dtype), padding)
    batch, channels = inputs.shape[0], inputs.shape[-1]
    for place in itertools.product(*map(range, geometry.kernel_size)):
        start = [i * d for i, d in zip(place, geometry.dilation)]
        stop = [
            i + (n - 1) * s + 1 for i, n, s in zip(start, geometry.output_size, geometry.strides)
        ]
        yield lax.slice(padded, (0, *start, 0), (batch, *stop, channels), (1, *geometry.strides, 1))
