"""Adagrad: steps that shrink with all past gradients."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit import initializers
from deepkit.tensors import Variable

from ._checks import check_not_negative
from ._optimizer import Optimizer
from ._rule import update_rule


@update_rule
def adagrad(
    variable: jax.Array,
    gradient: jax.Array,
    learning_rate: jax.Array,
    step: jax.Array,
    accumulator: jax.Array,
    *,
    epsilon: float,
) -> tuple[jax.Array, ...]:
    """One step by the gradient over the root of the sum of all squares."""
    accumulator = accumulator + jnp.square(gradient)
    return variable - learning_rate * gradient / jnp.sqrt(accumulator + epsilon), accumulator


class Adagrad(Optimizer):
    """Steps that shrink where gradients were large or many.

    Made for sparse features: rare ones keep large steps. Wants a larger learning rate than Adam.

    `a = a + g^2; w = w - learning_rate * g / sqrt(a + epsilon)`

    Paper: Duchi, Hazan and Singer, "Adaptive Subgradient Methods for Online Learning",
    https://www.jmlr.org/papers/volume12/duchi11a/duchi11a.pdf

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        initial_accumulator_value: where the sums of squares start, at least 0.
        epsilon: keeps the division finite.
        name: and all other arguments: see `deepkit.optimizers.Optimizer`.

    Raises:
        ArgumentError: an option has a value that is not allowed.

    Example:
        >>> import deepkit
        >>> weight = deepkit.Variable(3.0)
        >>> optimizer = deepkit.optimizers.Adagrad(learning_rate=0.5)
        >>> optimizer.apply([4.0], [weight])
        >>> round(float(weight), 4)
        2.5016
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
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
        self.initial_accumulator_value = check_not_negative(
            "initial_accumulator_value", initial_accumulator_value
        )
        self.epsilon = check_not_negative("epsilon", epsilon)

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._accumulators = self.add_optimizer_variables(
            variables, "accumulator", initializers.Constant(self.initial_accumulator_value)
        )

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        accumulator = self._accumulators[self._get_variable_index(variable)]
        self._apply_rule(
            adagrad, gradient, variable, learning_rate, accumulator, epsilon=self.epsilon
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "initial_accumulator_value": self.initial_accumulator_value,
            "epsilon": self.epsilon,
        }
