"""Convolution and its gradients, each as the one kind of convolution that is fast on CPU.

Channels last, one group, no reversed kernel and no dimensions in another order: what XLA's CPU
compiler gives to Eigen, outside of loops and inside.
"""

import math

import jax
import jax.numpy as jnp
from jax import lax

from ._conv_geometry import ConvGeometry, Sizes
from ._platform_primitive import zeros_beside

# Measured: half of the second-level cache; with fewer filters each part has a cost of its own.
_PART_BYTES, _FEW_FILTERS = 2**20, 16


def convolve(inputs: jax.Array, kernel: jax.Array, *, geometry: ConvGeometry) -> jax.Array:
    """The convolution as it stands."""
    highs = [_high(*span) for span in _spans(geometry)]
    padding = [(low, high) for (low, _), high in zip(geometry.padding, highs)]
    return _convolve(inputs, kernel, geometry.strides, padding, geometry.dilation)


def input_gradient(cotangent: jax.Array, kernel: jax.Array, *, geometry: ConvGeometry) -> jax.Array:
    """The outputs' gradient, spread out by the strides, convolved with the kernel turned around."""
    spatial = tuple(range(geometry.rank))
    turned = jnp.swapaxes(lax.rev(kernel, spatial), -1, -2)
    padding = []
    for i, extent in enumerate(geometry.extent):
        low = extent - 1 - geometry.padding[i][0]
        spread = (cotangent.shape[i + 1] - 1) * geometry.strides[i] + 1
        padding.append((low, geometry.input_size[i] + extent - 1 - spread - low))
    ones = (1,) * geometry.rank
    return _convolve(cotangent, turned, ones, padding, geometry.dilation, geometry.strides)
