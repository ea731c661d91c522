"""The general variance scaling initializer."""

from collections.abc import Sequence
from typing import Any

from deepkit.core.errors import ArgumentError

from ._base import number
from ._scaled import ScaledInitializer

_MODES = ("fan_in", "fan_out", "fan_avg")
_DISTRIBUTIONS = ("truncated_normal", "untruncated_normal", "uniform")


class VarianceScaling(ScaledInitializer):
    """Random values with mean 0 and variance `scale / n`, so that signals keep their size.

    n is the number of inputs of an output (`"fan_in"`), the number of outputs of an input
    (`"fan_out"`), or their average (`"fan_avg"`). The Glorot, He and Lecun initializers are
    special cases.

    Args:
        scale: variance times n, a number above 0.
        mode: `"fan_in"`, `"fan_out"` or `"fan_avg"`.
        distribution: `"truncated_normal"` (cut off at two standard deviations and rescaled; also
            `"normal"`), `"untruncated_normal"` or `"uniform"`.
        seed: an integer or `None` for the same values in every call, or a `SeedGenerator` for new
            ones.
        input_axes: axes of the weight that count as inputs, where it is not shaped
            `(..., inputs, outputs)`.
        output_axes: axes that count as outputs.

    Raises:
        ArgumentError: an argument has none of the values above.
        ArgumentTypeError: `seed` is of another type.

    Example:
        >>> import deepkit
        >>> init = deepkit.initializers.VarianceScaling(2.0, "fan_out", "uniform", seed=1)
        >>> bool(abs(init((10, 6))).max() <= 1.0)
        True
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Any = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(seed=seed, input_axes=input_axes, output_axes=output_axes)
        self.scale = number(scale, "scale")
        if not self.scale > 0:
            raise ArgumentError(f"Expected `scale` to be a number above 0, received {scale!r}.")
        self.mode = _one_of("mode", mode, _MODES)
        lowered = str(distribution).lower()
        self.distribution = _one_of(
            "distribution", "truncated_normal" if lowered == "normal" else lowered, _DISTRIBUTIONS
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        own = {"scale": self.scale, "mode": self.mode, "distribution": self.distribution}
        return {**super().get_config(), **own}


def _one_of(argument: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise ArgumentError(f"Expected `{argument}` to be one of {allowed}, received {value!r}.")
    return value
