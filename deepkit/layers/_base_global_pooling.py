"""BaseGlobalPooling: the base of layers that sum up each channel by one value."""

from collections.abc import Callable
from typing import Any

from deepkit.core import config
from deepkit.layers._input_spec import InputSpec
from deepkit.layers._layer import Layer
from deepkit.layers._spatial import spatial_axes


class BaseGlobalPooling(Layer):
    """Base of pooling over all places; subclasses name their `rank` and the function.

    Args:
        data_format: where the channels are; the global setting if `None`.
        keepdims: whether the spatial axes stay, with size 1.
    """

    rank: int
    _reduce: Callable[..., Any]

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.data_format = config.standardize_data_format(data_format)
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Any) -> Any:
        axes = spatial_axes(self.rank, self.data_format)
        return self._reduce(inputs, axis=axes, keepdims=self.keepdims)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "data_format": self.data_format,
            "keepdims": self.keepdims,
        }
