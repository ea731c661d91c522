"""Adadelta: steps in units of past steps."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.tensors import Variable

from ._checks import check_fraction, check_not_negative
from ._optimizer import Optimizer
from ._rule import update_rule


@update_rule
def adadelta(
    variable: jax.Array,
    gradient: jax.Array,
    learning_rate: jax.Array,
    step: jax.Array,
    mean_square: jax.Array,
    mean_square_move: jax.Array,
    *,
    rho: float,
    epsilon: float,
) -> tuple[jax.Array, ...]:
    """One step by the gradient, times the size of past moves over that of past gradients."""
    mean_square = rho * mean_square + (1 - rho) * jnp.square(gradient)
    move = -jnp.sqrt(mean_square_move + epsilon) * gradient / jnp.sqrt(mean_square + epsilon)
    mean_square_move = rho * mean_square_move + (1 - rho) * jnp.square(move)
    return variable + learning_rate * move, mean_square, mean_square_move


class Adadelta(Optimizer):
    """Adaptive steps from windows of past gradients and past moves.

    Needs hardly any tuning of the learning rate; `learning_rate=1.0` is the paper's form.

    `E[g2] = rho * E[g2] + (1 - rho) * g^2;
    d = -sqrt(E[d2] + epsilon) / sqrt(E[g2] + epsilon) * g;
    E[d2] = rho * E[d2] + (1 - rho) * d^2; w = w + learning_rate * d`

    Paper: Zeiler, "ADADELTA: An Adaptive Learning Rate Method", https://arxiv.org/abs/1212.5701

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        rho: decay rate of both means, from 0 to 1.
        epsilon: keeps the division finite, and sets the size of the first steps.
        name: and all other arguments: see `deepkit.optimizers.Optimizer`.

    Raises:
        ArgumentError: an option has a value that is not allowed.

    Example:
        >>> import deepkit
        >>> weight = deepkit.Variable(3.0)
        >>> optimizer = deepkit.optimizers.Adadelta(learning_rate=1.0)
        >>> optimizer.apply([4.0], [weight])
        >>> round(float(weight), 4)
        2.9986
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
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
        self.rho = check_fraction("rho", rho)
        self.epsilon = check_not_negative("epsilon", epsilon)

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._accumulated_grads, self._accumulated_delta_vars = self.add_optimizer_variables(
            variables, ["accumulated_grad", "accumulated_delta_var"]
        )

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        index = self._get_variable_index(variable)
        self._apply_rule(
            adadelta,
            gradient,
            variable,
            learning_rate,
            self._accumulated_grads[index],
            self._accumulated_delta_vars[index],
            rho=self.rho,
            epsilon=self.epsilon,
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "rho": self.rho,
            "epsilon": self.epsilon,
        }
