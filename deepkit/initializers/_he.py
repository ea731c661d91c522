"""The He (Kaiming) initializers."""

from ._scaled import ScaledInitializer


class HeUniform(ScaledInitializer):
    """He uniform values, also called Kaiming uniform: for ReLU and its variants.

    Uniform on `[-a, a]` with `a = √(6 / fan_in)`
    ([He et al., 2015](https://arxiv.org/abs/1502.01852)).

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
        >>> values = deepkit.initializers.HeUniform(seed=1)((8, 4))
        >>> bool(abs(values).max() <= (6 / 8) ** 0.5)
        True
    """

    scale, mode, distribution = 2.0, "fan_in", "uniform"


class HeNormal(ScaledInitializer):
    """He normal values, also called Kaiming normal: for ReLU and its variants.

    Normal with variance `2 / fan_in`, cut off at two standard deviations
    ([He et al., 2015](https://arxiv.org/abs/1502.01852)).

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
        >>> values = deepkit.initializers.HeNormal(seed=1)((8, 4))
        >>> bool(abs(values).max() <= 2 * (2 / 8) ** 0.5 / 0.8796)
        True
    """

    scale, mode, distribution = 2.0, "fan_in", "truncated_normal"
