"""Conv1D: a convolution over sequences."""

from typing import Any

from deepkit.layers._base_conv import BaseConv
from deepkit.layers._spatial import Sizes


class Conv1D(BaseConv):
    """Convolution over time: filters that find the same pattern wherever it stands in a sequence.

    Use it for signals and sequences whose patterns are local; stacked with growing `dilation_rate`
    and causal padding it sees far back (van den Oord et al., 2016, arXiv:1609.03499).

    Computes

        y[t, f] = activation(sum over u, c of x[s * t + d * u, c] * kernel[u, c, f] + bias[f])

    with strides `s` and dilation `d`; `c` runs over the channels and `u` over the window. The
    kernel is not turned around.

    Args:
        filters: how many channels the outputs have.
        kernel_size: size of the window.
        strides: step of the window.
        padding: `"valid"` (no padding), `"same"` (zeros on both sides, for `ceil(size / stride)`
            outputs) or `"causal"` (zeros before the start only, so that no output sees later
            inputs).
        data_format: `"channels_last"` or `"channels_first"`; the global setting if `None`.
        dilation_rate: distance of neighbours in the window. More than 1 only where `strides` is 1.
        groups: the channels and the filters are cut into this many parts that do not see each
            other; it has to divide both.
        activation: a function or its name; none by default.
        use_bias: whether a bias is added.
        kernel_initializer: of the kernel, of shape `(*kernel_size, channels // groups, filters)`.
        bias_initializer: of the bias.
        kernel_regularizer: a penalty on the kernel.
        bias_regularizer: a penalty on the bias.
        activity_regularizer: a penalty on the outputs.
        kernel_constraint: applied to the kernel after each update.
        bias_constraint: applied to the bias after each update.

    Input shape:
        `(batch, time, channels)`, or `(batch, channels, time)` for `"channels_first"`.

    Output shape:
        `(batch, new_time, filters)`, or with the filters on axis 1.

    Raises:
        ArgumentError: a size, step, distance or count is no integer of at least 1, `padding` is
            unknown, `groups` does not divide `filters`, or both strides and dilation are more than
            1.
        ShapeError: the inputs have another rank, channels that `groups` does not divide, or no room
            for the window.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.Conv1D(8, 3, padding="causal", activation="relu")
        >>> layer(deepkit.ops.ones((2, 10, 4))).shape
        (2, 10, 8)
    """

    rank = 1
    _paddings = ("valid", "same", "causal")

    def __init__(
        self,
        filters: int,
        kernel_size: Sizes,
        strides: Sizes = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Sizes = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filters=filters,
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            groups=groups,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
