"""The state of an optimizer: making its variables, finding, saving and loading them."""

import collections
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any

import jax
import numpy as np

from deepkit import initializers
from deepkit.core import naming
from deepkit.core.errors import ArgumentError, NotBuiltError, StateError
from deepkit.tensors import Variable, as_array

from ._weights import load_values, save_values, set_values


class SlotOwner:
    """Abstract owner of state that goes with the variables of a model.

    A variable that is made by one of its methods, or set as an attribute (alone or in a list), is
    part of the state.
    """

    optional_in_files = True

    name: str
    built: bool
    iterations: Any

    def __init__(self) -> None:
        self._variables: dict[int, Variable] = {}
        self._trainable_variables: list[Variable] = []
        self._trainable_variables_indices: dict[int, int] = {}
        # Slots that were made with a reference: the slot, its variable, and what it holds of it.
        self._slots_made: list[tuple[Variable, Variable, str]] = []

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "_variables" and "_variables" not in self.__dict__:
            raise StateError(
                f"{type(self).__name__} sets `{name}` before its base class is ready. Call "
                f"`super().__init__(learning_rate, ...)` first in `__init__`."
            )
        if name not in ("_variables", "_trainable_variables"):
            for part in value if isinstance(value, list | tuple) else (value,):
                if isinstance(part, Variable):
                    self._track_variable(part)
        super().__setattr__(name, value)

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Copies of variables have identities of their own.
        self.__dict__.update(state)
        self._variables = {self._var_key(v): v for v in state["_variables"].values()}
        self._know_variables(state["_trainable_variables"])

    def _track_variable(self, variable: Variable) -> None:
        if self._var_key(variable) not in self._trainable_variables_indices:
            self._variables.setdefault(self._var_key(variable), variable)

    @property
    def variables(self) -> list[Variable]:
        """Its state, in the order of its files: iteration, learning rate, averages, slots."""
        return list(self._variables.values())

    @property
    def updated_variables(self) -> list[Variable]:
        """The model's variables that it was built for, in their order."""
        return list(self._trainable_variables)

    def slots(self) -> dict[str, list[Variable]]:
        """Its slots by what they hold, such as `"momentum"`, in the order of the variables."""
        found: dict[str, list[Variable]] = {}
        for slot, _, role in self._slots_made:
            found.setdefault(role, []).append(slot)
        return found

    def state_after_steps(self) -> list[tuple[Variable, Callable[[int], float]]]:
        """What follows from the number of steps alone, for files that leave it out.

        Returns:
            Variables, each with a function that gives its value after a number of steps.
        """
        return []

    def _know_variables(self, variables: Sequence[Variable]) -> None:
        self._trainable_variables = list(variables)
        self._trainable_variables_indices = {
            self._var_key(variable): i for i, variable in enumerate(variables)
        }

    def _var_key(self, variable: Variable) -> int:
        return id(variable)

    def _get_variable_index(self, variable: Variable) -> int:
        return self._trainable_variables_indices[self._var_key(variable)]

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any = "zeros",
        dtype: str | None = None,
        aggregation: str = "none",
        layout: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Make a variable of the optimizer's state.

        Args:
            shape: its shape.
            initializer: an initializer or its name.
            dtype: its dtype; `floatx()` if `None`.
            aggregation: how replicas are combined: `"none"`, `"mean"`, `"sum"`,
                `"only_first_replica"`.
            layout: how it is laid out over devices.
            name: the last name in its path.
        """
        with naming.name_scope(self.name, caller=self):
            variable = Variable(
                initializers.get(initializer),
                shape=shape,
                dtype=dtype,
                trainable=False,
                aggregation=aggregation,
                layout=layout,
                name=name,
            )
        self._track_variable(variable)
        return variable

    def add_variable_from_reference(
        self, reference_variable: Variable, name: str | None = None, initializer: Any = "zeros"
    ) -> Variable:
        """Make a slot: a variable with the shape, dtype and layout of a model's variable.

        Args:
            reference_variable: the model's variable.
            name: what the slot holds, such as `"momentum"`; follows the variable's path in its
                name.
            initializer: an initializer or its name.
        """
        role = name or "var"
        return self._add_slot(
            reference_variable,
            role,
            reference_variable.shape,
            reference_variable.dtype,
            f"{reference_variable.path.replace('/', '_')}_{role}",
            initializer,
            getattr(reference_variable, "_layout", None),
        )

    def _add_slot(
        self,
        reference: Variable,
        role: str,
        shape: Sequence[int],
        dtype: str,
        name: str,
        initializer: Any = "zeros",
        layout: Any = None,
    ) -> Variable:
        """Make a slot of any shape, and note whose it is and what it holds."""
        slot = self.add_variable(shape, initializer, dtype, layout=layout, name=name)
        self._slots_made.append((slot, reference, role))
        return slot

    def add_optimizer_variables(
        self,
        trainable_variables: Sequence[Variable],
        name: str | Sequence[str],
        initializer: Any = "zeros",
    ) -> Any:
        """Make one slot, or one of each name, for each of the model's variables.

        Args:
            trainable_variables: the model's variables.
            name: the name of the slot, or a list of names.
            initializer: an initializer for all of them, or a list of one for each name.

        Returns:
            A list of slots in the order of the variables; for a list of names a tuple of such
            lists. Variables that are overwritten with their gradients have `None` in their places.

        Raises:
            ArgumentError: there are not as many initializers as names.
        """
        names = [name] if isinstance(name, str) else list(name)
        given = list(initializer) if isinstance(initializer, list | tuple) else [initializer]
        if len(given) == 1:
            given = given * len(names)
        if len(given) != len(names):
            raise ArgumentError(
                f"Expected one initializer for each of the names {names}, received {initializer!r}."
            )
        # The slots of one variable lie side by side: files depend on this order.
        slots = [
            [
                None if v.overwrite_with_gradient else self.add_variable_from_reference(v, n, i)
                for n, i in zip(names, given)
            ]
            for v in trainable_variables
        ]
        columns = tuple([row[k] for row in slots] for k in range(len(names)))
        return columns[0] if isinstance(name, str) else columns

    def rebuild(self, variables: Sequence[Variable]) -> None:
        """Make the state for another set of variables; that of those it knows already stays.

        For models of which a part is unfrozen after some training: the slots of its weights are
        new, all else goes on.

        Args:
            variables: the variables that will be updated, in the order of the gradients. Those it
                knows already come after them where they are left out.
        """
        variables = list(variables)
        given = {self._var_key(variable) for variable in variables}
        variables += [v for v in self._trainable_variables if self._var_key(v) not in given]
        before = [(owner, owner._forget()) for owner in self._owners()]
        self.build(variables)
        for owner, state in before:
            owner._take_over(state)

    def unknown(self, variables: Sequence[Variable]) -> list[Variable]:
        """Those of the variables that it has no state for."""
        return [v for v in variables if self._var_key(v) not in self._trainable_variables_indices]

    def _owners(self) -> list["SlotOwner"]:
        """Itself, and what it builds when it is built."""
        return [self]

    def take_paths_from(self, paths: Callable[[], Mapping[int, Sequence[str]]]) -> None:
        """Be told of the model's paths of variables; of use to those that choose by path.

        Args:
            paths: gives the paths of variables by their identities.
        """

    def _forget(self) -> dict[Any, Variable]:
        """Become as if it had not been built; returns the state with keys to find it again."""
        state = self._by_role()
        self._variables, self._slots_made, self.built = {}, [], False
        return state

    def _take_over(self, state: dict[Any, Variable]) -> None:
        """Give the values of a former state to what was made anew in its place."""
        made = self._by_role()
        kept = [variable for role, variable in state.items() if role not in made]
        self._variables = {self._var_key(v): v for v in (*kept, *made.values())}
        for role, variable in state.items():
            if role in made:
                made[role].assign(variable.value)

    def _by_role(self) -> dict[Any, Variable]:
        """Its variables, by what they are to which variable of the model."""
        roles = {
            self._var_key(slot): (self._var_key(reference), name)
            for slot, reference, name in self._slots_made
        }
        found: dict[Any, Variable] = {}
        alike: collections.Counter[Any] = collections.Counter()
        for key, variable in self._variables.items():
            role = roles.get(key, (variable.path, tuple(variable.shape)))
            found[*role, alike[role]] = variable
            alike[role] += 1
        return found

    def assign(self, variable: Variable, value: Any) -> None:
        """Set a variable."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Any) -> None:
        """Add to a variable."""
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: Any) -> None:
        """Subtract from a variable."""
        variable.assign_sub(value)

    def _apply_rule(
        self,
        rule: Callable[..., tuple[jax.Array, ...]],
        gradient: Any,
        variable: Variable,
        learning_rate: Any,
        *slots: Variable,
        **options: Any,
    ) -> None:
        """Assign what an update rule makes of a variable and its slots."""
        results = rule(
            variable.value,
            as_array(gradient),
            as_array(learning_rate),
            as_array(self.iterations),
            *(slot.value for slot in slots),
            **options,
        )
        for target, value in zip((variable, *slots), results):
            self.assign(target, value)

    def get_weights(self) -> list[np.ndarray]:
        """The values of `variables`."""
        return [variable.numpy() for variable in self.variables]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set `variables` to what `get_weights` gave.

        Raises:
            NotBuiltError: the optimizer is not built.
            WeightMismatchError: numbers or shapes differ.
        """
        if not self.built:
            raise NotBuiltError(
                f"Optimizer '{self.name}' has no slots yet. Call "
                f"`optimizer.build(trainable_variables)` before `set_weights`."
            )
        set_values(self.variables, weights, self.name)

    def saveable_children(self) -> dict[str, Any]:
        """Nothing: `variables` holds the state of inner optimizers too."""
        return {}

    def save_own_variables(self, store: MutableMapping[str, Any]) -> None:
        """Write its state into a store, under the keys `"0"`, `"1"`…"""
        save_values(self.variables, store)

    def load_own_variables(self, store: MutableMapping[str, Any]) -> None:
        """Read its state from a store; warns if the store is that of another set of variables.

        Raises:
            WeightMismatchError: a shape differs.
        """
        load_values(self.variables, store, self.name)
