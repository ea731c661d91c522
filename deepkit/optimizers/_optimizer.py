"""Optimizer: the base class that turns gradients into updates of variables."""

import inspect
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit import initializers
from deepkit.core import naming, serialization
from deepkit.core.errors import (
    ArgumentError,
    ArgumentTypeError,
    NotBuiltError,
    StateError,
    suggest,
)
from deepkit.tensors import StatelessScope, Variable, as_array, current_scope

from ._branch import run_branch
from ._checks import check_count, check_fraction, check_number, check_optional, check_positive
from ._clipping import clip_by_global_norm, clip_by_norm, clip_by_value
from ._gradients import pair_gradients
from ._moving_average import overwrite_periodically, update_average
from ._precision import widen
from ._slots import SlotOwner
from ._weight_decay import Exclusions, decay
from .schedules import LearningRateSchedule

# Written by Keras 2 into configs; they say nothing about the updates.
_FORGOTTEN_OPTIONS = ("jit_compile", "is_legacy_optimizer")


class Optimizer(SlotOwner):
    """Base of all optimizers; subclass it to write your own.

    A subclass makes its slots (momenta and the like) in `build(variables)` by
    `add_optimizer_variables` or `add_variable_from_reference`, updates one variable in
    `update_step(gradient, variable, learning_rate)`, and returns its options from `get_config`.
    Everything else is here: clipping, weight decay, moving averages of the weights, accumulation of
    gradients, loss scaling, constraints, schedules. All of it works eagerly, and inside a function
    that is compiled.

    Args:
        learning_rate: a number, a `LearningRateSchedule`, or a function without arguments that
            returns a number.
        weight_decay: in each step a variable loses this part of itself, times the learning rate;
            `None` for no decay.
        clipnorm: the gradient of each variable is scaled to at most this norm.
        clipvalue: each element of a gradient is limited to plus or minus this value.
        global_clipnorm: all gradients together are scaled to at most this norm.
        use_ema: whether an exponential moving average of each variable is kept, which becomes its
            value when training ends.
        ema_momentum: the part of the average that stays in each step, from 0 to 1.
        ema_overwrite_frequency: variables are set to their averages every so many steps; `None`
            does it at the end of training only.
        loss_scale_factor: the loss is multiplied by it before, and gradients are divided by it
            after they are computed, which keeps float16 gradients from vanishing.
        gradient_accumulation_steps: variables are updated in every k-th step only, by the mean
            gradient of k steps; an integer of at least 2, or `None`. Schedules count all steps.
        name: its name; the class's name in snake case if `None`.

    Raises:
        ArgumentError: an option has a value that is not allowed, or is not known.

    Example:
        >>> import deepkit
        >>> class Momentum(deepkit.optimizers.Optimizer):
        ...     def build(self, variables):
        ...         super().build(variables)
        ...         self.momentums = self.add_optimizer_variables(variables, "momentum")
        ...
        ...     def update_step(self, gradient, variable, learning_rate):
        ...         momentum = self.momentums[self._get_variable_index(variable)]
        ...         self.assign(momentum, 0.9 * momentum - learning_rate * gradient)
        ...         self.assign_add(variable, momentum)
        >>> weight = deepkit.Variable(3.0)
        >>> optimizer = Momentum(learning_rate=0.5)
        >>> optimizer.apply([2.0], [weight])
        >>> float(weight)
        2.0
    """

    def __init__(
        self,
        learning_rate: Any,
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
        super().__init__()
        self._exclusions = Exclusions()
        self.built = False
        self._reject_unknown(kwargs)
        if name is None:
            name = naming.auto_name(naming.to_snake_case(type(self).__name__))
        self.name = naming.check_name(name, "an optimizer")
        self.weight_decay = check_optional(check_number, "weight_decay", weight_decay)
        self.clipnorm = check_optional(check_positive, "clipnorm", clipnorm)
        self.clipvalue = check_optional(check_positive, "clipvalue", clipvalue)
        self.global_clipnorm = check_optional(check_positive, "global_clipnorm", global_clipnorm)
        self._check_one_way_of_clipping()
        self.use_ema = bool(use_ema)
        self.ema_momentum = check_fraction("ema_momentum", ema_momentum)
        self.ema_overwrite_frequency = check_optional(
            check_count, "ema_overwrite_frequency", ema_overwrite_frequency
        )
        self.loss_scale_factor = check_optional(
            check_positive, "loss_scale_factor", loss_scale_factor
        )
        self.gradient_accumulation_steps = check_optional(
            check_count, "gradient_accumulation_steps", gradient_accumulation_steps, 2
        )
        self._iterations = self.add_variable(
            (), dtype="int32", aggregation="only_first_replica", name="iteration"
        )
        self._learning_rate = self._make_learning_rate(learning_rate)

    def _reject_unknown(self, options: dict[str, Any]) -> None:
        if options.pop("decay", None):
            warnings.warn(
                "The argument `decay` is ignored. Pass a schedule as the learning rate instead: "
                "`learning_rate=deepkit.optimizers.schedules.InverseTimeDecay(...)`.",
                stacklevel=4,
            )
        for option, value in options.items():
            known = inspect.signature(type(self)).parameters
            hint = " Use `learning_rate`." if option == "lr" else suggest(option, known)
            raise ArgumentError(
                f"{type(self).__name__} has no option `{option}`, "
                f"received {option}={value!r}.{hint}"
            )

    def _check_one_way_of_clipping(self) -> None:
        ways = {
            "clipnorm": self.clipnorm,
            "clipvalue": self.clipvalue,
            "global_clipnorm": self.global_clipnorm,
        }
        given = {way: limit for way, limit in ways.items() if limit is not None}
        if len(given) > 1:
            raise ArgumentError(
                f"Expected at most one of `clipnorm`, `clipvalue` and `global_clipnorm`, "
                f"received {given}."
            )

    @property
    def iterations(self) -> Any:
        """The number of updates done; with accumulation, of steps divided by their number."""
        if self.gradient_accumulation_steps:
            return self._iterations.value // self.gradient_accumulation_steps
        return self._iterations

    @property
    def learning_rate(self) -> Any:
        """The learning rate of the coming step; assign a number, a schedule or a function."""
        rate = self._learning_rate
        if isinstance(rate, LearningRateSchedule):
            return rate(self._iterations)
        return rate() if callable(rate) else rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        current = self._learning_rate
        if callable(learning_rate):
            self._variables.pop(id(current), None)
            self._learning_rate = learning_rate
        elif isinstance(current, Variable):
            current.assign(learning_rate)
        else:
            raise ArgumentTypeError(
                f"The learning rate of '{self.name}' is a schedule or a function, so it cannot be "
                f"set to {learning_rate!r}. Make the optimizer with a number as `learning_rate` if "
                f"it is to be set later."
            )

    def _make_learning_rate(self, learning_rate: Any) -> Any:
        if callable(learning_rate) and not isinstance(learning_rate, type):
            return learning_rate
        expected = "a number, a LearningRateSchedule, or a function without arguments"
        number = check_number("learning_rate", learning_rate, expected)
        return self.add_variable(
            (),
            initializer=initializers.Constant(float(number)),
            aggregation="only_first_replica",
            name="learning_rate",
        )

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the state for the variables that will be updated.

        Subclasses call `super().build(variables)` and then make their slots.

        Args:
            variables: the trainable variables, in the order of the gradients to come.
        """
        variables = list(variables)
        if self.use_ema:
            self._model_variables_moving_average = self.add_optimizer_variables(
                variables, "average"
            )
        if self.gradient_accumulation_steps:
            self._accumulated_gradients = [
                self.add_variable_from_reference(variable, "gradient_accumulator")
                for variable in variables
            ]
        self._know_variables(variables)
        self._decays = [variable not in self._exclusions for variable in variables]
        self.built = True

    def _take_over(self, state: dict[Any, Variable]) -> None:
        if self.use_ema and self.built:
            # The average of a variable that joins late starts from its value; the rest is set next.
            for variable, average in self._averages_of(self._trainable_variables):
                average.assign(variable.value)
        super()._take_over(state)

    def update_step(self, gradient: jax.Array, variable: Variable, learning_rate: Any) -> None:
        """Update one variable and its slots. Subclasses define it.

        Args:
            gradient: the gradient, clipped and averaged as the options say.
            variable: the variable to assign to; its place in the lists of slots is
                `self._get_variable_index(variable)`.
            learning_rate: a scalar array or `Variable`.
        """
        raise StateError(
            f"{type(self).__name__} does not say how to update a variable. Define "
            f"`update_step(self, gradient, variable, learning_rate)` on it."
        )

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Variable:
        """Update variables by pairs of a gradient and its variable.

        Returns:
            The variable that counts the steps.

        Raises:
            ArgumentError: there are no pairs; for all else see `apply`.
        """
        pairs = list(grads_and_vars)
        # A function that is compiled may make its variables in this very call, and is traced again.
        if not pairs and current_scope() is None:
            raise ArgumentError(
                f"Expected pairs of gradients and variables for optimizer '{self.name}', received "
                f"none. A model has no `trainable_variables` before it is built: call it on data "
                f"first, and read the list then. (`zip` has nothing to give where one of its "
                f"lists is empty or was used up.)"
            )
        self.apply([gradient for gradient, _ in pairs], [variable for _, variable in pairs])
        return self._iterations

    def apply(self, grads: Sequence[Any], trainable_variables: Any = None) -> None:
        """Update variables by their gradients.

        Args:
            grads: the gradients, in the order of the variables; `None` leaves a variable as it is.
            trainable_variables: the variables; those it was built with if `None`. The first call
                builds the optimizer with them.

        Raises:
            NotBuiltError: no variables are given and none were before.
            ArgumentError: a variable is unknown, numbers differ, or all gradients are `None`.
            ShapeError: a gradient has not the shape of its variable.
        """
        if len(grads) == 0:
            return
        variables = self._variables_to_update(trainable_variables)
        gradients, variables = pair_gradients(grads, variables)
        gradients, variables = self._overwrite_with_gradients(gradients, variables)
        if gradients:
            if self.loss_scale_factor is not None:
                gradients = [widen(gradient) / self.loss_scale_factor for gradient in gradients]
            if self.gradient_accumulation_steps:
                self._accumulate(gradients, variables)
            else:
                self._clip_and_update(gradients, variables)
            self._update_moving_averages()
            for variable in variables:
                if variable.constraint is not None:
                    variable.assign(variable.constraint(variable.value))
        self._iterations.assign_add(1)

    def _variables_to_update(self, trainable_variables: Any) -> list[Variable]:
        if trainable_variables is None:
            if not self.built:
                raise NotBuiltError(
                    f"Optimizer '{self.name}' does not know its variables yet. Call "
                    f"`optimizer.build(trainable_variables)` first, or pass them to `apply`."
                )
            return self._trainable_variables
        variables = list(trainable_variables)
        if not self.built:
            self.build(variables)
            self.built = True
        self._check_variables_are_known(variables)
        return variables

    def _check_variables_are_known(self, variables: Sequence[Variable]) -> None:
        for variable in self.unknown(variables):
            raise ArgumentError(
                f"Unknown variable: '{variable.path}' of shape {tuple(variable.shape)}. "
                f"Optimizer '{self.name}' can only update the variables it was built with. "
                f"Build it with all of them by `optimizer.build(variables)`, or add to them by "
                f"`optimizer.rebuild(variables)`."
            )

    def _overwrite_with_gradients(
        self, gradients: list[jax.Array], variables: list[Variable]
    ) -> tuple[list[jax.Array], list[Variable]]:
        """Assign gradients to the variables that ask for it (scales of float8, for example)."""
        rest = []
        for gradient, variable in zip(gradients, variables):
            if not variable.overwrite_with_gradient:
                rest.append((gradient, variable))
            elif self.gradient_accumulation_steps:
                slot = self._accumulated_gradients[self._get_variable_index(variable)]
                largest = jnp.maximum(gradient.astype(slot.dtype), slot.value)
                updates = self._is_update_step()
                variable.assign(jnp.where(updates, largest, variable.value))
                slot.assign(jnp.where(updates, jnp.zeros_like(largest), largest))
            else:
                variable.assign(gradient)
        return [gradient for gradient, _ in rest], [variable for _, variable in rest]

    def _is_update_step(self) -> jax.Array:
        return (self._iterations.value + 1) % self.gradient_accumulation_steps == 0

    def _accumulate(self, gradients: list[jax.Array], variables: list[Variable]) -> None:
        slots = [self._accumulated_gradients[self._get_variable_index(v)] for v in variables]
        sums = [g.astype(slot.dtype) + slot.value for g, slot in zip(gradients, slots)]

        def update() -> None:
            steps = self.gradient_accumulation_steps
            self._clip_and_update([total / steps for total in sums], variables)
            for slot, total in zip(slots, sums):
                slot.assign(jnp.zeros_like(total))

        def keep() -> None:
            for slot, total in zip(slots, sums):
                slot.assign(total)

        run_branch(self._is_update_step(), update, keep, [*variables, *self.variables])

    def _clip_and_update(self, gradients: list[jax.Array], variables: list[Variable]) -> None:
        gradients = self._clip_gradients(gradients)
        self._apply_weight_decay(variables)
        self._update_variables(gradients, variables)

    def _update_variables(self, gradients: list[jax.Array], variables: list[Variable]) -> None:
        learning_rate = self.learning_rate
        for gradient, variable in zip(gradients, variables):
            self.update_step(gradient, variable, learning_rate)

    def _clip_gradients(self, gradients: list[jax.Array]) -> list[jax.Array]:
        if self.global_clipnorm is not None:
            return clip_by_global_norm(gradients, self.global_clipnorm)
        if self.clipnorm is not None:
            return [clip_by_norm(gradient, self.clipnorm) for gradient in gradients]
        if self.clipvalue is not None:
            return [clip_by_value(gradient, self.clipvalue) for gradient in gradients]
        return gradients

    def _apply_weight_decay(self, variables: list[Variable]) -> None:
        rates = [
            (variable, self._weight_decay_of(variable))
            for variable in variables
            if self._decays[self._get_variable_index(variable)]
        ]
        decaying = [(variable, rate) for variable, rate in rates if rate is not None]
        if decaying:
            learning_rate = as_array(self.learning_rate)
            for variable, rate in decaying:
                variable.assign(decay(variable.value, learning_rate, rate))

    def _weight_decay_of(self, variable: Variable) -> float | None:
        return self.weight_decay

    def exclude_from_weight_decay(
        self,
        var_list: Iterable[Variable] | None = None,
        var_names: Iterable[str] | None = None,
    ) -> None:
        """Exclude variables from weight decay, before the optimizer is built.

        Args:
            var_list: the variables themselves.
            var_names: regular expressions; a variable whose name one of them is found in is
                excluded: `["bias"]`.

        Raises:
            StateError: the optimizer is built.
        """
        if self.built:
            raise StateError(
                f"Optimizer '{self.name}' is built already; call `exclude_from_weight_decay` "
                f"before it is built or used."
            )
        self._exclusions = Exclusions(var_list, var_names)

    def _update_moving_averages(self) -> None:
        if not self.use_ema:
            return
        iterations = as_array(self.iterations)
        for variable, average in self._averages_of(self._trainable_variables):
            if not variable.trainable:
                continue
            average.assign(
                update_average(average.value, variable.value, iterations, self.ema_momentum)
            )
            if self.ema_overwrite_frequency is not None:
                variable.assign(
                    overwrite_periodically(
                        variable.value, average.value, iterations, self.ema_overwrite_frequency
                    )
                )

    def _averages_of(self, variables: Sequence[Variable]) -> list[tuple[Variable, Variable]]:
        averages = self._model_variables_moving_average
        pairs = [(v, averages[self._get_variable_index(v)]) for v in variables]
        return [(v, average) for v, average in pairs if average is not None]

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """Set variables to their final values: their moving averages, where they are kept.

        Args:
            var_list: variables that the optimizer was built with.

        Raises:
            ArgumentError: a variable is unknown.
        """
        if not self.use_ema:
            return
        self._check_variables_are_known(var_list)
        for variable, average in self._averages_of(var_list):
            variable.assign(average.value)

    def scale_loss(self, loss: Any) -> Any:
        """The loss to differentiate: multiplied by `loss_scale_factor`, if there is one."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def stateless_apply(
        self,
        optimizer_variables: Sequence[Any],
        grads: Sequence[Any],
        trainable_variables: Sequence[Any],
    ) -> tuple[list[jax.Array], list[jax.Array]]:
        """A pure form of `apply`: values in, new values out, nothing assigned.

        Args:
            optimizer_variables: values for `self.variables`.
            grads: the gradients.
            trainable_variables: values for the variables the optimizer was built with.

        Returns:
            The new values of the trainable variables, and of the optimizer's variables.

        Raises:
            NotBuiltError: the optimizer is not built.
            ArgumentError: numbers differ.
        """
        if not self.built:
            raise NotBuiltError(
                f"Optimizer '{self.name}' must be built before `stateless_apply`. Call "
                f"`optimizer.build(trainable_variables)` first."
            )
        own, updated = self.variables, self._trainable_variables
        for argument, values, variables in (
            ("optimizer_variables", optimizer_variables, own),
            ("trainable_variables", trainable_variables, updated),
        ):
            if len(values) != len(variables):
                raise ArgumentError(
                    f"Expected `{argument}` to hold {len(variables)} values, one for each variable "
                    f"that optimizer '{self.name}' has of them, received {len(values)}."
                )
        mapping = [*zip(updated, trainable_variables), *zip(own, optimizer_variables)]
        with StatelessScope(state_mapping=mapping) as scope:
            self.apply(grads)
            return (
                [scope.get_current_value(variable) for variable in updated],
                [scope.get_current_value(variable) for variable in own],
            )

    def get_config(self) -> dict[str, Any]:
        """The options, from which `from_config` makes the same optimizer, without its state.

        Subclasses add theirs: `return {**super().get_config(), "momentum": self.momentum}`.
        """
        rate = self._learning_rate
        return {
            "name": self.name,
            "learning_rate": (
                float(rate.numpy())
                if isinstance(rate, Variable)
                else serialization.serialize_keras_object(rate)
            ),
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "loss_scale_factor": self.loss_scale_factor,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> "Optimizer":
        """An optimizer from its config.

        Args:
            config: what `get_config` returned, here or in Keras 2 or 3.
            custom_objects: classes and functions that the config names.
        """
        config = {key: value for key, value in config.items() if key not in _FORGOTTEN_OPTIONS}
        if "lr" in config:
            config.setdefault("learning_rate", config.pop("lr"))
        if isinstance(config.get("learning_rate"), dict):
            config["learning_rate"] = serialization.deserialize_keras_object(
                config["learning_rate"], custom_objects=custom_objects
            )
        return cls(**config)
