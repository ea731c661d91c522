"""InverseTimeDecay: a learning rate that falls as one over the steps."""

from typing import Any

import jax
import jax.numpy as jnp

from ._checks import check_rate, check_steps, float_step
from ._learning_rate_schedule import LearningRateSchedule


def inverse_time_decay(
    step: jax.Array,
    initial_learning_rate: float,
    decay_steps: float,
    decay_rate: float,
    staircase: bool = False,
) -> jax.Array:
    """`initial_learning_rate / (1 + decay_rate * step / decay_steps)`."""
    decays = step / decay_steps
    decays = jnp.floor(decays) if staircase else decays
    return initial_learning_rate / (1 + decay_rate * decays)


class InverseTimeDecay(LearningRateSchedule):
    """A learning rate that falls as one over the steps.

    `initial_learning_rate / (1 + decay_rate * step / decay_steps)`

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: how often the decay is applied, above 0.
        decay_rate: by how much the divisor grows in `decay_steps` steps.
        staircase: whether the rate falls at once at the end of each `decay_steps` steps.
        name: its name.

    Raises:
        ArgumentError: an argument is no number, or `decay_steps` is not above 0.

    Example:
        >>> import deepkit
        >>> schedule = deepkit.optimizers.schedules.InverseTimeDecay(1.0, 10, 1.0)
        >>> float(schedule(30))
        0.25
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        self.initial_learning_rate = check_rate("initial_learning_rate", initial_learning_rate)
        self.decay_steps = check_steps("decay_steps", decay_steps)
        self.decay_rate = check_rate("decay_rate", decay_rate)
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> jax.Array:
        return inverse_time_decay(
            float_step(step),
            self.initial_learning_rate,
            self.decay_steps,
            self.decay_rate,
            self.staircase,
        )

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "decay_rate": self.decay_rate,
            "staircase": self.staircase,
            "name": self.name,
        }
