"""LossScaleOptimizer: a loss scale that finds its own size."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit import initializers
from deepkit.core import serialization
from deepkit.core.errors import ArgumentError, ArgumentTypeError
from deepkit.tensors import Variable, as_array

from ._branch import run_branch
from ._checks import check_count, check_positive
from ._optimizer import Optimizer
from ._precision import widen
from ._slots import SlotOwner

_OPTIONS_OF_THE_INNER = {
    "weight_decay": None,
    "clipnorm": None,
    "clipvalue": None,
    "global_clipnorm": None,
    "use_ema": False,
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": None,
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
}


def all_finite(gradients: Sequence[jax.Array]) -> jax.Array:
    """Whether no element of any gradient is infinite or NaN."""
    return jnp.all(jnp.stack([jnp.all(jnp.isfinite(gradient)) for gradient in gradients]))


def _divide(gradient: jax.Array, scale: jax.Array) -> jax.Array:
    return gradient / scale.astype(gradient.dtype)


class LossScaleOptimizer(Optimizer):
    """Keeps float16 gradients from vanishing by scaling the loss.

    The loss is multiplied by a scale before it is differentiated, and gradients are divided by it.
    Where a gradient is not finite, the step is skipped and the scale halved; after
    `dynamic_growth_steps` finite steps in a row it is doubled. `compile` wraps the optimizer in one
    by itself where the model's dtype policy is `"mixed_float16"`.

    Args:
        inner_optimizer: the optimizer that updates the variables; clipping, averages and all else
            are set on it.
        initial_scale: the scale at the start.
        dynamic_growth_steps: so many finite steps in a row double the scale.
        name: its name; the class's name in snake case if `None`.

    Raises:
        ArgumentError: an option belongs to the inner optimizer, or has a value not allowed.
        ArgumentTypeError: `inner_optimizer` is no optimizer.

    Example:
        >>> import deepkit
        >>> weight = deepkit.Variable(3.0)
        >>> optimizer = deepkit.optimizers.LossScaleOptimizer(
        ...     deepkit.optimizers.SGD(learning_rate=0.5), initial_scale=8.0
        ... )
        >>> float(optimizer.scale_loss(2.0))
        16.0
        >>> optimizer.apply([16.0], [weight])
        >>> float(weight)
        2.0
    """

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if not kwargs.pop("dynamic", True):
            raise ArgumentError(
                "Expected no `dynamic=False`: for a fixed scale, set `loss_scale_factor` on the "
                "inner optimizer and use it alone."
            )
        for option, default in _OPTIONS_OF_THE_INNER.items():
            if kwargs.pop(option, default) != default:
                raise ArgumentError(
                    f"LossScaleOptimizer has no option `{option}`; set it on the inner optimizer."
                )
        super().__init__(learning_rate=0.0, name=name, **kwargs)
        if not isinstance(inner_optimizer, Optimizer):
            raise ArgumentTypeError(
                f"Expected `inner_optimizer` to be an optimizer, received {inner_optimizer!r}. "
                f"Names are resolved by `deepkit.optimizers.get`."
            )
        self.inner_optimizer = inner_optimizer
        self.inner_optimizer.loss_scale_factor = None
        self.initial_scale = check_positive("initial_scale", initial_scale)
        self.dynamic_growth_steps = check_count("dynamic_growth_steps", dynamic_growth_steps)

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        self.step_counter = self.add_variable((), dtype="int32", name="step_counter")
        self.dynamic_scale = self.add_variable(
            (),
            initializer=initializers.Constant(self.initial_scale),
            dtype="float32",
            name="dynamic_scale",
        )
        self.inner_optimizer.build(variables)
        super().build(variables)

    def _owners(self) -> list[SlotOwner]:
        return [self, *self.inner_optimizer._owners()]

    def take_paths_from(self, paths: Callable[[], Mapping[int, Sequence[str]]]) -> None:
        """Pass the model's paths of variables on to the inner optimizer."""
        self.inner_optimizer.take_paths_from(paths)

    @property
    def variables(self) -> list[Variable]:
        """Its own state, then the inner optimizer's."""
        return [*super().variables, *self.inner_optimizer.variables]

    def state_after_steps(self) -> list[tuple[Variable, Callable[[int], float]]]:
        """The scale of the start, after any number of steps: it finds its size again."""
        return [
            (self.step_counter, lambda steps: 0),
            (self.dynamic_scale, lambda steps: self.initial_scale),
        ]

    def apply(self, grads: Sequence[Any], trainable_variables: Any = None) -> None:
        """Update variables by the gradients of a scaled loss, if all of them are finite."""
        present = [as_array(gradient) for gradient in grads if gradient is not None]
        if not present:
            self.inner_optimizer.apply(grads, trainable_variables)
            return
        variables = self._variables_to_update(trainable_variables)
        run_branch(
            all_finite(present),
            lambda: self._apply_unscaled(grads, variables),
            self._lower_scale,
            [*variables, *self._trainable_variables, *self.variables],
        )

    def _apply_unscaled(self, grads: Sequence[Any], variables: Sequence[Variable]) -> None:
        scale = self.dynamic_scale.value
        unscaled = [
            g if g is None or v.overwrite_with_gradient else _divide(widen(as_array(g)), scale)
            for g, v in zip(grads, variables)
        ]
        self.inner_optimizer.apply(unscaled, variables)
        steps = self.step_counter.value + 1
        grows = steps == self.dynamic_growth_steps
        self.step_counter.assign(jnp.where(grows, 0, steps))
        self.dynamic_scale.assign(jnp.where(grows, scale * 2, scale))

    def _lower_scale(self) -> None:
        self.step_counter.assign(0)
        self.dynamic_scale.assign(self.dynamic_scale.value * 0.5)

    @property
    def learning_rate(self) -> Any:
        """The inner optimizer's learning rate; can be set."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        self.inner_optimizer.learning_rate = learning_rate

    @property
    def iterations(self) -> Any:
        """The inner optimizer's number of updates; skipped steps do not count."""
        return self.inner_optimizer.iterations

    def scale_loss(self, loss: Any) -> jax.Array:
        """The loss times the scale, at least in float32, which the product fits into."""
        loss = widen(as_array(loss))
        scale = self.dynamic_scale.value if self.built else jnp.float32(self.initial_scale)
        return loss * scale.astype(loss.dtype)

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """Let the inner optimizer set final values."""
        self.inner_optimizer.finalize_variable_values(var_list)

    def exclude_from_weight_decay(
        self,
        var_list: Iterable[Variable] | None = None,
        var_names: Iterable[str] | None = None,
    ) -> None:
        """Exclude variables from the inner optimizer's weight decay."""
        self.inner_optimizer.exclude_from_weight_decay(var_list, var_names)

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "inner_optimizer": serialization.serialize_keras_object(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> "LossScaleOptimizer":
        config = dict(config)
        inner_optimizer = serialization.deserialize_keras_object(
            config.pop("inner_optimizer"), custom_objects=custom_objects
        )
        return cls(inner_optimizer, **config)
