"""The rule of Adam, and the slots and options that Adam and AdamW share."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.tensors import Variable

from ._checks import check_decay_rate, check_not_negative
from ._optimizer import Optimizer
from ._rule import update_rule


@update_rule
def adam(
    variable: jax.Array,
    gradient: jax.Array,
    learning_rate: jax.Array,
    step: jax.Array,
    m: jax.Array,
    v: jax.Array,
    *largest_v: jax.Array,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> tuple[jax.Array, ...]:
    """One step by the mean gradient over the root mean square; AMSGrad if `largest_v` is given."""
    alpha = learning_rate * jnp.sqrt(1 - beta_2**step) / (1 - beta_1**step)
    m = m + (gradient - m) * (1 - beta_1)
    v = v + (jnp.square(gradient) - v) * (1 - beta_2)
    largest_v = tuple(jnp.maximum(largest, v) for largest in largest_v)
    divisor = jnp.sqrt(largest_v[0] if largest_v else v) + epsilon
    return variable - m * alpha / divisor, m, v, *largest_v


class AdamBase(Optimizer):
    """Abstract base of the optimizers that step by the rule of Adam."""

    def _set_options(self, beta_1: float, beta_2: float, epsilon: float, amsgrad: bool) -> None:
        self.beta_1 = check_decay_rate("beta_1", beta_1)
        self.beta_2 = check_decay_rate("beta_2", beta_2)
        self.epsilon = check_not_negative("epsilon", epsilon)
        self.amsgrad = bool(amsgrad)

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the means of gradients and of their squares."""
        if self.built:
            return
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(
            variables, ["momentum", "velocity"]
        )
        self._velocity_hats = []
        if self.amsgrad:
            self._velocity_hats = self.add_optimizer_variables(variables, "velocity_hat")

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """One step of one variable."""
        index = self._get_variable_index(variable)
        kinds = (self._momentums, self._velocities, self._velocity_hats)
        self._apply_rule(
            adam,
            gradient,
            variable,
            learning_rate,
            *(slots[index] for slots in kinds if slots),
            beta_1=self.beta_1,
            beta_2=self.beta_2,
            epsilon=self.epsilon,
        )

    def get_config(self) -> dict[str, Any]:
        """The options of Adam, and those of all optimizers."""
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "amsgrad": self.amsgrad,
        }
