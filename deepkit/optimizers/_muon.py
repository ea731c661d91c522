"""Muon: momentum made orthogonal, for the matrices inside a network."""

import math
import re
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core.errors import ArgumentTypeError
from deepkit.tensors import Variable, as_array

from ._adam_base import adam
from ._checks import (
    check_count,
    check_decay_rate,
    check_fraction,
    check_not_negative,
    check_number,
    check_optional,
)
from ._optimizer import Optimizer
from ._rule import update_rule


@update_rule
def muon(
    variable: jax.Array,
    gradient: jax.Array,
    learning_rate: jax.Array,
    step: jax.Array,
    m: jax.Array,
    *,
    momentum: float,
    nesterov: bool,
    coefficients: tuple[float, float, float],
    newton_schulz_steps: int,
    rms_rate: float | None,
) -> tuple[jax.Array, ...]:
    """One step by the momentum with all its singular values moved towards 1."""
    m = m + (gradient + m * (momentum - 1))
    direction = gradient + momentum * m if nesterov else m
    update = learning_rate * orthogonalize(direction, coefficients, newton_schulz_steps)
    if rms_rate is not None:
        update = update * math.sqrt(max(variable.shape)) * rms_rate
    return variable - update, m


def orthogonalize(x: jax.Array, coefficients: tuple[float, float, float], steps: int) -> jax.Array:
    """Move the singular values of a matrix towards 1 by Newton-Schulz iterations.

    Each is `X = a X + (b A + c A^2) X` with `A = X X^T`, on the wider form of the matrix.
    """
    a, b, c = coefficients
    tall = x.shape[-2] > x.shape[-1]
    x = x.mT if tall else x
    x = x / (jnp.linalg.norm(x, axis=(-2, -1), keepdims=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if tall else x


class Muon(Optimizer):
    """Momentum made orthogonal for matrices; Adam for everything else.

    Trains transformers in fewer steps than AdamW. Only matrices (variables with two axes) take its
    step; embeddings, and what `exclude_layers` names, take Adam's. Name the output layer there:
    `exclude_layers=["output_dense"]`.

    `m = momentum * m + g; w = w - learning_rate * rms_rate * sqrt(max(rows, columns)) *
    orthogonalized(g + momentum * m)`

    Papers: Jordan et al., https://kellerjordan.github.io/posts/muon; Liu et al., "Muon is Scalable
    for LLM Training", https://arxiv.org/abs/2502.16982

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        adam_beta_1: Adam's decay rate of the mean gradient, at least 0 and below 1.
        adam_beta_2: Adam's decay rate of the mean square, at least 0 and below 1.
        adam_weight_decay: weight decay of the variables that take Adam's step.
        epsilon: keeps Adam's division finite.
        weight_decay: weight decay of the matrices.
        exclude_layers: regular expressions; a variable whose path one of them is found in takes
            Adam's step.
        exclude_embeddings: whether variables with "embedding" in their paths take Adam's step.
        muon_a: the first coefficient of the iteration that makes matrices orthogonal.
        muon_b: the second one.
        muon_c: the third one.
        adam_lr_ratio: Adam's learning rate as a multiple of `learning_rate`.
        momentum: the part of the momentum that stays in each step, from 0 to 1.
        ns_steps: the number of iterations that make a matrix orthogonal.
        nesterov: whether the momentum to come is used.
        rms_rate: root mean square of an update, in learning rates; with 0.2 the learning rates and
            weight decays of Adam fit. `None` leaves updates unscaled.
        name: and all other arguments: see `deepkit.optimizers.Optimizer`.

    Raises:
        ArgumentError: an option has a value that is not allowed.

    Example:
        >>> import deepkit
        >>> weight = deepkit.Variable([[3.0, 0.0], [0.0, 3.0]])
        >>> optimizer = deepkit.optimizers.Muon(learning_rate=0.1, weight_decay=None)
        >>> optimizer.apply([[[5.0, 0.0], [0.0, 5.0]]], [weight])
        >>> bool((weight.value < 3).diagonal().all())
        True
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        exclude_layers: Sequence[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.7750,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
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
        self.adam_beta_1 = check_decay_rate("adam_beta_1", adam_beta_1)
        self.adam_beta_2 = check_decay_rate("adam_beta_2", adam_beta_2)
        self.adam_weight_decay = check_optional(
            check_number, "adam_weight_decay", adam_weight_decay
        )
        self.epsilon = check_not_negative("epsilon", epsilon)
        self.exclude_layers = _check_patterns(exclude_layers)
        self.exclude_embeddings = bool(exclude_embeddings)
        self.muon_a = check_number("muon_a", muon_a)
        self.muon_b = check_number("muon_b", muon_b)
        self.muon_c = check_number("muon_c", muon_c)
        self.adam_lr_ratio = check_number("adam_lr_ratio", adam_lr_ratio)
        self.momentum = check_fraction("momentum", momentum)
        self.ns_steps = check_count("ns_steps", ns_steps, 0)
        self.nesterov = bool(nesterov)
        self.rms_rate = check_optional(check_number, "rms_rate", rms_rate)

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self.momentums, self.adam_velocities = [], []
        for variable in variables:
            takes_part = not variable.overwrite_with_gradient
            momentum = velocity = None
            if takes_part:
                momentum = self.add_variable_from_reference(variable, "momentum")
            if takes_part and self._takes_adam(variable):
                velocity = self.add_variable_from_reference(variable, "velocity")
            self.momentums.append(momentum)
            self.adam_velocities.append(velocity)

    def _takes_adam(self, variable: Variable) -> bool:
        if variable.ndim != 2:
            return True
        if self.exclude_embeddings and "embedding" in variable.path.lower():
            return True
        return any(re.search(pattern, variable.path) for pattern in self.exclude_layers)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        index = self._get_variable_index(variable)
        momentum, velocity = self.momentums[index], self.adam_velocities[index]
        if velocity is None:
            self._apply_rule(
                muon,
                gradient,
                variable,
                learning_rate,
                momentum,
                momentum=self.momentum,
                nesterov=self.nesterov,
                coefficients=(self.muon_a, self.muon_b, self.muon_c),
                newton_schulz_steps=self.ns_steps,
                rms_rate=self.rms_rate,
            )
            return
        self._apply_rule(
            adam,
            gradient,
            variable,
            as_array(learning_rate) * self.adam_lr_ratio,
            momentum,
            velocity,
            beta_1=self.adam_beta_1,
            beta_2=self.adam_beta_2,
            epsilon=self.epsilon,
        )

    def _weight_decay_of(self, variable: Variable) -> float | None:
        return self.adam_weight_decay if self._takes_adam(variable) else self.weight_decay

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "adam_beta_1": self.adam_beta_1,
            "adam_beta_2": self.adam_beta_2,
            "epsilon": self.epsilon,
            "exclude_layers": self.exclude_layers,
            "muon_a": self.muon_a,
            "muon_b": self.muon_b,
            "muon_c": self.muon_c,
            "adam_lr_ratio": self.adam_lr_ratio,
            "momentum": self.momentum,
            "ns_steps": self.ns_steps,
            "nesterov": self.nesterov,
            "exclude_embeddings": self.exclude_embeddings,
            "adam_weight_decay": self.adam_weight_decay,
            "rms_rate": self.rms_rate,
        }


def _check_patterns(exclude_layers: Sequence[str] | None) -> list[str]:
    patterns = [] if exclude_layers is None else exclude_layers
    if isinstance(patterns, str) or not all(isinstance(pattern, str) for pattern in patterns):
        raise ArgumentTypeError(
            f"Expected `exclude_layers` to be a list of text such as ['output_dense'], "
            f"received {exclude_layers!r}."
        )
    return list(patterns)
