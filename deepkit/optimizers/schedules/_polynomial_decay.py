"""PolynomialDecay: a learning rate that falls along a polynomial."""

from typing import Any

import jax
import jax.numpy as jnp

from ._checks import check_rate, check_steps, float_step
from ._learning_rate_schedule import LearningRateSchedule


def polynomial_decay(
    step: jax.Array,
    initial_learning_rate: float,
    decay_steps: float,
    end_learning_rate: float = 0.0001,
    power: float = 1.0,
    cycle: bool = False,
) -> jax.Array:
    """From the initial to the end rate as `(1 - step / decay_steps) ** power` goes to 0."""
    if cycle:
        length = decay_steps * jnp.where(step == 0, 1, jnp.ceil(step / decay_steps))
    else:
        length = decay_steps
        step = jnp.minimum(step, decay_steps)
    # Compiled, the difference at the end may round to below 0, which has no power.
    left = jnp.maximum(1 - step / length, 0) ** jnp.asarray(power, step.dtype)
    return (initial_learning_rate - end_learning_rate) * left + end_learning_rate


class PolynomialDecay(LearningRateSchedule):
    """A learning rate that falls along a polynomial, and then stays or starts again.

    `(initial_learning_rate - end_learning_rate) * (1 - step / decay_steps) ^ power +
    end_learning_rate`

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: the number of steps to the end rate, above 0.
        end_learning_rate: the rate from there on.
        power: of the polynomial; 1.0 is a line.
        cycle: whether, past `decay_steps`, the decay is stretched to the next multiple of it.
        name: its name.

    Raises:
        ArgumentError: an argument is no number, or `decay_steps` is not above 0.

    Example:
        >>> import deepkit
        >>> schedule = deepkit.optimizers.schedules.PolynomialDecay(1.0, 10, end_learning_rate=0.5)
        >>> [float(schedule(step)) for step in (0, 5, 20)]
        [1.0, 0.75, 0.5]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self.initial_learning_rate = check_rate("initial_learning_rate", initial_learning_rate)
        self.decay_steps = check_steps("decay_steps", decay_steps)
        self.end_learning_rate = check_rate("end_learning_rate", end_learning_rate)
        self.power = check_rate("power", power)
        self.cycle = cycle
        self.name = name

    def __call__(self, step: Any) -> jax.Array:
        return polynomial_decay(
            float_step(step),
            self.initial_learning_rate,
            self.decay_steps,
            self.end_learning_rate,
            self.power,
            self.cycle,
        )

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "end_learning_rate": self.end_learning_rate,
            "power": self.power,
            "cycle": self.cycle,
            "name": self.name,
        }
