"""Samples of counts and classes: binomial and categorical."""

from typing import Any

import jax

from deepkit.core import dtypes
from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.tensors import as_array, operation

from ._arguments import concrete_shape, float_dtype
from ._keys import draw_key


def binomial(
    shape: Any, counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None
) -> jax.Array:
    """Draw the number of successes in `counts` independent trials.

    Args:
        shape: shape of the result.
        counts: number of trials, a number or an array that broadcasts to `shape`.
        probabilities: chance of success of one trial, between 0 and 1; broadcasts to `shape`.
        dtype: a floating dtype; `floatx()` if `None`.
        seed: an integer (the same values every time), a `SeedGenerator` (new values every time),
            a key of JAX, or `None` for the global generator.

    Raises:
        DTypeError: `dtype` is not a floating one.

    Example:
        >>> import deepkit
        >>> x = deepkit.random.binomial((100,), counts=3, probabilities=0.5, seed=1)
        >>> sorted(set(x.tolist()))
        [0.0, 1.0, 2.0, 3.0]
    """
    dtype = float_dtype(dtype, "binomial")
    n, p = as_array(counts, dtype), as_array(probabilities, dtype)
    return jax.random.binomial(draw_key(seed), n, p, concrete_shape(shape), dtype)


@operation
def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> jax.Array:
    """Draw class indices with probabilities `softmax(logits)`.

    Args:
        logits: log-probabilities, not necessarily normalized, `(batch, classes)`.
        num_samples: how many indices to draw, with replacement, for each row.
        dtype: dtype of the result.
        seed: an integer, a `SeedGenerator`, a key of JAX, or `None`, as in `binomial`.

    Returns:
        Indices of shape `(batch, num_samples)`.

    Raises:
        ShapeError: `logits` is not of rank 2.
        ArgumentError: `num_samples` is not an integer of 0 or more.

    Example:
        >>> import deepkit
        >>> deepkit.random.categorical([[0.0, 100.0], [100.0, 0.0]], 3, seed=1).tolist()
        [[1, 1, 1], [0, 0, 0]]
    """
    logits = as_array(logits)
    if logits.ndim != 2:
        raise ShapeError(
            f"Expected `logits` of shape (batch, classes), received shape {logits.shape}."
        )
    if not hasattr(num_samples, "__index__") or num_samples < 0:
        raise ArgumentError(
            f"Expected `num_samples` to be an integer of 0 or more, received {num_samples!r}."
        )
    if not dtypes.is_float(logits.dtype):
        logits = logits.astype(dtypes.standardize_dtype(None))
    shape = (logits.shape[0], int(num_samples))
    indices = jax.random.categorical(draw_key(seed), logits[..., None], axis=1, shape=shape)
    return indices.astype(dtypes.canonicalize_dtype(dtype))
