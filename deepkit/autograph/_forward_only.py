"""Lets values through, forward derivatives too, and refuses to be derived in reverse."""

from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from deepkit.core.errors import GradientError

_PRIMITIVE = Primitive("forward_only")


def forward_only(value: jax.Array, message: str) -> jax.Array:
    """A value that has derivatives in forward mode alone.

    Args:
        value: an array.
        message: what is said where reverse mode comes to it.
    """
    if not jnp.issubdtype(value.dtype, jnp.inexact):
        return value
    return _PRIMITIVE.bind(value, message=message)


def _itself(value: Any, *, message: str) -> Any:
    return value


def _refuse(cotangent: Any, value: Any, *, message: str) -> Any:
    raise GradientError(message)


def _batched(values: Any, axes: Any, *, message: str) -> Any:
    return _PRIMITIVE.bind(values[0], message=message), axes[0]


_PRIMITIVE.def_impl(_itself)
_PRIMITIVE.def_abstract_eval(_itself)
ad.deflinear2(_PRIMITIVE, _refuse)
batching.primitive_batchers[_PRIMITIVE] = _batched
mlir.register_lowering(_PRIMITIVE, lambda context, value, *, message: [value])
