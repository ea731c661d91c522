"""BaseAdaptivePooling: the base of layers that pool to a given size."""

from collections.abc import Callable
from typing import Any

from deepkit.core import config
from deepkit.layers._arguments import check_tuple
from deepkit.layers._input_spec import InputSpec
from deepkit.layers._layer import Layer
from deepkit.layers._spatial import Sizes


class BaseAdaptivePooling(Layer):
    """Base of pooling to a given size; subclasses name their `rank` and the function.

    Args:
        output_size: spatial sizes of the outputs.
        data_format: where the channels are; the global setting if `None`.

    Raises:
        ArgumentError: `output_size` is no integer, or tuple of them, of at least 1.
    """

    rank: int
    _pool: Callable[..., Any]

    def __init__(self, output_size: Sizes, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.output_size = check_tuple("output_size", output_size, self.rank, self)
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Any) -> Any:
        return self._pool(inputs, self.output_size, self.data_format)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "output_size": self.output_size,
            "data_format": self.data_format,
        }
