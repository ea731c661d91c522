"""The gradient of a convolution's inputs as one product, whose columns are shifted and added up.

As a convolution it multiplies the zeros around and between the outputs' gradients too. A product
does not, but writes an array as often as large as the inputs as the kernel has places.
"""

import math

import jax

from ._conv_geometry import ConvGeometry
from ._conv_windows import windows
from ._platform_primitive import transpose

# Measured: so much larger than the outputs are the inputs where the product is faster, if what it
# writes fits the caches. Strides scatter it; that is fast where the channels are many.
_LEAST_RATIO, _MOST_BYTES, _STRIDED_CHANNELS = 1.3, 2**24, 32


def pays(cotangent: jax.Array, kernel: jax.Array, geometry: ConvGeometry) -> bool:
    """Whether the product is faster than a convolution."""
    if max(geometry.strides) > 1 and kernel.shape[-2] < _STRIDED_CHANNELS:
        return False
    products = cotangent.size // cotangent.shape[-1] * (kernel.size // kernel.shape[-1])
    ratio = math.prod(geometry.input_size) / max(math.prod(geometry.output_size), 1)
    return ratio >= _LEAST_RATIO and products * cotangent.dtype.itemsize <= _MOST_BYTES


def input_gradient(cotangent: jax.Array, kernel: jax.Array, *, geometry: ConvGeometry) -> jax.Array:
    """What each output gives to all its inputs, by one product; then the sum at each input."""
    *_, channels, filters = kernel.shape
    given = cotangent.reshape(-1, filters) @ kernel.reshape(-1, filters).T
    count = math.prod(geometry.kernel_size)
    given = given.reshape(*cotangent.shape[:-1], count, channels)
    places = [given[..., place, :] for place in range(count)]
    shape = geometry.input_shape(cotangent.shape[0], channels)
    return transpose(lambda x: list(windows(x, geometry)), shape, places)
