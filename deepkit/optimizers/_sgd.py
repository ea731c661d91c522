"""SGD: gradient descent, with or without momentum."""

from collections.abc import Sequence
from typing import Any

import jax

from deepkit.tensors import Variable

from ._checks import check_fraction
from ._optimizer import Optimizer
from ._rule import update_rule


@update_rule
def sgd(
    variable: jax.Array, gradient: jax.Array, learning_rate: jax.Array, step: jax.Array
) -> tuple[jax.Array, ...]:
    """One step down the gradient."""
    return (variable - gradient * learning_rate,)


@update_rule
def sgd_with_momentum(
    variable: jax.Array,
    gradient: jax.Array,
    learning_rate: jax.Array,
    step: jax.Array,
    velocity: jax.Array,
    *,
    momentum: float,
    nesterov: bool,
) -> tuple[jax.Array, ...]:
    """One step of the velocity, or of the velocity to come (Nesterov)."""
    velocity = velocity * momentum - gradient * learning_rate
    move = velocity * momentum - gradient * learning_rate if nesterov else velocity
    return variable + move, velocity


class SGD(Optimizer):
    """Gradient descent, with or without momentum.

    The simplest of all, and with momentum and a schedule still the best for many image models.

    Without momentum: `w = w - learning_rate * g`. With momentum:
    `v = momentum * v - learning_rate * g; w = w + v`, and with Nesterov's look-ahead
    `w = w + momentum * v - learning_rate * g`.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        momentum: the part of the velocity that stays in each step, from 0 to 1; 0 keeps none.
        nesterov: whether the step is taken by the velocity to come.
        name: and all other arguments: see `deepkit.optimizers.Optimizer`.

    Raises:
        ArgumentError: an option has a value that is not allowed.

    Example:
        >>> import deepkit
        >>> weight = deepkit.Variable(3.0)
        >>> optimizer = deepkit.optimizers.SGD(learning_rate=0.25)
        >>> optimizer.apply([4.0], [weight])
        >>> float(weight)
        2.0
    """

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
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
        self.momentum = check_fraction("momentum", momentum)
        self.nesterov = bool(nesterov)

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self.momentums = []
        if self.momentum != 0:
            self.momentums = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        if not self.momentums:
            self._apply_rule(sgd, gradient, variable, learning_rate)
            return
        self._apply_rule(
            sgd_with_momentum,
            gradient,
            variable,
            learning_rate,
            self.momentums[self._get_variable_index(variable)],
            momentum=self.momentum,
            nesterov=self.nesterov,
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "nesterov": self.nesterov,
        }
