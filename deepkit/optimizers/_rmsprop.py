"""RMSprop: steps divided by the root of a mean square."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.tensors import Variable

from ._checks import check_fraction, check_not_negative
from ._optimizer import Optimizer
from ._rule import update_rule


@update_rule
def rmsprop(
    variable: jax.Array,
    gradient: jax.Array,
    learning_rate: jax.Array,
    step: jax.Array,
    velocity: jax.Array,
    *slots: jax.Array,
    rho: float,
    momentum: float,
    epsilon: float,
    centered: bool,
) -> tuple[jax.Array, ...]:
    """One step by the gradient over its root mean square.

    `slots`: the running step if `momentum` is above 0, then the mean gradient if `centered`.
    """
    velocity = rho * velocity + (1 - rho) * jnp.square(gradient)
    variance, new_slots = velocity, []
    if centered:
        mean = rho * slots[-1] + (1 - rho) * gradient
        variance = velocity - jnp.square(mean)
        new_slots = [mean]
    move = learning_rate * gradient / jnp.sqrt(variance + epsilon)
    if momentum > 0:
        move = momentum * slots[0] + move
        new_slots = [move, *new_slots]
    return variable - move, velocity, *new_slots


class RMSprop(Optimizer):
    """Steps divided by the root of the mean square of recent gradients.

    The old standard for recurrent networks and reinforcement learning.

    `v = rho * v + (1 - rho) * g^2; w = w - learning_rate * g / sqrt(v + epsilon)`; with `centered`
    the square of the mean gradient is taken from `v`, which makes it a variance; with `momentum`
    the step is added to the running step, `m = momentum * m + step; w = w - m`.

    From: Hinton, "Neural Networks for Machine Learning", lecture 6e,
    https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        rho: decay rate of the means, from 0 to 1.
        momentum: the part of the running step that stays, from 0 to 1; 0 keeps none.
        epsilon: keeps the division finite.
        centered: whether the variance is used instead of the mean square.
        name: and all other arguments: see `deepkit.optimizers.Optimizer`.

    Raises:
        ArgumentError: an option has a value that is not allowed.

    Example:
        >>> import deepkit
        >>> weight = deepkit.Variable(3.0)
        >>> optimizer = deepkit.optimizers.RMSprop(learning_rate=0.5)
        >>> optimizer.apply([4.0], [weight])
        >>> round(float(weight), 4)
        1.4189
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
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
        self.momentum = check_fraction("momentum", momentum)
        self.epsilon = check_not_negative("epsilon", epsilon)
        self.centered = bool(centered)

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._velocities = self.add_optimizer_variables(variables, "velocity")
        self._momentums, self._average_gradients = [], []
        if self.momentum > 0:
            self._momentums = self.add_optimizer_variables(variables, "momentum")
        if self.centered:
            self._average_gradients = self.add_optimizer_variables(variables, "average_gradient")

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        index = self._get_variable_index(variable)
        kinds = (self._velocities, self._momentums, self._average_gradients)
        self._apply_rule(
            rmsprop,
            gradient,
            variable,
            learning_rate,
            *(slots[index] for slots in kinds if slots),
            rho=self.rho,
            momentum=self.momentum,
            epsilon=self.epsilon,
            centered=self.centered,
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "rho": self.rho,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "centered": self.centered,
        }
