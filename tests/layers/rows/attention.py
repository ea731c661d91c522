"""Rows of Embedding, EinsumDense and attention layers."""

import numpy as np

from tests.layers.row import Row


def _indices():
    return np.array([[1, 2, 0], [3, 0, 0]], dtype="int32")


def _tokens(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


ROWS = [
    Row("Embedding", {"input_dim": 5, "output_dim": 3}, inputs=_indices, differentiable=False),
    Row("EinsumDense", {"equation": "ab,bc->ac", "output_shape": 4, "bias_axes": "c"}),
    Row(
        "EinsumDense",
        {"equation": "abc,cde->abde", "output_shape": (None, 2, 3), "bias_axes": "de"},
        (2, 3, 4),
        label="heads",
    ),
    Row(
        "EinsumDense",
        {"equation": "...x,xy->...y", "output_shape": 4, "bias_axes": "y", "activation": "relu"},
        (2, 3, 4),
        label="left",
    ),
    Row(
        "EinsumDense",
        {"equation": "ab...,bc->ac...", "output_shape": 5, "bias_axes": "c"},
        (2, 3, 4),
        label="right",
    ),
    Row("Attention", {}, [(2, 3, 4), (2, 5, 4)]),
    Row(
        "Attention",
        {"use_scale": True, "score_mode": "concat"},
        [(2, 3, 4), (2, 5, 4), (2, 5, 4)],
        call={"use_causal_mask": True},
        label="concat",
    ),
    Row(
        "Attention",
        {"dropout": 0.5, "seed": 3},
        [(2, 3, 4), (2, 5, 4)],
        training=True,
        label="dropout",
    ),
    Row("AdditiveAttention", {}, [(2, 3, 4), (2, 5, 4)]),
    Row(
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3},
        (2, 5, 4),
        call={"value": _tokens(2, 3, 4)},
    ),
    Row(
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3, "output_shape": 5, "use_gate": True},
        (2, 5, 4),
        call={"value": _tokens(2, 5, 4), "use_causal_mask": True},
        label="causal",
    ),
    Row(
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3, "value_dim": 2},
        (2, 5, 4),
        # Keras fails where values have another size and no scores are asked for.
        call={"value": _tokens(2, 5, 4), "return_attention_scores": True},
        label="value-size",
    ),
    Row(
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3, "use_bias": False, "sliding_window": 2},
        (2, 5, 4),
        call={"value": _tokens(2, 5, 4), "return_attention_scores": True},
        label="scores",
    ),
    Row(
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3, "attention_axes": (1,)},
        (2, 3, 4, 6),
        call={"value": _tokens(2, 3, 4, 6)},
        label="axes",
    ),
    Row(
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3, "dropout": 0.5, "seed": 3},
        (2, 5, 4),
        call={"value": _tokens(2, 5, 4)},
        training=True,
        label="dropout",
    ),
    Row(
        "GroupQueryAttention",
        {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2},
        (2, 5, 4),
        call={"value": _tokens(2, 3, 4), "return_attention_scores": True},
        label="scores",
    ),
    Row(
        "GroupQueryAttention",
        {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2},
        (2, 5, 4),
        call={"value": _tokens(2, 3, 4)},
    ),
]
