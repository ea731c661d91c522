"""Ftrl: follow the regularized leader, for sparse linear models."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit import initializers
from deepkit.tensors import Variable

from ._checks import check_not_negative, check_number
from ._optimizer import Optimizer
from ._rule import update_rule


@update_rule
def ftrl(
    variable: jax.Array,
    gradient: jax.Array,
    learning_rate: jax.Array,
    step: jax.Array,
    n: jax.Array,
    z: jax.Array,
    *,
    learning_rate_power: float,
    l1: float,
    l2: float,
    l2_shrinkage: float,
    beta: float,
) -> tuple[jax.Array, ...]:
    """The minimum of the regularized sum of all gradients so far (`n`, `z` as in the paper)."""
    gradient_and_shrinkage = gradient + 2 * l2_shrinkage * variable
    new_n = n + jnp.square(gradient)
    root, new_root = n**-learning_rate_power, new_n**-learning_rate_power
    z = z + (gradient_and_shrinkage - (new_root - root) / learning_rate * variable)
    quadratic = new_root / learning_rate + 2 * (l2 + beta / (2 * learning_rate))
    return (jnp.clip(z, -l1, l1) - z) / quadratic, new_n, z


class Ftrl(Optimizer):
    """Follow the regularized leader: sparse weights from sparse features.

    Made for click prediction and other large linear models: with an L1 strength above 0 most
    weights become exactly 0.

    `n' = n + g^2; sigma = (n'^-p - n^-p) / learning_rate;
    z = z + g + 2 * l2_shrinkage * w - sigma * w;
    w = (clip(z, -l1, l1) - z) / ((beta + n'^-p) / learning_rate + 2 * l2)`, with
    `p = learning_rate_power`

    Paper: McMahan et al., "Ad Click Prediction: a View from the Trenches",
    https://research.google.com/pubs/archive/41159.pdf

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        learning_rate_power: how the rate falls with the gradients so far, at most 0; 0 keeps it.
        initial_accumulator_value: where the sums of squares start, at least 0.
        l1_regularization_strength: at least 0; makes weights 0.
        l2_regularization_strength: at least 0; makes weights small.
        l2_shrinkage_regularization_strength: at least 0; is added to the gradient.
        beta: the paper's beta, added to the roots of the sums.
        name: and all other arguments: see `deepkit.optimizers.Optimizer`.

    Raises:
        ArgumentError: an option has a value that is not allowed.

    Example:
        >>> import deepkit
        >>> weight = deepkit.Variable(3.0)
        >>> optimizer = deepkit.optimizers.Ftrl(learning_rate=0.5)
        >>> optimizer.apply([4.0], [weight])
        >>> round(float(weight), 4)
        2.2651
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
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
        self.learning_rate_power = check_number(
            "learning_rate_power", learning_rate_power, "a number of at most 0", lambda p: p <= 0
        )
        self.initial_accumulator_value = check_not_negative(
            "initial_accumulator_value", initial_accumulator_value
        )
        self.l1_regularization_strength = check_not_negative(
            "l1_regularization_strength", l1_regularization_strength
        )
        self.l2_regularization_strength = check_not_negative(
            "l2_regularization_strength", l2_regularization_strength
        )
        self.l2_shrinkage_regularization_strength = check_not_negative(
            "l2_shrinkage_regularization_strength", l2_shrinkage_regularization_strength
        )
        self.beta = check_number("beta", beta)

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._accumulators, self._linears = self.add_optimizer_variables(
            variables,
            ["accumulator", "linear"],
            [initializers.Constant(self.initial_accumulator_value), "zeros"],
        )

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        index = self._get_variable_index(variable)
        self._apply_rule(
            ftrl,
            gradient,
            variable,
            learning_rate,
            self._accumulators[index],
            self._linears[index],
            learning_rate_power=self.learning_rate_power,
            l1=self.l1_regularization_strength,
            l2=self.l2_regularization_strength,
            l2_shrinkage=self.l2_shrinkage_regularization_strength,
            beta=self.beta,
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "learning_rate_power": self.learning_rate_power,
            "initial_accumulator_value": self.initial_accumulator_value,
            "l1_regularization_strength": self.l1_regularization_strength,
            "l2_regularization_strength": self.l2_regularization_strength,
            "l2_shrinkage_regularization_strength": self.l2_shrinkage_regularization_strength,
            "beta": self.beta,
        }
