"""Normalization: features of mean 0 and variance 1, by moments learned from data beforehand."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from deepkit.core import tree
from deepkit.core.errors import ArgumentError, DataError, ShapeError
from deepkit.core.serialization import deserialize_keras_object, serialize_keras_object
from deepkit.layers._layer import Layer


class Normalization(Layer):
    """Shift and scale features to mean 0 and variance 1, as the first layer of a model.

    The moments are given, or learned by `adapt` from data: `(x - mean) / sqrt(variance)`.

    Args:
        axis: the axes whose places have moments of their own; `None` for one mean and variance.
        mean: the mean, if it is known.
        variance: the variance, if it is known.
        invert: whether to go back: `x * sqrt(variance) + mean`.

    Raises:
        ArgumentError: only one of `mean` and `variance` is given, or their shapes differ.
        DataError: `adapt` gets no data.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.Normalization()
        >>> layer.adapt(deepkit.ops.array([[1.0], [3.0]]))
        >>> layer(deepkit.ops.array([[1.0], [3.0]])).tolist()
        [[-1.0], [1.0]]
    """

    def __init__(
        self,
        axis: Any = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if axis is None:
            axis = ()
        self.axis = (axis,) if isinstance(axis, int) else tuple(axis)
        self.input_mean, self.input_variance = mean, variance
        self.invert = invert
        self.supports_masking = True
        if (mean is None) != (variance is None) or np.shape(mean) != np.shape(variance):
            raise ArgumentError(
                f"Expected both `mean` and `variance` of the layer '{self.name}', of one shape; "
                f"received mean={mean!r} and variance={variance!r}."
            )
        if np.ndim(mean) > len(self.axis):
            raise ArgumentError(
                f"Expected `mean` of the layer '{self.name}' with at most {len(self.axis)} axes, "
                f"as many as `axis` names, received shape {np.shape(mean)}."
            )

    def build(self, input_shape: Any) -> None:
        rank = len(input_shape)
        if any(not -rank <= axis < rank for axis in self.axis):
            raise ArgumentError(
                f"Expected `axis` of the layer '{self.name}' from {-rank} to {rank - 1}, "
                f"received {self.axis}."
            )
        self._kept = tuple(sorted(axis % rank for axis in self.axis))
        self._sizes = tuple(input_shape[axis] for axis in self._kept)
        if None in self._sizes:
            raise ShapeError(
                f"Expected known sizes on the axes {self._kept} of the layer '{self.name}', "
                f"received shape {tuple(input_shape)}."
            )
        if self.input_mean is None:
            self.adapt_mean = self._add("mean", self._sizes, "zeros")
            self.adapt_variance = self._add("variance", self._sizes, "ones")
            # Keras keeps this place in its files.
            self.count = self._add("count", (), "zeros", dtype="int32")

    def _add(self, name: str, shape: Any, initializer: str, dtype: Any = None) -> Any:
        return self.add_weight(
            name=name, shape=shape, initializer=initializer, trainable=False, dtype=dtype
        )

    def adapt(self, data: Any) -> None:
        """Learn the mean and the variance of data.

        Args:
            data: an array, or an iterable of batches, such as a `PyDataset`; of batches `(x, y)`
                the first element counts.
        """
        batches = [data] if hasattr(data, "shape") else data
        count, mean, square = 0, 0.0, 0.0
        for batch in batches:
            rows = np.asarray(tree.flatten(batch)[0], dtype="float64")
            if not self.built:
                self.build(rows.shape)
            self._check(rows.shape)
            axes = tuple(axis for axis in range(rows.ndim) if axis not in self._kept)
            # Chan's update of mean and sum of squared differences by a further batch.
            size = int(np.prod([rows.shape[axis] for axis in axes], dtype=np.int64))
            delta = rows.mean(axis=axes) - mean
            total = count + size
            square = square + rows.var(axis=axes) * size + delta**2 * count * size / max(total, 1)
            mean = mean + delta * size / max(total, 1)
            count = total
        if not count:
            raise DataError(f"Expected data to adapt the layer '{self.name}' to, received none.")
        self.adapt_mean.assign(np.asarray(mean, "float32"))
        self.adapt_variance.assign(np.asarray(square / count, "float32"))

    def _check(self, shape: tuple[int, ...]) -> None:
        sizes = tuple(shape[axis] for axis in self._kept if axis < len(shape))
        if sizes != self._sizes:
            raise ShapeError(
                f"Expected data with the sizes {self._sizes} on the axes {self._kept} to adapt "
                f"the layer '{self.name}' to, received shape {shape}."
            )

    def _moments(self, rank: int) -> tuple[Any, Any]:
        shape = [1] * rank
        for axis, size in zip(self._kept, self._sizes):
            shape[axis] = size
        if self.input_mean is None:
            values = (self.adapt_mean.value, self.adapt_variance.value)
            return tuple(v.astype(self.compute_dtype).reshape(shape) for v in values)
        given = (np.asarray(self.input_mean), np.asarray(self.input_variance))
        full = (np.broadcast_to(v, self._sizes).reshape(shape) for v in given)
        return tuple(jnp.asarray(v, self.compute_dtype) for v in full)

    def call(self, inputs: Any) -> Any:
        x = inputs.astype(self.compute_dtype)
        mean, variance = self._moments(x.ndim)
        deviation = jnp.maximum(jnp.sqrt(variance), 1e-7)
        return x * deviation + mean if self.invert else (x - mean) / deviation

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "axis": self.axis,
            "invert": self.invert,
            "mean": serialize_keras_object(_as_list(self.input_mean)),
            "variance": serialize_keras_object(_as_list(self.input_variance)),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Normalization":
        """A layer from what `get_config` returned."""
        return cls(**{key: deserialize_keras_object(value) for key, value in config.items()})


def _as_list(value: Any) -> Any:
    return None if value is None else np.asarray(value).tolist()
