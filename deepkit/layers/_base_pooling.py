"""BasePooling: the base of layers that sum up each window by one value."""

from collections.abc import Callable
from typing import Any

from deepkit.core import config
from deepkit.layers._arguments import check_choice, check_tuple
from deepkit.layers._input_spec import InputSpec
from deepkit.layers._layer import Layer
from deepkit.layers._spatial import Sizes


class BasePooling(Layer):
    """Base of pooling over windows; subclasses name their `rank` and the function.

    Args:
        pool_size: sizes of a window.
        strides: steps from window to window; `pool_size` if `None`.
        padding: `"valid"` or `"same"`.
        data_format: where the channels are; the global setting if `None`.

    Raises:
        ArgumentError: a size or step is no integer of at least 1, or `padding` is unknown.
        ShapeError: no window fits into the inputs.
    """

    rank: int
    _pool: Callable[..., Any]

    def __init__(
        self,
        pool_size: Sizes,
        strides: Sizes | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.pool_size = check_tuple("pool_size", pool_size, self.rank, self)
        self.strides = self.pool_size
        if strides is not None:
            self.strides = check_tuple("strides", strides, self.rank, self)
        self.padding = check_choice("padding", padding, ("valid", "same"), self)
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Any) -> Any:
        return self._pool(inputs, self.pool_size, self.strides, self.padding, self.data_format)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "padding": self.padding,
            "strides": self.strides,
            "data_format": self.data_format,
        }
