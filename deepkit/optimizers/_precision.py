"""The precision that updates are computed in."""

import jax

from deepkit.core import dtypes


def widen(x: jax.Array) -> jax.Array:
    """At least float32.

    In bfloat16 a decay rate of 0.999 is 1, and in float16 squares of gradients overflow or vanish.
    """
    return x.astype(dtypes.result_type(x.dtype, "float32"))
