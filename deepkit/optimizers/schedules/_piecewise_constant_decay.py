"""PiecewiseConstantDecay: a learning rate that changes at given steps."""

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core import config
from deepkit.core.errors import ArgumentError
from deepkit.tensors import as_array

from ._checks import check_rate
from ._learning_rate_schedule import LearningRateSchedule


def piecewise_constant(
    step: jax.Array, boundaries: Sequence[float], values: Sequence[float]
) -> jax.Array:
    """The first value up to the first boundary (included), then the second, and so on."""
    if jnp.issubdtype(step.dtype, jnp.integer):  # a whole step is above 2.5 as it is above 2
        boundaries = [math.floor(boundary) for boundary in boundaries]
    passed = [(step > boundary).astype("int32") for boundary in boundaries]
    return jnp.asarray(values, dtype=config.floatx())[sum(passed, jnp.zeros_like(step, "int32"))]


class PiecewiseConstantDecay(LearningRateSchedule):
    """A learning rate that changes at given steps.

    Args:
        boundaries: the last steps of all values but the last, rising.
        values: the rates; one more than boundaries.
        name: its name.

    Raises:
        ArgumentError: the lengths do not fit, a boundary or value is no number, or boundaries fall.

    Example:
        >>> import deepkit
        >>> schedule = deepkit.optimizers.schedules.PiecewiseConstantDecay(
        ...     boundaries=[10, 20], values=[1.0, 0.5, 0.25]
        ... )
        >>> [float(schedule(step)) for step in (10, 11, 30)]
        [1.0, 0.5, 0.25]
    """

    def __init__(
        self,
        boundaries: Sequence[float],
        values: Sequence[float],
        name: str = "PiecewiseConstant",
    ) -> None:
        if len(boundaries) != len(values) - 1:
            raise ArgumentError(
                f"Expected one value more than boundaries, received {len(values)} values "
                f"{values!r} and {len(boundaries)} boundaries {boundaries!r}."
            )
        self.boundaries = [check_rate("boundaries", boundary) for boundary in boundaries]
        self.values = [check_rate("values", value) for value in values]
        if self.boundaries != sorted(self.boundaries):
            raise ArgumentError(f"Expected `boundaries` in rising order, received {boundaries!r}.")
        self.name = name

    def __call__(self, step: Any) -> jax.Array:
        return piecewise_constant(as_array(step), self.boundaries, self.values)

    def get_config(self) -> dict[str, Any]:
        return {"boundaries": self.boundaries, "values": self.values, "name": self.name}
