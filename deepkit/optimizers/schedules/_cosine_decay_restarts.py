"""CosineDecayRestarts: half cosines, one after the other."""

import math
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core.errors import ArgumentError

from ._checks import check_rate, check_steps, float_step
from ._learning_rate_schedule import LearningRateSchedule


def cosine_decay_restarts(
    step: jax.Array,
    initial_learning_rate: float,
    first_decay_steps: float,
    t_mul: float = 2.0,
    m_mul: float = 1.0,
    alpha: float = 0.0,
) -> jax.Array:
    """Half cosines, each `t_mul` times as long and `m_mul` times as high as the one before."""
    restarts, fraction = _place(step / first_decay_steps, t_mul)
    height = jnp.asarray(m_mul, step.dtype) ** restarts
    cosine = 0.5 * height * (1 + jnp.cos(math.pi * fraction))
    return initial_learning_rate * ((1 - alpha) * cosine + alpha)


def _place(periods: jax.Array, t_mul: float) -> tuple[jax.Array, jax.Array]:
    """The number of restarts so far, and the fraction of the current period that is over."""
    if t_mul == 1.0:
        restarts = jnp.floor(periods)
        return restarts, periods - restarts
    # n periods last (1 - t_mul^n) / (1 - t_mul) of the first one: solved for n.
    growth = jnp.asarray(t_mul, periods.dtype)
    restarts = jnp.floor(jnp.log(1 - periods * (1 - growth)) / jnp.log(growth))
    begun = (1 - growth**restarts) / (1 - growth)
    return restarts, (periods - begun) / growth**restarts


class CosineDecayRestarts(LearningRateSchedule):
    """A learning rate that falls along half a cosine, and starts again, and again.

    Paper: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts",
    https://arxiv.org/abs/1608.03983

    Args:
        initial_learning_rate: the rate at step 0.
        first_decay_steps: the number of steps of the first cosine, above 0.
        t_mul: each cosine is so many times as long as the one before, at least 1.
        m_mul: each cosine starts at so many times the rate of the one before.
        alpha: the lowest rate, as a fraction of the initial one.
        name: its name.

    Raises:
        ArgumentError: an argument is no number, or is too small.

    Example:
        >>> import deepkit
        >>> schedule = deepkit.optimizers.schedules.CosineDecayRestarts(1.0, 10, m_mul=0.5)
        >>> [round(float(schedule(step)), 4) for step in (0, 5, 10, 20)]
        [1.0, 0.5, 0.5, 0.25]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        self.initial_learning_rate = check_rate("initial_learning_rate", initial_learning_rate)
        self.first_decay_steps = check_steps("first_decay_steps", first_decay_steps)
        if check_rate("t_mul", t_mul) < 1:
            raise ArgumentError(f"Expected `t_mul` to be at least 1, received {t_mul!r}.")
        self._t_mul = t_mul
        self._m_mul = check_rate("m_mul", m_mul)
        self.alpha = check_rate("alpha", alpha)
        self.name = name

    def __call__(self, step: Any) -> jax.Array:
        return cosine_decay_restarts(
            float_step(step),
            self.initial_learning_rate,
            self.first_decay_steps,
            self._t_mul,
            self._m_mul,
            self.alpha,
        )

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "first_decay_steps": self.first_decay_steps,
            "t_mul": self._t_mul,
            "m_mul": self._m_mul,
            "alpha": self.alpha,
            "name": self.name,
        }
