"""GroupQueryAttention: several heads of queries share keys and values."""

from typing import Any

import jax.numpy as jnp

from deepkit.core.errors import ArgumentError
from deepkit.layers._arguments import check_positive
from deepkit.layers._projected_attention import ProjectedAttention


class GroupQueryAttention(ProjectedAttention):
    """Attention in which groups of query heads share keys and values (arXiv:2305.13245).

    As many key and value heads as query heads make `MultiHeadAttention`; one makes multi-query
    attention.

    Args:
        head_dim: size of a head.
        num_query_heads: the number of query heads.
        num_key_value_heads: the number of key and value heads, which divides that of the queries.
        dropout: the part of the weights that is dropped in training.
        use_bias: whether projections have a bias.
        sliding_window: how far a source may be from its target; any distance if `None`.
        flash_attention: whether to use a fused kernel; the device's choice if `None`.
        kernel_initializer: of the kernels.
        bias_initializer: of the biases.
        kernel_regularizer: a penalty on the kernels.
        bias_regularizer: a penalty on the biases.
        activity_regularizer: a penalty on the projections.
        kernel_constraint: applied to the kernels after each update.
        bias_constraint: applied to the biases after each update.
        use_gate: whether a learned gate multiplies the outputs of the heads.
        seed: an integer for the same dropout each time the program runs.

    Call arguments:
        As of `MultiHeadAttention`.

    Raises:
        ArgumentError: a size is no integer of at least 1, or the heads do not divide.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.GroupQueryAttention(
        ...     head_dim=3, num_query_heads=4, num_key_value_heads=2
        ... )
        >>> x = deepkit.ops.ones((2, 5, 8))
        >>> layer(x, x).shape
        (2, 5, 8)
    """

    class_name_in_files = "GroupedQueryAttention"

    def __init__(
        self,
        head_dim: int,
        num_query_heads: int,
        num_key_value_heads: int,
        dropout: float = 0.0,
        use_bias: bool = True,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            head_dim if isinstance(head_dim, int) and head_dim > 0 else 1,
            dropout,
            use_bias,
            sliding_window,
            flash_attention,
            use_gate,
            seed,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            activity_regularizer,
            kernel_constraint,
            bias_constraint,
            **kwargs,
        )
        self.head_dim = check_positive("head_dim", head_dim, self)
        self.num_query_heads = check_positive("num_query_heads", num_query_heads, self)
        self.num_key_value_heads = check_positive("num_key_value_heads", num_key_value_heads, self)
        if num_query_heads % num_key_value_heads:
            raise ArgumentError(
                f"Expected `num_query_heads` of the layer '{self.name}' to be a multiple of "
                f"`num_key_value_heads`, received {num_query_heads} and {num_key_value_heads}."
            )

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:
        key_shape = value_shape if key_shape is None else key_shape
        query_sizes = (None, self.num_query_heads, self.head_dim)
        source_sizes = (None, self.num_key_value_heads, self.head_dim)
        self._query_dense = self._project("bqm,muh->bquh", query_sizes, "uh", "query")
        self._query_dense.build(query_shape)
        self._key_dense = self._project("bkm,mvh->bkvh", source_sizes, "vh", "key")
        self._key_dense.build(key_shape)
        if self.use_gate:
            self._gate_dense = self._project(
                "bqm,muh->bquh", query_sizes, "uh", "gate", activation="sigmoid"
            )
            self._gate_dense.build(query_shape)
        self._value_dense = self._project("bkm,mvh->bkvh", source_sizes, "vh", "value")
        self._value_dense.build(value_shape)
        self._make_weighing((-1,))
        self._output_dense = self._project(
            "bquh,uhm->bqm", (None, query_shape[-1]), "m", "attention_output"
        )
        self._output_dense.build((None, None, self.num_query_heads, self.head_dim))

    def _weigh(
        self, query: Any, key: Any, value: Any, allowed: Any, training: Any
    ) -> tuple[Any, Any]:
        repeats = self.num_query_heads // self.num_key_value_heads
        # (batch, sources, query heads, head_dim)
        key, value = jnp.repeat(key, repeats, axis=2), jnp.repeat(value, repeats, axis=2)
        return super()._weigh(query, key, value, allowed, training)

    def _equations(self) -> tuple[str, str]:
        return "bkuh,bquh->buqk", "buqk,bkuh->bquh"

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **self._shared_config(),
            "head_dim": self.head_dim,
            "num_query_heads": self.num_query_heads,
            "num_key_value_heads": self.num_key_value_heads,
        }
