"""ProjectedAttention: the base of attention over heads of projected queries, keys and values."""

import abc
import math
from typing import Any

import jax.numpy as jnp

from deepkit import constraints, initializers, ops, regularizers
from deepkit.core.errors import ArgumentError
from deepkit.layers._arguments import check_positive, check_rate
from deepkit.layers._attention_masks import causal_mask, combine, window_mask
from deepkit.layers._dropout import Dropout
from deepkit.layers._einsum_dense import EinsumDense
from deepkit.layers._layer import Layer
from deepkit.layers._softmax import Softmax


class ProjectedAttention(Layer):
    """Base of attention over heads: project, score, weigh, project back.

    Args:
        head_size: size of queries and keys, whose root scales the scores.
        dropout: the part of the weights that is dropped in training.
        use_bias: whether projections have a bias.
        sliding_window: how far a source may be from its target; any distance if `None`.
        flash_attention: whether to use a fused kernel; the device's choice if `None`.
        use_gate: whether a learned gate multiplies the outputs of the heads.
        seed: an integer for the same dropout each time the program runs.

    Raises:
        ArgumentError: a size is no integer of at least 1, or fused attention meets dropout.
    """

    def __init__(
        self,
        head_size: int,
        dropout: float,
        use_bias: bool,
        sliding_window: int | None,
        flash_attention: bool | None,
        use_gate: bool,
        seed: int | None,
        kernel_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: Any,
        bias_regularizer: Any,
        activity_regularizer: Any,
        kernel_constraint: Any,
        bias_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.dropout = check_rate("dropout", dropout, self)
        self.use_bias, self.use_gate, self.seed = use_bias, use_gate, seed
        self.sliding_window = None
        if sliding_window is not None:
            self.sliding_window = check_positive("sliding_window", sliding_window, self)
        self.flash_attention = flash_attention
        if flash_attention and dropout > 0:
            raise ArgumentError(
                f"Expected no dropout in the layer '{self.name}' with `flash_attention`, "
                f"received dropout={dropout}."
            )
        self._scale = 1.0 / math.sqrt(head_size)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        # Belongs to the projections, not to the outputs of this layer.
        self.projection_regularizer = regularizers.get(activity_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def _project(
        self, equation: str, sizes: tuple[Any, ...], bias_axes: str, name: str, **kwargs: Any
    ) -> EinsumDense:
        """A projection with initial values of its own."""
        return EinsumDense(
            equation,
            output_shape=sizes,
            bias_axes=bias_axes if self.use_bias else None,
            kernel_initializer=_another(self.kernel_initializer),
            bias_initializer=_another(self.bias_initializer),
            kernel_regularizer=self.kernel_regularizer,
            bias_regularizer=self.bias_regularizer,
            activity_regularizer=self.projection_regularizer,
            kernel_constraint=self.kernel_constraint,
            bias_constraint=self.bias_constraint,
            dtype=self._dtype_policy,
            name=name,
            **kwargs,
        )

    def _make_weighing(self, axes: tuple[int, ...]) -> None:
        self._softmax = Softmax(axis=list(axes), dtype=self._dtype_policy)
        self._dropout_layer = Dropout(self.dropout, seed=self.seed, dtype=self._dtype_policy)

    @abc.abstractmethod
    def _equations(self) -> tuple[str, str]:
        """The einsum equations of the scores and of the weighing."""

    def call(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: Any = None,
        use_causal_mask: bool = False,
    ) -> Any:
        key = value if key is None else key
        masks = (query_mask, value_mask, key_mask, attention_mask)
        gate = self._gate_dense(query) if self.use_gate else None
        heads = self._heads(query, key, value)
        needs_weights = return_attention_scores or self.dropout > 0 or heads[0].ndim != 4
        if needs_weights:
            allowed = self._allowed(query, value, *masks, use_causal_mask)
            outputs, weights = self._weigh(*heads, allowed, training)
        else:
            allowed = self._allowed(query, value, *masks, use_causal_mask=False)
            outputs, weights = self._weigh_at_once(*heads, allowed, use_causal_mask), None
        outputs = self._output_dense(outputs if gate is None else outputs * gate)
        return (outputs, weights) if return_attention_scores else outputs

    def _heads(self, query: Any, key: Any, value: Any) -> tuple[Any, Any, Any]:
        """Queries, keys and values projected to heads."""
        return self._query_dense(query), self._key_dense(key), self._value_dense(value)

    def _allowed(
        self,
        query: Any,
        value: Any,
        query_mask: Any,
        value_mask: Any,
        key_mask: Any,
        attention_mask: Any,
        use_causal_mask: bool,
    ) -> Any:
        """Which target may see which source, of shape (batch, targets, sources), or `None`."""
        lengths = query.shape[1], value.shape[1]
        window = self.sliding_window
        return combine(
            None if query_mask is None else query_mask[..., None],
            None if value_mask is None else value_mask[..., None, :],
            None if key_mask is None else key_mask[..., None, :],
            causal_mask(*lengths) if use_causal_mask else None,
            None if window is None else window_mask(*lengths, window),
            attention_mask,
        )

    def _weigh_at_once(
        self, query: Any, key: Any, value: Any, allowed: Any, is_causal: bool
    ) -> Any:
        """Outputs without the weights, by a kernel that never holds all scores where one exists.

        Such a kernel knows what causal means, but reads any other mask from memory.
        """
        if allowed is not None:
            while allowed.ndim < 4:
                allowed = jnp.expand_dims(allowed, -3)
        return ops.dot_product_attention(
            query,
            key,
            value,
            mask=allowed,
            scale=self._scale,
            is_causal=is_causal,
            flash_attention=self.flash_attention,
        )

    def _weigh(
        self, query: Any, key: Any, value: Any, allowed: Any, training: Any
    ) -> tuple[Any, Any]:
        """Outputs and weights, of shape (batch, ..., heads, targets, sources)."""
        score, combination = self._equations()
        scores = jnp.einsum(score, key, query * self._scale)
        if allowed is not None:
            axes = self._softmax.axis
            while allowed.ndim < scores.ndim:
                allowed = jnp.expand_dims(allowed, -2 * len(axes) - 1)
        weights = self._softmax(scores, mask=allowed)
        dropped = self._dropout_layer(weights, training=training)
        return jnp.einsum(combination, dropped, value), weights

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The mask of the query."""
        return previous_mask

    def _shared_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "dropout": self.dropout,
            "use_bias": self.use_bias,
            "use_gate": self.use_gate,
            "sliding_window": self.sliding_window,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.projection_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
            "seed": self.seed,
        }


def _another(initializer: Any) -> Any:
    """An initializer like another one, with other random numbers unless its seed is fixed."""
    if not hasattr(initializer, "get_config"):
        return initializer
    return type(initializer).from_config(initializer.get_config())
