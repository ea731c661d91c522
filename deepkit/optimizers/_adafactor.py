"""Adafactor: second moments of matrices kept as rows and columns."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.tensors import Variable

from ._checks import check_not_negative, check_number, check_positive
from ._optimizer import Optimizer
from ._rule import update_rule


@update_rule
def adafactor(
    variable: jax.Array,
    gradient: jax.Array,
    learning_rate: jax.Array,
    step: jax.Array,
    r: jax.Array,
    c: jax.Array,
    v: jax.Array,
    *,
    beta_2_decay: float,
    epsilon_1: float,
    epsilon_2: float,
    clip_threshold: float,
) -> tuple[jax.Array, ...]:
    """One step by the gradient over factored second moments: `r` of rows, `c` of columns."""
    rho = jnp.minimum(learning_rate, 1 / jnp.sqrt(step))
    alpha = jnp.maximum(_root_mean_square(variable), epsilon_2) * rho
    beta_2 = 1 - step**beta_2_decay
    square = jnp.square(gradient) + epsilon_1
    if variable.ndim >= 2:
        r = beta_2 * r + (1 - beta_2) * jnp.mean(square, axis=-1)
        c = beta_2 * c + (1 - beta_2) * jnp.mean(square, axis=-2)
        v = (r / jnp.mean(r, axis=-1, keepdims=True))[..., None] * c[..., None, :]
    else:
        v = beta_2 * v + (1 - beta_2) * square
    u = gradient / jnp.sqrt(v)
    u = u / jnp.maximum(1, _root_mean_square(u) / clip_threshold)
    return variable - alpha * u, r, c, v


def _root_mean_square(x: jax.Array) -> jax.Array:
    return jnp.sqrt(jnp.mean(jnp.square(x)))


class Adafactor(Optimizer):
    """Second moments of a matrix from those of its rows and columns alone.

    Common for large language models, and for embeddings with many rows.

    `beta_2 = 1 - t^beta_2_decay; v = r c / mean(r)`, with decaying means r and c of the squared
    gradient over columns and rows; `u = g / sqrt(v); u = u / max(1, rms(u) / clip_threshold);
    w = w - max(epsilon_2, rms(w)) * min(learning_rate, 1 / sqrt(t)) * u`

    Paper: Shazeer and Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost",
    https://arxiv.org/abs/1804.04235. Files of Keras hold v, so it is kept here too, and the memory
    that the paper saves is not saved.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        beta_2_decay: power by which the decay rate of the means rises to 1 with time.
        epsilon_1: added to squared gradients.
        epsilon_2: least root mean square of a variable, in proportion to which it is changed.
        clip_threshold: limit to the root mean square of u.
        relative_step: accepted for Keras's signature; the rate is at most `1 / sqrt(t)` either way.
        name: and all other arguments: see `deepkit.optimizers.Optimizer`.

    Raises:
        ArgumentError: an option has a value that is not allowed.

    Example:
        >>> import deepkit
        >>> weight = deepkit.Variable(3.0)
        >>> optimizer = deepkit.optimizers.Adafactor(learning_rate=0.5)
        >>> optimizer.apply([4.0], [weight])
        >>> round(float(weight), 4)
        1.5
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
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
        self.beta_2_decay = check_number("beta_2_decay", beta_2_decay)
        self.epsilon_1 = check_not_negative("epsilon_1", epsilon_1)
        self.epsilon_2 = check_not_negative("epsilon_2", epsilon_2)
        self.clip_threshold = check_positive("clip_threshold", clip_threshold)
        self.relative_step = bool(relative_step)

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._slots = [self._make_slots(variable) for variable in variables]

    def _make_slots(self, variable: Variable) -> tuple[Variable, ...] | None:
        if variable.overwrite_with_gradient:
            return None
        shape, name = tuple(variable.shape), variable.name
        if len(shape) < 2:  # r and c are placeholders, which files of Keras hold too
            r, c = (self._add_slot(variable, role, (), "int32", name) for role in ("r", "c"))
        else:
            r = self._add_slot(variable, "r", shape[:-1], variable.dtype, name)
            c = self._add_slot(variable, "c", (*shape[:-2], shape[-1]), variable.dtype, name)
        return r, c, self.add_variable_from_reference(variable, "velocity")

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        self._apply_rule(
            adafactor,
            gradient,
            variable,
            learning_rate,
            *self._slots[self._get_variable_index(variable)],
            beta_2_decay=self.beta_2_decay,
            epsilon_1=self.epsilon_1,
            epsilon_2=self.epsilon_2,
            clip_threshold=self.clip_threshold,
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "beta_2_decay": self.beta_2_decay,
            "epsilon_1": self.epsilon_1,
            "epsilon_2": self.epsilon_2,
            "clip_threshold": self.clip_threshold,
            "relative_step": self.relative_step,
        }
