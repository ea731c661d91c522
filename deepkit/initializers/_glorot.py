"""The Glorot (Xavier) initializers."""

from ._scaled import ScaledInitializer


class GlorotUniform(ScaledInitializer):
    """Glorot uniform values, also called Xavier uniform: the default of most kernels.

    Uniform on `[-a, a]` with `a = √(6 / (fan_in + fan_out))`, for layers with tanh, sigmoid,
    softmax or no activation ([Glorot & Bengio, 2010](https://proceedings.mlr.press/v9/glorot10a.html)).

    Args:
        seed: an integer or `None` for the same values in every call, or a `SeedGenerator` for new
            ones.
        input_axes: axes of the weight that count as inputs, where it is not shaped
            `(..., inputs, outputs)`.
        output_axes: axes that count as outputs.

    Raises:
        ArgumentError: only one of `input_axes` and `output_axes` is given.
        ArgumentTypeError: `seed` is of another type.

    Example:
        >>> import deepkit
        >>> values = deepkit.initializers.GlorotUniform(seed=1)((8, 4))
        >>> bool(abs(values).max() <= (6 / 12) ** 0.5)
        True
    """

    scale, mode, distribution = 1.0, "fan_avg", "uniform"


class GlorotNormal(ScaledInitializer):
    """Glorot normal values, also called Xavier normal.

    Normal with variance `2 / (fan_in + fan_out)`, cut off at two standard deviations
    ([Glorot & Bengio, 2010](https://proceedings.mlr.press/v9/glorot10a.html)).

    Args:
        seed: an integer or `None` for the same values in every call, or a `SeedGenerator` for new
            ones.
        input_axes: axes of the weight that count as inputs, where it is not shaped
            `(..., inputs, outputs)`.
        output_axes: axes that count as outputs.

    Raises:
        ArgumentError: only one of `input_axes` and `output_axes` is given.
        ArgumentTypeError: `seed` is of another type.

    Example:
        >>> import deepkit
        >>> values = deepkit.initializers.GlorotNormal(seed=1)((8, 4))
        >>> bool(abs(values).max() <= 2 * (2 / 12) ** 0.5 / 0.8796)
        True
    """

    scale, mode, distribution = 1.0, "fan_avg", "truncated_normal"
