"""Pooling and its derivatives for CPU: one dimension after the other, by shifted slices.

XLA's CPU compiler makes scalar code of window reductions, and slower code still of the scattering
that is the gradient of the maximum. Slices of the whole input, one for each place of a window,
vectorize. `docs/design/cpu_lowerings.md` has the measurements.
"""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax

from . import _pool_native as native
from ._platform_primitive import transpose
from ._pool_geometry import PoolGeometry

_MOST_SLICES = 16


def max_pool(inputs: jax.Array, *, geometry: PoolGeometry) -> jax.Array:
    """The largest value in each window."""
    for step in _steps(geometry):
        inputs = _choose_lowering(_max_pool, native.max_pool, step)(inputs, geometry=step)
    return inputs


def pick(inputs: jax.Array, values: jax.Array, *, geometry: PoolGeometry) -> jax.Array:
    """The entries of `values` where `inputs` is largest, window by window: `max_pool`'s slope."""
    for step in _steps(geometry):
        values = _choose_lowering(_pick, native.pick, step)(inputs, values, geometry=step)
        inputs = max_pool(inputs, geometry=step)
    return values


def place(inputs: jax.Array, cotangent: jax.Array, *, geometry: PoolGeometry) -> jax.Array:
    """`pick` transposed: back to where `inputs` is largest, sums where windows overlap."""
    stages = []
    for step in _steps(geometry):
        stages.append((inputs, step))
        inputs = max_pool(inputs, geometry=step)
    for stage, step in reversed(stages):
        cotangent = _choose_lowering(_place, native.place, step)(stage, cotangent, geometry=step)
    return cotangent


def sum_pool(inputs: jax.Array, *, geometry: PoolGeometry) -> jax.Array:
    """The sum of each window."""
    for step in _steps(geometry):
        inputs = _choose_lowering(_sum_pool, native.sum_pool, step)(inputs, geometry=step)
    return inputs


def spread(cotangent: jax.Array, *, geometry: PoolGeometry) -> jax.Array:
    """`sum_pool` transposed: every entry to all places of its window."""
    for step in reversed(_steps(geometry)):
        cotangent = _choose_lowering(_spread, native.spread, step)(cotangent, geometry=step)
    return cotangent


def _choose_lowering(
    sliced: Callable[..., jax.Array], windowed: Callable[..., jax.Array], step: PoolGeometry
) -> Callable[..., jax.Array]:
    """Slices, but for windows so long that the program would be mostly slices."""
    return sliced if max(step.window) <= _MOST_SLICES else windowed


def _steps(geometry: PoolGeometry) -> list[PoolGeometry]:
    """The geometry as one of rows, then one of columns and so on, last dimension first.

    In this order the first of equal maxima, in the order of reading, stays the first.
    """
    steps, size = [], geometry.input_size
    for axis in reversed(geometry.axes):
        steps.append(geometry.along(axis, size))
        size = steps[-1].output_size
    return steps


def _slices(inputs: jax.Array, geometry: PoolGeometry, padding: float) -> list[jax.Array]:
    """What each place of a window along one dimension sees."""
    axis = 1 + geometry.axes[0]
    edges = [(0, 0, 0), *((low, high, 0) for low, high in geometry.padding)]
    padded = lax.pad(inputs, jnp.asarray(padding, inputs.dtype), edges)
    strides = (1, *geometry.strides)
    reach = [(count - 1) * stride for count, stride in zip(geometry.output_size, geometry.strides)]
    slices = []
    for place in range(max(geometry.window)):
        start = [place if i == axis else 0 for i in range(padded.ndim)]
        stop = [inputs.shape[0], *(i + n + 1 for i, n in zip(start[1:], reach))]
        slices.append(lax.slice(padded, start, stop, strides))
    return slices


def _max_pool(inputs: jax.Array, *, geometry: PoolGeometry) -> jax.Array:
    return functools.reduce(jnp.maximum, _slices(inputs, geometry, native.lowest(inputs.dtype)))


def _pick(inputs: jax.Array, values: jax.Array, *, geometry: PoolGeometry) -> jax.Array:
    first, *others = _slices(inputs, geometry, native.lowest(inputs.dtype))
    largest, (picked, *candidates) = first, _slices(values, geometry, 0)
    for value, candidate in zip(others, candidates):
        larger = value > largest
        largest = jnp.where(larger, value, largest)
        picked = jnp.where(larger, candidate, picked)
    return picked


def _place(inputs: jax.Array, cotangent: jax.Array, *, geometry: PoolGeometry) -> jax.Array:
    largest, *others = _slices(inputs, geometry, native.lowest(inputs.dtype))
    where = jnp.zeros(largest.shape, jnp.int8)
    for i, value in enumerate(others, start=1):
        larger = value > largest
        largest = jnp.where(larger, value, largest)
        where = jnp.where(larger, jnp.int8(i), where)
    zero = jnp.zeros((), cotangent.dtype)
    parts = [jnp.where(where == i, cotangent, zero) for i in range(len(others) + 1)]
    return _put_back(parts, geometry)


def _sum_pool(inputs: jax.Array, *, geometry: PoolGeometry) -> jax.Array:
    return functools.reduce(jnp.add, _slices(inputs, geometry, 0))


def _spread(cotangent: jax.Array, *, geometry: PoolGeometry) -> jax.Array:
    return _put_back([cotangent] * max(geometry.window), geometry)


def _put_back(parts: list[jax.Array], geometry: PoolGeometry) -> jax.Array:
    """`_slices` transposed."""
    shape = (parts[0].shape[0], *geometry.input_size)
    if geometry.overlaps:
        return transpose(lambda x: _slices(x, geometry, 0), shape, parts)
    # Side by side, where the sum of spread out parts would read each of them everywhere.
    axis = 1 + geometry.axes[0]
    stride, low = geometry.strides[axis - 1], geometry.padding[axis - 1][0]
    gaps = [jnp.zeros_like(parts[0])] * (stride - len(parts))
    rows = jnp.stack([*parts, *gaps], axis=axis + 1)
    rows = rows.reshape(*parts[0].shape[:axis], -1, *parts[0].shape[axis + 1 :])
    edges = [(0, 0, 0)] * rows.ndim
    edges[axis] = (-low, shape[axis] - (rows.shape[axis] - low), 0)
    return lax.pad(rows, jnp.zeros((), rows.dtype), edges)
