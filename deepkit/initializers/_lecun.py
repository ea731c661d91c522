"""The Lecun initializers."""

from ._scaled import ScaledInitializer


class LecunUniform(ScaledInitializer):
    """Lecun uniform values.

    Uniform on `[-a, a]` with `a = √(3 / fan_in)`
    ([LeCun et al., 1998](http://yann.lecun.com/exdb/publis/pdf/lecun-98b.pdf)).

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
        >>> values = deepkit.initializers.LecunUniform(seed=1)((8, 4))
        >>> bool(abs(values).max() <= (3 / 8) ** 0.5)
        True
    """

    scale, mode, distribution = 1.0, "fan_in", "uniform"


class LecunNormal(ScaledInitializer):
    """Lecun normal values: for SELU.

    Normal with variance `1 / fan_in`, cut off at two standard deviations
    ([Klambauer et al., 2017](https://arxiv.org/abs/1706.02515)).

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
        >>> values = deepkit.initializers.LecunNormal(seed=1)((8, 4))
        >>> bool(abs(values).max() <= 2 * (1 / 8) ** 0.5 / 0.8796)
        True
    """

    scale, mode, distribution = 1.0, "fan_in", "truncated_normal"
