"""Ways to write one convolution as another one of rearranged operands."""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax

from ._conv_geometry import ConvGeometry

Linear = Callable[[jax.Array], jax.Array]


def _unchanged(x: jax.Array) -> jax.Array:
    return x


@dataclasses.dataclass(frozen=True)
class Rewriting:
    """A convolution as another one.

    The three functions are linear, and their transposes lead back, so that one rewriting serves
    the convolution and both its gradients.

    Args:
        geometry: the geometry of the other convolution.
        inputs: from the one's inputs to the other's.
        kernel: likewise for kernels.
        outputs: likewise for outputs; their transpose leads back to the one's outputs.
        looped: whether they make stacks of operands, each of which is convolved by itself.
    """

    geometry: ConvGeometry
    inputs: Linear = _unchanged
    kernel: Linear = _unchanged
    outputs: Linear = _unchanged
    looped: bool = False

    def run(
        self, function: Callable[..., jax.Array], first: jax.Array, second: jax.Array
    ) -> jax.Array:
        """Call `function`, one of the three of the other convolution."""
        if not self.looped:
            return function(first, second, geometry=self.geometry)
        return lax.map(lambda pair: function(*pair, geometry=self.geometry), (first, second))


def in_float32(geometry: ConvGeometry) -> Rewriting:
    """The same in float32: twice as fast as half precision, which is made of float32 anyway."""
    return Rewriting(geometry, *[lambda x: x.astype(jnp.float32)] * 3)


def channels_last(geometry: ConvGeometry) -> Rewriting:
    """The same with the channels behind the spatial dimensions."""

    def move(images: jax.Array) -> jax.Array:
        return jnp.moveaxis(images, 1, -1)

    return Rewriting(geometry.replace(channels_first=False), inputs=move, outputs=move)


def group_by_group(geometry: ConvGeometry) -> Rewriting:
    """One convolution after the other, each of one group."""

    def split(x: jax.Array) -> jax.Array:
        return jnp.moveaxis(x.reshape(*x.shape[:-1], geometry.groups, -1), -2, 0)

    return Rewriting(geometry.replace(groups=1), split, split, split, looped=True)


def depth_as_channels(geometry: ConvGeometry) -> Rewriting:
    """A convolution in two dimensions, of as many times more images and channels.

    The output's slices at each depth become images, and the input's slices that one of them
    depends on become its channels.
    """
    size, (low, high) = geometry.kernel_size[0], geometry.padding[0]
    depth, stride = geometry.output_size[0], geometry.strides[0]

    def gather(inputs: jax.Array) -> jax.Array:
        padding = [(low, high, 0) if axis == 1 else (0, 0, 0) for axis in range(inputs.ndim)]
        padded = lax.pad(inputs, jnp.zeros((), inputs.dtype), padding)
        starts = [i * geometry.dilation[0] for i in range(size)]
        slices = [
            lax.slice_in_dim(padded, start, start + (depth - 1) * stride + 1, stride, axis=1)
            for start in starts
        ]
        return merge(jnp.concatenate(slices, axis=-1))  # (batch · depth, ..., size · channels)

    def merge(images: jax.Array) -> jax.Array:
        return images.reshape(-1, *images.shape[2:])

    def stack(kernel: jax.Array) -> jax.Array:
        kernel = jnp.moveaxis(kernel, 0, -3)
        return kernel.reshape(*kernel.shape[:-3], -1, kernel.shape[-1])

    names = ("input_size", "kernel_size", "strides", "padding", "dilation")
    flat = geometry.replace(**{name: getattr(geometry, name)[1:] for name in names})
    return Rewriting(flat, inputs=gather, kernel=stack, outputs=merge)
