"""Pooling and its derivatives as primitives; the derivatives of each are others of them."""

from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import ad, batching

from . import _pool_cpu as cpu
from . import _pool_native as native
from ._platform_primitive import align_varying, make_primitive
from ._pool_geometry import PoolGeometry

_max_pool = make_primitive("max_pool", cpu=cpu.max_pool, default=native.max_pool)
_pick = make_primitive("max_pool_pick", cpu=cpu.pick, default=native.pick)
_place = make_primitive("max_pool_place", cpu=cpu.place, default=native.place)
_sum_pool = make_primitive("sum_pool", cpu=cpu.sum_pool, default=native.sum_pool)
_spread = make_primitive("sum_pool_spread", cpu=cpu.spread, default=native.spread)


def max_pool(inputs: jax.Array, *, geometry: PoolGeometry) -> jax.Array:
    """The largest value in each window; gradients go to the first of equal ones."""
    return _max_pool.bind(inputs, geometry=geometry)


def sum_pool(inputs: jax.Array, *, geometry: PoolGeometry) -> jax.Array:
    """The sum of each window."""
    return _sum_pool.bind(inputs, geometry=geometry)


def _bind_pair(primitive: Primitive, *operands: jax.Array, geometry: PoolGeometry) -> jax.Array:
    return primitive.bind(*align_varying(*operands), geometry=geometry)


ad.defjvp(_max_pool, lambda t, x, geometry: _bind_pair(_pick, x, t, geometry=geometry))
# Which entries are picked changes at ties only: no slope in `x`.
ad.defjvp(_pick, None, lambda t, x, values, geometry: _bind_pair(_pick, x, t, geometry=geometry))
ad.defjvp(_place, None, lambda t, x, ct, geometry: _bind_pair(_place, x, t, geometry=geometry))
ad.primitive_transposes[_pick] = lambda ct, x, values, geometry: (
    None,
    _bind_pair(_place, x, ct, geometry=geometry),
)
ad.primitive_transposes[_place] = lambda ct, x, cotangent, geometry: (
    None,
    _bind_pair(_pick, x, ct, geometry=geometry),
)
ad.deflinear2(_sum_pool, lambda ct, x, geometry: [_spread.bind(ct, geometry=geometry)])
ad.deflinear2(_spread, lambda ct, y, geometry: [_sum_pool.bind(ct, geometry=geometry)])


def _fold_into_batch(primitive: Primitive) -> Any:
    """A batching rule: what is mapped joins the batch."""

    def rule(
        operands: tuple[jax.Array, ...], mapped: tuple[int | None, ...], *, geometry: PoolGeometry
    ) -> tuple[jax.Array, int]:
        size = next(x.shape[axis] for x, axis in zip(operands, mapped) if axis is not None)
        stacked = [
            jnp.broadcast_to(x, (size, *x.shape)) if axis is None else jnp.moveaxis(x, axis, 0)
            for x, axis in zip(operands, mapped)
        ]
        folded = [x.reshape(-1, *x.shape[2:]) for x in stacked]
        result = primitive.bind(*folded, geometry=geometry)
        return result.reshape(size, -1, *result.shape[1:]), 0

    return rule


for _primitive in (_max_pool, _pick, _place, _sum_pool, _spread):
    batching.primitive_batchers[_primitive] = _fold_into_batch(_primitive)
