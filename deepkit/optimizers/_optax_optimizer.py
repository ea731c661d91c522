"""OptaxOptimizer: any gradient transformation of optax as an optimizer."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core import naming
from deepkit.core.errors import ArgumentTypeError, SerializationError
from deepkit.tensors import Variable, outside_scopes

from ._optimizer import Optimizer


def is_gradient_transformation(value: Any) -> bool:
    """Whether a value has the form of optax's `GradientTransformation`: `init` and `update`."""
    return callable(getattr(value, "init", None)) and callable(getattr(value, "update", None))


class OptaxOptimizer(Optimizer):
    """A gradient transformation of optax, used like any other optimizer.

    `compile(optimizer=optax.adamw(1e-3))` makes one by itself. The transformation sees the
    variables as a dict of their paths and values, so its masks and labels can go by name. Clipping,
    weight decay and schedules are optax's own.

    Args:
        transformation: an `optax.GradientTransformation`, or anything with its `init` and `update`.
        use_ema: see `deepkit.optimizers.Optimizer`, as for all that follow.
        ema_momentum: the part of the average that stays in each step.
        ema_overwrite_frequency: variables are set to their averages every so many steps.
        loss_scale_factor: the loss is multiplied by it.
        gradient_accumulation_steps: variables are updated in every k-th step only.
        name: its name.

    Raises:
        ArgumentTypeError: `transformation` has no `init` and `update`.

    Example:
        >>> import deepkit
        >>> import optax
        >>> weight = deepkit.Variable(3.0)
        >>> optimizer = deepkit.optimizers.get(optax.sgd(0.5))
        >>> optimizer.apply([2.0], [weight])
        >>> float(weight)
        2.0
    """

    def __init__(
        self,
        transformation: Any,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(
            learning_rate=self._injected_learning_rate,
            use_ema=use_ema,
            ema_momentum=ema_momentum,
            ema_overwrite_frequency=ema_overwrite_frequency,
            loss_scale_factor=loss_scale_factor,
            gradient_accumulation_steps=gradient_accumulation_steps,
            name=name,
        )
        if not is_gradient_transformation(transformation):
            raise ArgumentTypeError(
                f"Expected `transformation` to have `init` and `update`, as "
                f"`optax.GradientTransformation` has, received {transformation!r}."
            )
        self.transformation = transformation
        self._step = jax.jit(functools.partial(_step, transformation.update), inline=True)
        self._rate: Variable | None = None

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._keys = _unique_paths(variables)
        with outside_scopes(), jax.ensure_compile_time_eval(), _standard_promotion():
            values = {key: jnp.array(v.value) for key, v in zip(self._keys, variables)}
            leaves, self._structure = jax.tree_util.tree_flatten_with_path(
                self.transformation.init(values)
            )
        self._leaves = [self._make_leaf(path, value) for path, value in leaves]
        for leaf in self._leaves:
            if leaf.name.endswith("hyperparams_learning_rate"):
                self._rate = leaf

    def _make_leaf(self, path: tuple[Any, ...], value: Any) -> Variable:
        name = jax.tree_util.keystr(path, simple=True, separator="_").replace("/", "_")
        with naming.name_scope(self.name, caller=self):
            return Variable(
                value, dtype=jnp.asarray(value).dtype.name, trainable=False, name=name or "state"
            )

    def _injected_learning_rate(self) -> Variable:
        if self._rate is None:
            raise AttributeError(
                f"The learning rate of '{self.name}' lies inside of an optax transformation. To "
                f"read and set it, make the transformation with "
                f"`optax.inject_hyperparams(optax.adam)(learning_rate=1e-3)` and build the "
                f"optimizer."
            )
        return self._rate

    @property
    def learning_rate(self) -> Any:
        """The learning rate, where optax's `inject_hyperparams` made it part of the state."""
        return self._injected_learning_rate()

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        self._injected_learning_rate().assign(learning_rate)

    def _update_variables(self, gradients: list[jax.Array], variables: list[Variable]) -> None:
        values = {key: v.value for key, v in zip(self._keys, self._trainable_variables)}
        keys = [self._keys[self._get_variable_index(variable)] for variable in variables]
        # A variable without a gradient counts as one whose gradient is 0, and is not changed.
        given = {key: jnp.zeros_like(value) for key, value in values.items()}
        given.update(
            {key: gradient.astype(values[key].dtype) for key, gradient in zip(keys, gradients)}
        )
        state = self._structure.unflatten([leaf.value for leaf in self._leaves])
        with _standard_promotion():
            values, state = self._step(given, state, values)
        for key, variable in zip(keys, variables):
            variable.assign(values[key])
        for leaf, value in zip(self._leaves, jax.tree_util.tree_leaves(state)):
            leaf.assign(value)

    def get_config(self) -> dict[str, Any]:
        """Raise: a transformation is made of functions, which no config can hold.

        Raises:
            SerializationError: always.
        """
        raise SerializationError(
            f"The optimizer '{self.name}' wraps an optax transformation, which is made of "
            f"functions and cannot be written to a config. Save the weights by "
            f"`model.save_weights`, or the model before it is compiled; where it is loaded, make "
            f"the transformation again and pass it to `compile`: "
            f"`model.compile(optimizer=optax.adam(1e-3))`."
        )


def _standard_promotion() -> Any:
    """Transformations are written for JAX's default promotion; a stricter setting is the user's."""
    return jax.numpy_dtype_promotion("standard")


def _step(update: Callable[..., Any], gradients: Any, state: Any, values: Any) -> tuple[Any, Any]:
    updates, state = update(gradients, state, values)
    return jax.tree_util.tree_map(jnp.add, values, updates), state


def _unique_paths(variables: Sequence[Variable]) -> list[str]:
    paths: list[str] = []
    for variable in variables:
        paths.append(naming.unique_name(variable.path, paths))
    return paths
