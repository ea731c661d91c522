"""Lamb: Adam with steps in proportion to the weights of each layer."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.tensors import Variable

from ._checks import check_decay_rate, check_not_negative
from ._optimizer import Optimizer
from ._rule import update_rule


@update_rule
def lamb(
    variable: jax.Array,
    gradient: jax.Array,
    learning_rate: jax.Array,
    step: jax.Array,
    m: jax.Array,
    v: jax.Array,
    *,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> tuple[jax.Array, ...]:
    """One step of Adam, scaled to the norm of the variable."""
    m = m + (gradient - m) * (1 - beta_1)
    v = v + (jnp.square(gradient) - v) * (1 - beta_2)
    update = (m / (1 - beta_1**step)) / (jnp.sqrt(v / (1 - beta_2**step)) + epsilon)
    return variable - _trust_ratio(variable, update) * learning_rate * update, m, v


def _trust_ratio(variable: jax.Array, update: jax.Array) -> jax.Array:
    """The norm of the variable over that of its update; 1 where either is 0."""
    weight_norm = jnp.sqrt(jnp.sum(jnp.square(variable)))
    update_norm = jnp.sqrt(jnp.sum(jnp.square(update)))
    usable = (weight_norm > 0) & (update_norm > 0)
    return jnp.where(usable, weight_norm / jnp.where(usable, update_norm, 1), 1)


class Lamb(Optimizer):
    """Adam with the step of each layer in proportion to its weights.

    Keeps training stable with batches of thousands of examples, as for large language models.

    `u = m_hat / (sqrt(v_hat) + epsilon); w = w - learning_rate * |w| / |u| * u`, with Adam's
    bias-corrected means; the ratio is 1 where a norm is 0.

    Paper: You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes",
    https://arxiv.org/abs/1904.00962

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        beta_1: decay rate of the mean gradient, at least 0 and below 1.
        beta_2: decay rate of the mean square, at least 0 and below 1.
        epsilon: keeps the division finite.
        name: and all other arguments: see `deepkit.optimizers.Optimizer`.

    Raises:
        ArgumentError: an option has a value that is not allowed.

    Example:
        >>> import deepkit
        >>> weight = deepkit.Variable(3.0)
        >>> optimizer = deepkit.optimizers.Lamb(learning_rate=0.5)
        >>> optimizer.apply([4.0], [weight])
        >>> round(float(weight), 4)
        1.5
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
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
        self.beta_1 = check_decay_rate("beta_1", beta_1)
        self.beta_2 = check_decay_rate("beta_2", beta_2)
        self.epsilon = check_not_negative("epsilon", epsilon)

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(
            variables, ["momentum", "velocity"]
        )

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        index = self._get_variable_index(variable)
        self._apply_rule(
            lamb,
            gradient,
            variable,
            learning_rate,
            self._momentums[index],
            self._velocities[index],
            beta_1=self.beta_1,
            beta_2=self.beta_2,
            epsilon=self.epsilon,
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
