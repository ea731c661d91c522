"""UpSampling2D: larger images."""

from typing import Any

from deepkit.layers._arguments import check_choice
from deepkit.layers._base_up_sampling import BaseUpSampling
from deepkit.layers._spatial import Sizes, spatial_axes
from deepkit.ops import image

_INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")


class UpSampling2D(BaseUpSampling):
    """Make images larger by a whole factor.

    Use it in decoders, followed by a convolution; unlike `Conv2DTranspose` it leaves no pattern of
    its own (Odena et al., 2016, doi:10.23915/distill.00003).

    Args:
        size: by how much; one integer for all axes or one for each.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if `None`.
        interpolation: how places in between are filled: `"nearest"` repeats pixels; `"bilinear"`,
            `"bicubic"`, `"lanczos3"` and `"lanczos5"` are smooth, in growing order.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` for
        `"channels_first"`.

    Output shape:
        The same, larger by the factors `size`.

    Raises:
        ArgumentError: a factor is no integer of at least 1, or `interpolation` is unknown.
        ShapeError: the inputs have another rank.

    Example:
        >>> import deepkit
        >>> x = deepkit.ops.array([[[[0.0], [8.0]]]])
        >>> deepkit.layers.UpSampling2D((1, 2))(x).ravel().tolist()
        [0.0, 0.0, 8.0, 8.0]
        >>> deepkit.layers.UpSampling2D((1, 2), interpolation="bilinear")(x).ravel().tolist()
        [0.0, 2.0, 6.0, 8.0]
    """

    rank = 2

    def __init__(
        self,
        size: Sizes = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ) -> None:
        super().__init__(size, data_format, **kwargs)
        self.interpolation = check_choice("interpolation", interpolation, _INTERPOLATIONS, self)

    def call(self, inputs: Any) -> Any:
        if self.interpolation == "nearest":
            return super().call(inputs)
        axes = spatial_axes(self.rank, self.data_format)
        size = tuple(inputs.shape[axis] * factor for axis, factor in zip(axes, self._factors))
        return image.resize(inputs, size, self.interpolation, data_format=self.data_format)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "data_format": self.data_format,
            "interpolation": self.interpolation,
        }
