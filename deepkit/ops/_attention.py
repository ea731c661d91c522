"""Attention of queries to keys."""

import jax
import jax.numpy as jnp

from deepkit.core import config, dtypes
from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.tensors import as_array, operation

from ._cudnn_attention import runs_on_cudnn
from ._promotion import promote_floats
from ._softmax import masked_softmax, softmax
from ._types import TensorLike


@operation
def dot_product_attention(
    query: TensorLike,
    key: TensorLike,
    value: TensorLike,
    bias: TensorLike | None = None,
    mask: TensorLike | None = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> jax.Array:
    """Returns `softmax(query · key * scale + bias) · value`, head by head.

    [Vaswani et al., 2017](https://arxiv.org/abs/1706.03762). The softmax is computed in float32.

    Args:
        query: `(batch, queries, heads, depth)`.
        key: `(batch, keys, key_heads, depth)`; `key_heads` divides `heads`, and each serves as many
            heads in a row.
        value: `(batch, keys, key_heads, value_depth)`.
        bias: added to the scores; broadcasts to `(batch, heads, queries, keys)`.
        mask: True where a key is seen; broadcasts likewise.
        scale: of the scores; `1 / sqrt(depth)` if `None`.
        is_causal: whether a query sees only keys up to its own place.
        flash_attention: whether to use cuDNN's fused attention, on NVIDIA GPUs and in half
            precision. If `None`, as `config.enable_flash_attention()` or its opposite said; if
            neither was called, where the default device has it for these shapes and there is
            neither bias nor mask. It has first derivatives only, in reverse mode.
        attn_logits_soft_cap: bounds the scores: they become `cap * tanh(scores / cap)`.

    Returns:
        `(batch, queries, heads, value_depth)`.

    Raises:
        ShapeError: not four dimensions, or the heads do not fit each other.
        ArgumentError: a soft cap together with flash attention.
    """
    query, key, value = promote_floats(query, key, value)
    _check_shapes(query, key, value)
    if bias is not None:
        bias = as_array(bias, query.dtype)
    if mask is not None:
        mask = as_array(mask, "bool")
    if flash_attention is None and attn_logits_soft_cap is None:
        flash_attention = config.is_flash_attention_enabled()
        if flash_attention is None and bias is None and mask is None:
            flash_attention = runs_on_cudnn(query, key, value, is_causal)
    if flash_attention:
        if attn_logits_soft_cap is not None:
            raise ArgumentError(
                "`flash_attention=True` does not go together with `attn_logits_soft_cap`."
            )
        return jax.nn.dot_product_attention(
            query, key, value, bias, mask,
            scale=scale, is_causal=is_causal, implementation="cudnn",
        )  # fmt: skip
    scores = _scores(query, key, scale)
    if attn_logits_soft_cap is not None:
        scores = attn_logits_soft_cap * jnp.tanh(scores / attn_logits_soft_cap)
    if bias is not None:
        scores = scores + _by_group(bias, key).astype(scores.dtype)
    seen = _seen(scores, None if mask is None else _by_group(mask, key), is_causal)
    weights = softmax(scores, -1) if seen is None else masked_softmax(scores, seen, -1)
    weights = weights.astype(value.dtype)
    result = jnp.einsum("bkgts,bskh->btkgh", weights, value)
    return result.reshape(*query.shape[:-1], value.shape[-1])


def _check_shapes(query: jax.Array, key: jax.Array, value: jax.Array) -> None:
    shapes = f"received the shapes {query.shape}, {key.shape} and {value.shape}."
    if not query.ndim == key.ndim == value.ndim == 4:
        raise ShapeError(
            "`dot_product_attention` expects query, key and value of shape (batch, places, heads, "
            f"depth), {shapes}"
        )
    if query.shape[2] % key.shape[2] or key.shape[:3] != value.shape[:3]:
        raise ShapeError(
            "`dot_product_attention` expects as many heads of keys as of values, which divide the "
            f"heads of the query, {shapes}"
        )


def _scores(query: jax.Array, key: jax.Array, scale: float | None) -> jax.Array:
    batch, length, heads, depth = query.shape
    grouped = query.reshape(batch, length, key.shape[2], heads // key.shape[2], depth)
    dtype = dtypes.result_type(query.dtype, "float32")
    scores = jnp.einsum("btkgh,bskh->bkgts", grouped, key, preferred_element_type=dtype)
    return scores * (depth**-0.5 if scale is None else scale)


def _by_group(x: jax.Array, key: jax.Array) -> jax.Array:
    """From `(batch, heads, queries, keys)`, or what broadcasts to it, to the shape of the scores.

    That is `(batch, key_heads, heads of one key head, queries, keys)`.
    """
    x = x.reshape((1,) * (4 - x.ndim) + x.shape)
    if x.shape[1] == 1:
        return x[:, :, None]
    return x.reshape(x.shape[0], key.shape[2], -1, *x.shape[2:])


def _seen(scores: jax.Array, mask: jax.Array | None, is_causal: bool) -> jax.Array | None:
    """Where a query sees a key; `None` if it sees all."""
    if not is_causal:
        return mask
    causal = jnp.tri(*scores.shape[-2:], dtype=bool)
    return causal if mask is None else mask & causal
