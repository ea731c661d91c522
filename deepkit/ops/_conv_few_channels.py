"""Convolution of few channels: a sum of shifted products forward, the plain forms for gradients.

A product of matrices would be only as long as the channels times the places of the kernel; packing
its operands takes longer than such a product itself.
"""

import jax

from ._conv_geometry import ConvGeometry
from ._conv_plain import input_gradient as input_gradient
from ._conv_plain import kernel_gradient as kernel_gradient
from ._conv_windows import windows


def convolve(inputs: jax.Array, kernel: jax.Array, *, geometry: ConvGeometry) -> jax.Array:
    """The sum over places and channels of the shifted inputs times a row of the kernel."""
    places = kernel.reshape(-1, *kernel.shape[-2:])
    return sum(
        window[..., channel, None] * place[channel]
        for window, place in zip(windows(inputs, geometry), places)
        for channel in range(inputs.shape[-1])
    )
