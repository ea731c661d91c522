"""AdditiveAttention: values weighed by sums of queries and keys."""

from typing import Any

import jax.numpy as jnp

from deepkit.layers._score_attention import ScoreAttention


class AdditiveAttention(ScoreAttention):
    """Weigh values by `sum(scale * tanh(query + key))` (Bahdanau et al., 2014, arXiv:1409.0473).

    Args:
        use_scale: whether a factor is learned for each feature.
        dropout: the part of the weights that is dropped in training.

    Call arguments:
        inputs: `[query, value]` or `[query, value, key]`, as of `Attention`.

    Raises:
        ArgumentError: the input is no list of two or three tensors.

    Example:
        >>> import deepkit
        >>> query, value = deepkit.ops.ones((2, 3, 4)), deepkit.ops.ones((2, 5, 4))
        >>> deepkit.layers.AdditiveAttention()([query, value]).shape
        (2, 3, 4)
    """

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(dropout, **kwargs)
        self.use_scale = use_scale

    def build(self, input_shape: Any) -> None:
        self._check_list(input_shape)
        self.scale = None
        if self.use_scale:
            self.scale = self.add_weight(
                name="scale", shape=(input_shape[0][-1],), initializer="glorot_uniform"
            )

    def scores(self, query: Any, key: Any) -> Any:
        """Scores of shape (batch, targets, sources)."""
        values = jnp.tanh(query[..., :, None, :] + key[..., None, :, :])
        return jnp.sum(values if self.scale is None else values * self.scale.value, axis=-1)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "use_scale": self.use_scale,
            "dropout": self.dropout,
        }
