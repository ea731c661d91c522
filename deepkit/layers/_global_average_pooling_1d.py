"""GlobalAveragePooling1D: the average of each channel of sequences."""

from typing import Any

import jax.numpy as jnp

from deepkit import ops
from deepkit.core import dtypes
from deepkit.layers._base_global_pooling import BaseGlobalPooling
from deepkit.layers._spatial import channel_axis, spatial_axes


class GlobalAveragePooling1D(BaseGlobalPooling):
    """The average of each channel over all steps of sequences.

    Use it to make vectors of sequences. Steps that the mask leaves out do not count; the average of
    no steps at all is 0.

    Args:
        data_format: `"channels_last"` or `"channels_first"`; the global setting if `None`.
        keepdims: whether the axis of the steps stays, with size 1.

    Call arguments:
        inputs: sequences.
        mask: booleans of shape `(batch, time)`; what is false does not count.

    Input shape:
        `(batch, time, channels)`, or `(batch, channels, time)` for `"channels_first"`.

    Output shape:
        `(batch, channels)`; with `keepdims`, the shape of the inputs with sizes of 1.

    Raises:
        ShapeError: the inputs have another rank.

    Example:
        >>> import deepkit
        >>> x = deepkit.ops.array([[[1.0], [4.0], [4.0]]])
        >>> deepkit.layers.GlobalAveragePooling1D()(x).tolist()
        [[3.0]]
    """

    rank = 1
    _reduce = staticmethod(ops.mean)

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(data_format, keepdims, **kwargs)
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None:
            return super().call(inputs)
        (axis,) = spatial_axes(self.rank, self.data_format)
        mask = jnp.expand_dims(jnp.asarray(mask, dtype=bool), channel_axis(self.data_format))
        # Sums of 16-bit floats would overflow.
        total = jnp.sum(
            inputs,
            axis,
            dtype=dtypes.result_type(inputs.dtype, "float32"),
            keepdims=self.keepdims,
            where=mask,
        )
        count = jnp.sum(mask, axis, dtype=total.dtype, keepdims=self.keepdims)
        return (total / jnp.maximum(count, 1)).astype(dtypes.result_type(inputs.dtype, float))

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """None: there are no steps any more."""
        return None
