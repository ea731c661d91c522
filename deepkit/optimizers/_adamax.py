"""Adamax: Adam with the largest gradient in the place of the mean square."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.tensors import Variable

from ._checks import check_decay_rate, check_not_negative
from ._optimizer import Optimizer
from ._rule import update_rule


@update_rule
def adamax(
    variable: jax.Array,
    gradient: jax.Array,
    learning_rate: jax.Array,
    step: jax.Array,
    m: jax.Array,
    u: jax.Array,
    *,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> tuple[jax.Array, ...]:
    """One step by the mean gradient over the largest one."""
    m = m + (gradient - m) * (1 - beta_1)
    u = jnp.maximum(beta_2 * u, jnp.abs(gradient))
    return variable - learning_rate * m / ((1 - beta_1**step) * (u + epsilon)), m, u


class Adamax(Optimizer):
    """Adam with a decaying maximum in the place of the mean square.

    Steadier than Adam where gradients are sparse or now and then very large, as in embeddings.

    `m = beta_1 * m + (1 - beta_1) * g; u = max(beta_2 * u, |g|);
    w = w - learning_rate / (1 - beta_1^t) * m / (u + epsilon)`

    Paper: Kingma and Ba, "Adam: A Method for Stochastic Optimization", section 7.1,
    https://arxiv.org/abs/1412.6980. `epsilon` is added to what the paper divides by.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        beta_1: decay rate of the mean gradient, at least 0 and below 1.
        beta_2: decay rate of the maximum, at least 0 and below 1.
        epsilon: keeps the division finite.
        name: and all other arguments: see `deepkit.optimizers.Optimizer`.

    Raises:
        ArgumentError: an option has a value that is not allowed.

    Example:
        >>> import deepkit
        >>> weight = deepkit.Variable(3.0)
        >>> optimizer = deepkit.optimizers.Adamax(learning_rate=0.5)
        >>> optimizer.apply([4.0], [weight])
        >>> round(float(weight), 4)
        2.5
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
        self._m, self._u = self.add_optimizer_variables(variables, ["momentum", "norm"])

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        index = self._get_variable_index(variable)
        self._apply_rule(
            adamax,
            gradient,
            variable,
            learning_rate,
            self._m[index],
            self._u[index],
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
