"""Convolution and both its gradients as primitives; the derivatives of each are the others."""

from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import ad, batching

from . import _conv_cpu as cpu
from . import _conv_native as native
from ._conv_geometry import ConvGeometry
from ._platform_primitive import align_varying, make_primitive

_convolve = make_primitive("convolve", cpu=cpu.convolve, default=native.convolve)
_input_gradient = make_primitive(
    "convolve_input_gradient", cpu=cpu.input_gradient, default=native.input_gradient
)
_kernel_gradient = make_primitive(
    "convolve_kernel_gradient", cpu=cpu.kernel_gradient, default=native.kernel_gradient
)


def convolve(inputs: jax.Array, kernel: jax.Array, *, geometry: ConvGeometry) -> jax.Array:
    """Convolve `inputs` with `kernel`, of shape `(*kernel_size, channels // groups, filters)`."""
    return _convolve.bind(*align_varying(inputs, kernel), geometry=geometry)


def input_gradient(cotangent: jax.Array, kernel: jax.Array, *, geometry: ConvGeometry) -> jax.Array:
    """`convolve` transposed in its inputs: from outputs back to inputs."""
    return _input_gradient.bind(*align_varying(cotangent, kernel), geometry=geometry)


def kernel_gradient(
    inputs: jax.Array, cotangent: jax.Array, *, geometry: ConvGeometry
) -> jax.Array:
    """`convolve` transposed in its kernel: from inputs and outputs to a kernel."""
    return _kernel_gradient.bind(*align_varying(inputs, cotangent), geometry=geometry)


# The trilinear form <convolve(x, k), y> in x, k and y has these three functions as its slopes.
ad.defbilinear(
    _convolve,
    lambda ct, x, k, geometry: input_gradient(ct, k, geometry=geometry),
    lambda ct, x, k, geometry: kernel_gradient(x, ct, geometry=geometry),
)
ad.defbilinear(
    _input_gradient,
    lambda ct, y, k, geometry: convolve(ct, k, geometry=geometry),
    lambda ct, y, k, geometry: kernel_gradient(ct, y, geometry=geometry),
)
ad.defbilinear(
    _kernel_gradient,
    lambda ct, x, y, geometry: input_gradient(y, ct, geometry=geometry),
    lambda ct, x, y, geometry: convolve(x, ct, geometry=geometry),
)

Axis = int | None
Operands = tuple[jax.Array, jax.Array]


def _fold(x: jax.Array, mapped: int, axis: int) -> jax.Array:
    """Move the mapped axis into the one that is `axis` without it, as the slower half."""
    x = jnp.moveaxis(x, mapped, axis)
    return x.reshape(*x.shape[:axis], -1, *x.shape[axis + 2 :])


def _unfold(x: jax.Array, size: int, axis: int) -> jax.Array:
    """Undo `_fold`, with the mapped axis in front."""
    x = x.reshape(*x.shape[:axis], size, -1, *x.shape[axis + 1 :])
    return jnp.moveaxis(x, axis, 0)


def _in_front(x: jax.Array, mapped: Axis, size: int) -> jax.Array:
    if mapped is None:
        return jnp.broadcast_to(x, (size, *x.shape))
    return jnp.moveaxis(x, mapped, 0)


def _map_over_images(primitive: Primitive, operands: Operands, mapped: int, geometry: Any) -> Any:
    """The kernel is not mapped: fold into the batch."""
    size = operands[0].shape[mapped]
    result = primitive.bind(_fold(operands[0], mapped, 0), operands[1], geometry=geometry)
    return _unfold(result, size, 0), 0


def _map_images_or_kernel(primitive: Primitive, kernel_fold: int, result_fold: Any) -> Any:
    """Batching of `convolve` and `input_gradient`: images first, kernel second."""

    def rule(operands: Operands, mapped: tuple[Axis, Axis], *, geometry: ConvGeometry) -> Any:
        images, kernel = operands
        if mapped[1] is None:
            return _map_over_images(primitive, operands, mapped[0], geometry)
        size = kernel.shape[mapped[1]]
        if mapped[0] is None and geometry.groups == 1:
            # More filters (or, transposed, more channels) of one convolution.
            axis = kernel.ndim - 1 + kernel_fold
            result = primitive.bind(images, _fold(kernel, mapped[1], axis), geometry=geometry)
        else:
            axis = geometry.channel_axis
            images = _fold(_in_front(images, mapped[0], size), 0, axis)
            kernel = _fold(kernel, mapped[1], kernel.ndim - 2)
            grouped = geometry.replace(groups=geometry.groups * size)
            result = primitive.bind(images, kernel, geometry=grouped)
        return _unfold(result, size, geometry.channel_axis), 0

    return rule


def _map_kernel_gradient(
    operands: Operands, mapped: tuple[Axis, Axis], *, geometry: ConvGeometry
) -> Any:
    inputs, cotangent = operands
    size = operands[0].shape[mapped[0]] if mapped[0] is not None else cotangent.shape[mapped[1]]
    axis, fold = geometry.channel_axis, geometry.rank + 1
    if geometry.groups == 1 and mapped[0] is None:
        cotangent = _fold(cotangent, mapped[1], axis)
    elif geometry.groups == 1 and mapped[1] is None:
        inputs, fold = _fold(inputs, mapped[0], axis), geometry.rank
    else:
        inputs = _fold(_in_front(inputs, mapped[0], size), 0, axis)
        cotangent = _fold(_in_front(cotangent, mapped[1], size), 0, axis)
        geometry = geometry.replace(groups=geometry.groups * size)
    result = _kernel_gradient.bind(inputs, cotangent, geometry=geometry)
    return _unfold(result, size, fold), 0


batching.primitive_batchers[_convolve] = _map_images_or_kernel(_convolve, -1, None)
batching.primitive_batchers[_input_gradient] = _map_images_or_kernel(_input_gradient, -2, None)
batching.primitive_batchers[_kernel_gradient] = _map_kernel_gradient
