"""Convolution and its gradients for CPU, in the forms that XLA compiles well inside loops too.

XLA's CPU compiler hands a convolution to Eigen's fast kernels only where it is written with
channels last, one group, at most two spatial dimensions and a kernel in its plain order; anything
else, the gradients that JAX derives among them, becomes scalar code inside a loop. So each of the
three functions is brought to a form that is fast. `docs/design/cpu_lowerings.md` measures it.
"""

import math
from types import ModuleType

import jax
import jax.numpy as jnp

from . import _conv_depthwise as depthwise
from . import _conv_few_channels as few_channels
from . import _conv_native as native
from . import _conv_plain as plain
from . import _conv_pointwise as pointwise
from . import _conv_rewriting as rewriting
from ._conv_geometry import ConvGeometry
from ._conv_rewriting import Rewriting
from ._platform_primitive import transpose

# Measured: up to here a sum of products is faster than a product of matrices.
_FEW_CHANNELS, _FEW_TERMS = 2, 32


def convolve(inputs: jax.Array, kernel: jax.Array, *, geometry: ConvGeometry) -> jax.Array:
    """Convolve `inputs` with `kernel`, of shape `(*kernel_size, channels // groups, filters)`."""
    form = _choose_lowering(geometry, kernel.shape[-2], inputs.dtype)
    if isinstance(form, ModuleType):
        return form.convolve(inputs, kernel, geometry=geometry)
    shape = geometry.output_shape(inputs.shape[0], kernel.shape[-1])
    outputs = form.run(convolve, form.inputs(inputs), form.kernel(kernel))
    return transpose(form.outputs, shape, outputs, inputs.dtype)


def input_gradient(cotangent: jax.Array, kernel: jax.Array, *, geometry: ConvGeometry) -> jax.Array:
    """`convolve` transposed in its inputs: from outputs back to inputs."""
    form = _choose_lowering(geometry, kernel.shape[-2], cotangent.dtype)
    if isinstance(form, ModuleType):
        return form.input_gradient(cotangent, kernel, geometry=geometry)
    shape = geometry.input_shape(cotangent.shape[0], kernel.shape[-2] * geometry.groups)
    inputs = form.run(input_gradient, form.outputs(cotangent), form.kernel(kernel))
    return transpose(form.inputs, shape, inputs, cotangent.dtype)


def kernel_gradient(
    inputs: jax.Array, cotangent: jax.Array, *, geometry: ConvGeometry
) -> jax.Array:
    """`convolve` transposed in its kernel: from inputs and outputs to a kernel."""
    axis = geometry.channel_axis
    shape = geometry.kernel_shape(inputs.shape[axis], cotangent.shape[axis])
    form = _choose_lowering(geometry, shape[-2], inputs.dtype)
    if isinstance(form, ModuleType):
        return form.kernel_gradient(inputs, cotangent, geometry=geometry)
    kernel = form.run(kernel_gradient, form.inputs(inputs), form.outputs(cotangent))
    return transpose(form.kernel, shape, kernel, inputs.dtype)


def _choose_lowering(
    geometry: ConvGeometry, group_channels: int, dtype: jnp.dtype
) -> ModuleType | Rewriting:
    """Which form a convolution and its gradients take on CPU: the first that applies.

    Half precision is computed in float32, channels are moved to the back, groups are looped over,
    the depth of three-dimensional kernels becomes channels; then the choice is made again. What is
    left is pointwise, depthwise, of few channels or plain. Other dtypes have no fast kernels and
    stay as they are.
    """
    if dtype in (jnp.float16, jnp.bfloat16):
        return rewriting.in_float32(geometry)
    if dtype != jnp.float32:
        return native
    if geometry.channels_first:
        return rewriting.channels_last(geometry)
    if geometry.groups > 1:
        return depthwise if group_channels == 1 else rewriting.group_by_group(geometry)
    if set(geometry.kernel_size) == {1} and not any(map(any, geometry.padding)):
        return pointwise
    if geometry.rank > 2:
        return rewriting.depth_as_channels(geometry)
    terms = group_channels * math.prod(geometry.kernel_size)
    is_short = group_channels <= _FEW_CHANNELS and terms <= _FEW_TERMS
    return few_channels if is_short else plain
