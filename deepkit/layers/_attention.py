"""Attention: values weighed by products of queries and keys."""

from typing import Any

import jax.numpy as jnp

from deepkit.layers._arguments import check_choice
from deepkit.layers._score_attention import ScoreAttention


class Attention(ScoreAttention):
    """Weigh values by how well keys fit queries (Luong et al., 2015, arXiv:1508.04025).

    `softmax(query @ transpose(key)) @ value`.

    Args:
        use_scale: whether a factor of the scores is learned.
        score_mode: `"dot"`: products; `"concat"`: `sum(tanh(query + key))` with a learned factor.
        dropout: the part of the weights that is dropped in training.
        seed: an integer for the same dropout each time the program runs.

    Call arguments:
        inputs: `[query, value]` or `[query, value, key]`, of shapes (batch, targets, features),
            (batch, sources, features) and (batch, sources, features).
        mask: `[query_mask, value_mask]`, of shapes (batch, targets) and (batch, sources).
        training: whether to drop.
        return_attention_scores: whether to return the weights too, of shape
            (batch, targets, sources).
        use_causal_mask: whether a target sees no later source.

    Raises:
        ArgumentError: `score_mode` is unknown, or the input is no list of two or three tensors.

    Example:
        >>> import deepkit
        >>> query, value = deepkit.ops.ones((2, 3, 4)), deepkit.ops.ones((2, 5, 4))
        >>> deepkit.layers.Attention()([query, value]).shape
        (2, 3, 4)
    """

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(dropout, seed, **kwargs)
        self.use_scale = use_scale
        self.score_mode = check_choice("score_mode", score_mode, ("dot", "concat"), self)

    def build(self, input_shape: Any) -> None:
        self._check_list(input_shape)
        self.scale = self.concat_score_weight = None
        if self.use_scale:
            self.scale = self.add_weight(name="scale", shape=(), initializer="ones")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight(
                name="concat_score_weight", shape=(), initializer="ones"
            )

    def scores(self, query: Any, key: Any) -> Any:
        """Scores of shape (batch, targets, sources)."""
        if self.score_mode == "dot":
            scores = jnp.matmul(query, jnp.swapaxes(key, -2, -1))
            return scores if self.scale is None else scores * self.scale.value
        sums = query[..., :, None, :] + key[..., None, :, :]
        if self.scale is not None:
            sums = sums * self.scale.value
        return self.concat_score_weight.value * jnp.sum(jnp.tanh(sums), axis=-1)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "use_scale": self.use_scale,
            "score_mode": self.score_mode,
            "dropout": self.dropout,
            "seed": self.seed,
        }
