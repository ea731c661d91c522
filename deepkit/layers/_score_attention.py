"""ScoreAttention: the base of attention layers without projections."""

import abc
from typing import Any

import jax.numpy as jnp

from deepkit import random
from deepkit.core import shapes
from deepkit.core.errors import ArgumentError
from deepkit.layers._arguments import check_rate
from deepkit.layers._attention_masks import causal_mask, combine
from deepkit.layers._layer import Layer
from deepkit.ops._softmax import softmax


class ScoreAttention(Layer):
    """Base of layers that weigh values by scores of queries and keys.

    `softmax(scores(query, key)) @ value`.

    Args:
        dropout: the part of the weights that is dropped in training.
        seed: an integer for the same dropout each time the program runs.

    Raises:
        ArgumentError: the input is no list of two or three tensors.
    """

    def __init__(self, dropout: float = 0.0, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dropout = check_rate("dropout", dropout, self)
        self.seed = seed
        self.supports_masking = True
        if dropout > 0:
            self.seed_generator = random.SeedGenerator(seed)

    def _check_list(self, input_shape: Any) -> None:
        listed = isinstance(input_shape, list | tuple) and not shapes.is_shape(input_shape)
        if not listed or len(input_shape) not in (2, 3):
            raise ArgumentError(
                f"{self._described()} expects [query, value] or [query, value, key], "
                f"received {input_shape}."
            )

    @abc.abstractmethod
    def scores(self, query: Any, key: Any) -> Any:
        """Scores of shape (batch, targets, sources)."""

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: Any = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        query, value = inputs[:2]
        key = inputs[2] if len(inputs) > 2 else value
        query_mask, value_mask = (mask[0], mask[1]) if mask else (None, None)
        scores = self.scores(query, key)
        allowed = combine(
            None if value_mask is None else value_mask[..., None, :],
            causal_mask(*scores.shape[-2:]) if use_causal_mask else None,
        )
        if allowed is not None:
            # The greatest number of float16 is 65504.
            low = 65504.0 if scores.dtype == jnp.float16 else 1e9
            scores = jnp.where(allowed, scores, scores - low)
        weights = softmax(scores, -1)
        dropped = weights
        if training and self.dropout > 0:
            dropped = random.dropout(weights, self.dropout, seed=self.seed_generator)
        outputs = jnp.matmul(dropped, value)  # (batch, targets, features)
        if query_mask is not None:
            outputs = jnp.where(query_mask[..., None], outputs, jnp.zeros((), outputs.dtype))
        return (outputs, weights) if return_attention_scores else outputs

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The mask of the query."""
        return None if previous_mask is None else [previous_mask[0]]
