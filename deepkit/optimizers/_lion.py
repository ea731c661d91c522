"""Lion: steps of one size, by the sign of the momentum."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.tensors import Variable

from ._checks import check_fraction, check_open_fraction
from ._optimizer import Optimizer
from ._rule import update_rule


@update_rule
def lion(
    variable: jax.Array,
    gradient: jax.Array,
    learning_rate: jax.Array,
    step: jax.Array,
    m: jax.Array,
    *,
    beta_1: float,
    beta_2: float,
) -> tuple[jax.Array, ...]:
    """One step by the sign of the interpolated momentum."""
    direction = jnp.sign(m * beta_1 + gradient * (1 - beta_1))
    return variable - learning_rate * direction, m * beta_2 + gradient * (1 - beta_2)


class Lion(Optimizer):
    """Steps of one size in every coordinate, by the sign of the momentum.

    Keeps half the state of Adam. Wants a learning rate 3 to 10 times smaller than Adam's, a weight
    decay as many times larger, and large batches.

    `w = w - learning_rate * sign(beta_1 * m + (1 - beta_1) * g); m = beta_2 * m + (1 - beta_2) * g`

    Paper: Chen et al., "Symbolic Discovery of Optimization Algorithms",
    https://arxiv.org/abs/2302.06675

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        beta_1: the part of the momentum in the direction of a step, above 0 and at most 1.
        beta_2: decay rate of the momentum, from 0 to 1.
        name: and all other arguments: see `deepkit.optimizers.Optimizer`.

    Raises:
        ArgumentError: an option has a value that is not allowed.

    Example:
        >>> import deepkit
        >>> weight = deepkit.Variable(3.0)
        >>> optimizer = deepkit.optimizers.Lion(learning_rate=0.5)
        >>> optimizer.apply([4.0], [weight])
        >>> round(float(weight), 4)
        2.5
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
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
        self.beta_2 = check_fraction("beta_2", beta_2)

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._momentums = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        self._apply_rule(
            lion,
            gradient,
            variable,
            learning_rate,
            self._momentums[self._get_variable_index(variable)],
            beta_1=self.beta_1,
            beta_2=self.beta_2,
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
        }
