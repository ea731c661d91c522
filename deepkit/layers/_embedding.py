"""Embedding: a learned vector for each integer."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from deepkit import constraints, initializers, regularizers
from deepkit.core.errors import DataError, WeightMismatchError
from deepkit.layers._arguments import check_positive
from deepkit.layers._layer import Layer
from deepkit.tensors import check_values


class Embedding(Layer):
    """Turn integers into learned vectors: `outputs[i] = embeddings[inputs[i]]`.

    Args:
        input_dim: how many integers there are: 0 to `input_dim - 1`.
        output_dim: size of the vectors.
        embeddings_initializer: of the vectors.
        embeddings_regularizer: a penalty on the vectors.
        embeddings_constraint: applied to the vectors after each update.
        mask_zero: whether 0 marks a place that holds nothing, which later layers skip.
        weights: first vectors, of shape (input_dim, output_dim), or a list with them.

    Input shape:
        `(batch, ...)` of integers.

    Output shape:
        `(batch, ..., output_dim)`.

    Raises:
        ArgumentError: a size is no integer of at least 1.
        DataError: an index is out of range, where it is known; says where.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.Embedding(10, 4)
        >>> layer(deepkit.ops.array([[1, 2, 3]])).shape
        (1, 3, 4)
    """

    checks_values = True

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("input_length", None)  # Keras 2's hint, which says nothing new
        super().__init__(**kwargs)
        self.input_dim = check_positive("input_dim", input_dim, self)
        self.output_dim = check_positive("output_dim", output_dim, self)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = mask_zero
        self.supports_masking = mask_zero
        self.autocast = False
        self._first_vectors = _first_vectors(weights, (input_dim, output_dim), self.name)

    def build(self, input_shape: Any = None) -> None:
        initializer = self.embeddings_initializer
        if self._first_vectors is not None:
            initializer = initializers.Constant(self._first_vectors)
        self.embeddings = self.add_weight(
            name="embeddings",
            shape=(self.input_dim, self.output_dim),
            initializer=initializer,
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
        )

    def call(self, inputs: Any) -> Any:
        indices = inputs if jnp.issubdtype(inputs.dtype, jnp.integer) else inputs.astype("int32")
        check_values(indices, self._out_of_range, self._refuse)
        vectors = jnp.take(self.embeddings.value, indices, axis=0, mode="clip")
        return vectors.astype(self.compute_dtype)  # (batch, ..., output_dim)

    def _out_of_range(self, indices: Any) -> Any:
        return (indices < 0) | (indices >= self.input_dim)

    def _refuse(self, place: tuple[int, ...], value: Any) -> None:
        raise DataError(
            f"{self._described()} has vectors for 0 to {self.input_dim - 1}, but its input holds "
            f"{value} at {list(place)}. Make `input_dim` at least the greatest index plus 1, and "
            f"check how the indices were made."
        )

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Where the input is not 0, with `mask_zero`."""
        return jnp.not_equal(inputs, 0) if self.mask_zero else None

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            "embeddings_initializer": initializers.serialize(self.embeddings_initializer),
            "embeddings_regularizer": regularizers.serialize(self.embeddings_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "embeddings_constraint": constraints.serialize(self.embeddings_constraint),
            "mask_zero": self.mask_zero,
        }


def _first_vectors(weights: Any, shape: tuple[int, int], name: str) -> Any:
    if weights is None:
        return None
    vectors = np.asarray(weights[0] if isinstance(weights, list | tuple) else weights)
    if vectors.shape != shape:
        raise WeightMismatchError(
            f"Expected `weights` of the layer '{name}' (Embedding) with shape {shape}, "
            f"received {vectors.shape}."
        )
    return vectors
