"""BaseCropping: the base of layers that cut off borders."""

from typing import Any

from deepkit.core import config
from deepkit.core.errors import ShapeError
from deepkit.layers._input_spec import InputSpec
from deepkit.layers._layer import Layer
from deepkit.layers._spatial import Pairs, check_pairs, spatial_axes


class BaseCropping(Layer):
    """Base of layers that cut off borders; subclasses name their `rank`.

    Args:
        cropping: how much to cut off, before and after, along each spatial axis.
        data_format: where the channels are; the global setting if `None`.

    Raises:
        ArgumentError: `cropping` has the wrong form.
        ShapeError: nothing would be left of the inputs.
    """

    rank: int

    def __init__(self, cropping: Pairs, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._pairs = check_pairs("cropping", cropping, self.rank, self)
        self.cropping = self._pairs[0] if self.rank == 1 else self._pairs
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Any) -> Any:
        kept = [slice(None)] * inputs.ndim
        for axis, (before, after) in zip(spatial_axes(self.rank, self.data_format), self._pairs):
            size = inputs.shape[axis]
            if before + after >= size:
                raise ShapeError(
                    f"{self._described()} cuts {before} + {after} off axis {axis}, of which it "
                    f"leaves nothing: received shape {tuple(inputs.shape)}. Use larger inputs or "
                    f"a smaller `cropping`."
                )
            kept[axis] = slice(before, size - after)
        return inputs[tuple(kept)]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "cropping": self.cropping}
