"""CosineDecay: a learning rate that falls along half a cosine, after a warmup if wanted."""

import math
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core.errors import ArgumentError

from ._checks import check_rate, check_steps, float_step
from ._learning_rate_schedule import LearningRateSchedule


def cosine_decay(
    step: jax.Array, initial_learning_rate: float, decay_steps: float, alpha: float = 0.0
) -> jax.Array:
    """From the initial rate to `alpha` times it, along half a cosine."""
    fraction = jnp.minimum(step, decay_steps) / decay_steps
    cosine = 0.5 * (1 + jnp.cos(math.pi * fraction))
    return initial_learning_rate * ((1 - alpha) * cosine + alpha)


def warmup(step: jax.Array, start: float, target: float, warmup_steps: float) -> jax.Array:
    """From `start` to `target` along a line."""
    return (target - start) * (step / warmup_steps) + start


class CosineDecay(LearningRateSchedule):
    """A learning rate that falls along half a cosine, after a warmup if wanted.

    With `warmup_target` the rate first rises along a line from `initial_learning_rate` to the
    target in `warmup_steps` steps, and the cosine starts there and then.

    `initial_learning_rate * ((1 - alpha) * (1 + cos(pi * step / decay_steps)) / 2 + alpha)`

    Papers: Loshchilov and Hutter, "SGDR", https://arxiv.org/abs/1608.03983; for the warmup Goyal et
    al., "Accurate, Large Minibatch SGD", https://arxiv.org/abs/1706.02677

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: the number of steps of the cosine, above 0.
        alpha: the rate at the end, as a fraction of that at the start of the cosine.
        name: its name.
        warmup_target: the rate at the end of the warmup; `None` for no warmup.
        warmup_steps: the number of steps of the warmup, at least 0.

    Raises:
        ArgumentError: an argument is no number, or has a value that is not allowed.

    Example:
        >>> import deepkit
        >>> schedule = deepkit.optimizers.schedules.CosineDecay(
        ...     0.0, decay_steps=10, warmup_target=1.0, warmup_steps=4
        ... )
        >>> [round(float(schedule(step)), 4) for step in (0, 2, 4, 9, 14)]
        [0.0, 0.5, 1.0, 0.5, 0.0]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: float = 0,
    ) -> None:
        self.initial_learning_rate = check_rate("initial_learning_rate", initial_learning_rate)
        self.decay_steps = check_steps("decay_steps", decay_steps)
        self.alpha = check_rate("alpha", alpha)
        self.name = name
        self.warmup_target = warmup_target
        if warmup_target is not None:
            check_rate("warmup_target", warmup_target)
        if check_rate("warmup_steps", warmup_steps) < 0:
            raise ArgumentError(
                f"Expected `warmup_steps` to be at least 0, received {warmup_steps!r}."
            )
        self.warmup_steps = warmup_steps

    def __call__(self, step: Any) -> jax.Array:
        step = float_step(step)
        if self.warmup_target is None:
            return cosine_decay(step, self.initial_learning_rate, self.decay_steps, self.alpha)
        start, target, warmup_steps = (
            self.initial_learning_rate,
            self.warmup_target,
            self.warmup_steps,
        )
        decayed = cosine_decay(step - warmup_steps, target, self.decay_steps, self.alpha)
        if warmup_steps == 0:
            return decayed
        return jnp.where(step < warmup_steps, warmup(step, start, target, warmup_steps), decayed)

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "alpha": self.alpha,
            "name": self.name,
            "warmup_target": self.warmup_target,
            "warmup_steps": self.warmup_steps,
        }
