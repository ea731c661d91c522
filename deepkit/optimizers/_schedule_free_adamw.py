"""ScheduleFreeAdamW: averaging in the place of a learning rate schedule."""

import functools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.tensors import Variable

from ._checks import check_count, check_decay_rate, check_not_negative, check_open_fraction
from ._optimizer import Optimizer
from ._rule import update_rule


@update_rule
def schedule_free_adamw(
    variable: jax.Array,
    gradient: jax.Array,
    learning_rate: jax.Array,
    step: jax.Array,
    z: jax.Array,
    v: jax.Array,
    *,
    beta_1: float,
    beta_2: float,
    epsilon: float,
    warmup_steps: int,
) -> tuple[jax.Array, ...]:
    """One step of z, and the interpolation of z with the mean of all its values."""
    if warmup_steps > 0:
        learning_rate = learning_rate * jnp.minimum(step / warmup_steps, 1)
    # Rounded first, so that the mean square and its correction round alike.
    beta_2 = jnp.asarray(beta_2, variable.dtype)
    v = v + (jnp.square(gradient) - v) * (1 - beta_2)
    new_z = z - learning_rate * gradient / (jnp.sqrt(v / (1 - beta_2**step)) + epsilon)
    x = (variable - (1 - beta_1) * z) / beta_1
    x = (1 - 1 / step) * x + new_z / step
    return (1 - beta_1) * new_z + beta_1 * x, new_z, v


def _copy_of(variable: Variable, shape: Any, dtype: Any) -> jax.Array:
    return jnp.array(variable.value, dtype=dtype, copy=True)


class ScheduleFreeAdamW(Optimizer):
    """Adam with averaging in the place of a learning rate schedule.

    As good as a cosine schedule, without having to know when training will stop.

    Three sequences: z takes the steps, x is the mean of all z, and gradients are taken at y, which
    is what the model's variables hold: `z = z - learning_rate * g / (sqrt(v_hat) + epsilon);
    x = (1 - 1/t) * x + z / t; y = (1 - beta_1) * z + beta_1 * x`

    Paper: Defazio et al., "The Road Less Scheduled", https://arxiv.org/abs/2405.15682

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        beta_1: the part of x in y, above 0 and at most 1.
        beta_2: decay rate of the mean square, at least 0 and below 1.
        epsilon: keeps the division finite.
        warmup_steps: over so many steps the learning rate rises from 0.
        name: and all other arguments: see `deepkit.optimizers.Optimizer`.

    Raises:
        ArgumentError: an option has a value that is not allowed.

    Example:
        >>> import deepkit
        >>> weight = deepkit.Variable(3.0)
        >>> optimizer = deepkit.optimizers.ScheduleFreeAdamW(learning_rate=0.5)
        >>> optimizer.apply([4.0], [weight])
        >>> round(float(weight), 4)
        2.5
    """

    def __init__(
        self,
        learning_rate: Any = 0.0025,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        warmup_steps: int = 0,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            clipnorm=clipnorm,
            clipvalue=clipvalue,
            global_clipnorm=global_clipnorm,
            use_ema=use_ema,
            ema_momentum=ema_momentum,
            ema_overwrite_frequency=ema_overwrite_frequency,
            loss_scale_factor=loss_scale_factor,
            gradient_accumulation_steps=gradient_accumulation_steps,
            name=name,
            **kwargs,
        )
        self.beta_1 = check_open_fraction("beta_1", beta_1)
        self.beta_2 = check_decay_rate("beta_2", beta_2)
        self.epsilon = check_not_negative("epsilon", epsilon)
        self.warmup_steps = check_count("warmup_steps", warmup_steps, 0)

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._momentums, self._velocities = [], []
        for variable in variables:
            # z starts where the variable is; its value is made when it is first read.
            start = functools.partial(_copy_of, variable)
            z, v = self.add_optimizer_variables(
                [variable], ["momentum", "velocity"], [start, "zeros"]
            )
            self._momentums += z
            self._velocities += v

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        index = self._get_variable_index(variable)
        self._apply_rule(
            schedule_free_adamw,
            gradient,
            variable,
            learning_rate,
            self._momentums[index],
            self._velocities[index],
            beta_1=self.beta_1,
            beta_2=self.beta_2,
            epsilon=self.epsilon,
            warmup_steps=self.warmup_steps,
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "warmup_steps": self.warmup_steps,
        }
