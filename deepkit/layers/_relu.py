"""ReLU: zero below a threshold, or a small slope."""

from typing import Any

from deepkit import activations
from deepkit.core.errors import ArgumentError
from deepkit.layers._layer import Layer


class ReLU(Layer):
    """The rectified linear unit as a layer.

    `max(x, 0)` by default; in general `min(x, max_value)` from `threshold` on, and
    `negative_slope * (x - threshold)` below.

    Args:
        max_value: where the outputs end; nowhere if `None`.
        negative_slope: slope below the threshold.
        threshold: where the identity begins.

    Raises:
        ArgumentError: an argument is negative, or no number.

    Example:
        >>> import deepkit
        >>> deepkit.layers.ReLU(max_value=1.0)(deepkit.ops.array([-1.0, 0.5, 2.0])).tolist()
        [0.0, 0.5, 1.0]
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float | None = 0.0,
        threshold: float | None = 0.0,
        **kwargs: Any,
    ) -> None:
        alpha = kwargs.pop("alpha", None)  # Keras 2's name
        super().__init__(**kwargs)
        self.max_value = max_value
        self.negative_slope = negative_slope if alpha is None else alpha
        self.threshold = threshold
        for name in ("max_value", "negative_slope", "threshold"):
            value = getattr(self, name)
            if (value is None and name != "max_value") or (value is not None and value < 0):
                raise ArgumentError(
                    f"Expected `{name}` of the layer '{self.name}' to be a number of at least 0, "
                    f"received {value!r}."
                )
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        return activations.relu(
            inputs,
            negative_slope=self.negative_slope,
            max_value=self.max_value,
            threshold=self.threshold,
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "max_value": self.max_value,
            "negative_slope": self.negative_slope,
            "threshold": self.threshold,
        }
