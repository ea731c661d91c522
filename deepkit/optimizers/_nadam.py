"""Nadam: Adam with Nesterov's look-ahead."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit import initializers
from deepkit.core import config
from deepkit.tensors import Variable, as_array

from ._checks import check_decay_rate, check_not_negative
from ._optimizer import Optimizer
from ._precision import widen
from ._rule import update_rule

# The momentum grows over tens of steps today. It grew over thousands in Keras 1 and 2.
_SCHEDULE_DECAY = 1.0


def _momentum_at(step: jax.Array | int, beta_1: float, schedule_decay: float) -> jax.Array | float:
    """The paper's warming momentum, mu_t."""
    return beta_1 * (1 - 0.5 * 0.96 ** (step * schedule_decay))


@functools.partial(jax.jit, static_argnames=("beta_1", "schedule_decay"), inline=True)
def next_momentum_product(
    product: jax.Array, iterations: jax.Array, *, beta_1: float, schedule_decay: float
) -> jax.Array:
    """The product of the momenta of all steps, this one included."""
    wide = widen(product)
    step = (iterations + 1).astype(wide.dtype)
    return (wide * _momentum_at(step, beta_1, schedule_decay)).astype(product.dtype)


def momentum_product(steps: int, *, beta_1: float, schedule_decay: float) -> float:
    """The product of the momenta of so many steps."""
    product = 1.0
    for step in range(1, steps + 1):
        if product < 1e-60:  # nothing in any dtype that holds it
            return 0.0
        if step * schedule_decay > 1000:  # and 0.96^1000 is nothing beside 1
            return product * beta_1 ** (steps - step + 1)
        product *= _momentum_at(step, beta_1, schedule_decay)
    return product


@update_rule
def nadam(
    variable: jax.Array,
    gradient: jax.Array,
    learning_rate: jax.Array,
    step: jax.Array,
    m: jax.Array,
    v: jax.Array,
    product: jax.Array,
    *,
    beta_1: float,
    beta_2: float,
    epsilon: float,
    schedule_decay: float,
) -> tuple[jax.Array, ...]:
    """One step by the momentum to come; `product` is the product of the momenta so far."""
    momentum = _momentum_at(step, beta_1, schedule_decay)
    next_momentum = _momentum_at(step + 1, beta_1, schedule_decay)
    # Rounded first, so that the mean square and its correction round alike.
    beta_2 = jnp.asarray(beta_2, variable.dtype)
    m = m + (gradient - m) * (1 - beta_1)
    v = v + (jnp.square(gradient) - v) * (1 - beta_2)
    m_hat = next_momentum * m / (1 - product * next_momentum) + (1 - momentum) * gradient / (
        1 - product
    )
    v_hat = v / (1 - beta_2**step)
    return variable - m_hat * learning_rate / (jnp.sqrt(v_hat) + epsilon), m, v


class Nadam(Optimizer):
    """Adam with Nesterov's look-ahead.

    Often a little faster than Adam on recurrent and deep feed-forward models.

    `mu_t = beta_1 * (1 - 0.5 * 0.96^(t * schedule_decay))` is the momentum of step t and P_t the
    product of all to t;
    `m_hat = mu_{t+1} * m / (1 - P_{t+1}) + (1 - mu_t) * g / (1 - P_t)`;
    `w = w - learning_rate * m_hat / (sqrt(v / (1 - beta_2^t)) + epsilon)`

    Paper: Dozat, "Incorporating Nesterov Momentum into Adam",
    http://cs229.stanford.edu/proj2015/054_report.pdf

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        beta_1: decay rate of the mean gradient, at least 0 and below 1.
        beta_2: decay rate of the mean square, at least 0 and below 1.
        epsilon: keeps the division finite.
        name: and all other arguments: see `deepkit.optimizers.Optimizer`.
        schedule_decay: how fast the momentum grows, by keyword alone: 1.0, as in Keras 3. Keras 1
            and 2 had 0.004, and models of theirs go on with it. Keras 3 has no such option, and
            passes over it in a file with a warning.

    Raises:
        ArgumentError: an option has a value that is not allowed.

    Example:
        >>> import deepkit
        >>> weight = deepkit.Variable(3.0)
        >>> optimizer = deepkit.optimizers.Nadam(learning_rate=0.5)
        >>> optimizer.apply([4.0], [weight])
        >>> round(float(weight), 4)
        2.4686
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
        schedule_decay = kwargs.pop("schedule_decay", _SCHEDULE_DECAY)
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
        self.schedule_decay = check_not_negative("schedule_decay", schedule_decay)

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(
            variables, ["momentum", "velocity"]
        )
        self._u_product = self.add_variable(
            (),
            initializer=initializers.Constant(1.0),
            dtype=variables[0].dtype if variables else config.floatx(),
            name="u_product",
        )

    def state_after_steps(self) -> list[tuple[Variable, Callable[[int], float]]]:
        product = functools.partial(momentum_product, **self._schedule())
        return [(self._u_product, product)]

    def _schedule(self) -> dict[str, float]:
        return {"beta_1": self.beta_1, "schedule_decay": self.schedule_decay}

    def _update_variables(self, gradients: list[jax.Array], variables: list[Variable]) -> None:
        product, iterations = self._u_product.value, as_array(self.iterations)
        self._u_product.assign(next_momentum_product(product, iterations, **self._schedule()))
        super()._update_variables(gradients, variables)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        index = self._get_variable_index(variable)
        self._apply_rule(
            nadam,
            gradient,
            variable,
            learning_rate,
            self._momentums[index],
            self._velocities[index],
            self._u_product,
            beta_2=self.beta_2,
            epsilon=self.epsilon,
            **self._schedule(),
        )

    def get_config(self) -> dict[str, Any]:
        # Under the name that it had in TensorFlow, as this is the one that Keras 3 passes over.
        is_older = self.schedule_decay != _SCHEDULE_DECAY
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            **({"decay": self.schedule_decay} if is_older else {}),
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> "Nadam":
        config = dict(config)
        if "decay" in config:
            config["schedule_decay"] = config.pop("decay")
        return super().from_config(config, custom_objects)
