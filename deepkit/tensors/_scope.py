"""The state scope: the one seam through which compiled programs see and change state.

Inside a scope, reading a variable gives the scope's value and assigning to it stays in the scope.
A pure function over state is made by mapping variables to its arguments, running plain stateful
code, and returning what the scope then holds.
"""

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core.errors import ArgumentTypeError, ShapeError

if TYPE_CHECKING:
    from deepkit.tensors._variable import Variable


class _Current(threading.local):
    def __init__(self) -> None:
        self.scope: StatelessScope | None = None
        self.abstract = 0


_CURRENT = _Current()


class StatelessScope:
    """Run stateful code as a pure function of the values given for its variables.

    Args:
        state_mapping: pairs of a variable and the value that it has inside; variables that are not
            in it have the value of the enclosing scope, or their own.
        collect_losses: whether `add_loss` calls are collected in `losses` of this scope.
        initialize_variables: kept for Keras's signature; variables made inside always get their
            values lazily and never from the traced program.

    Example:
        >>> import deepkit
        >>> v = deepkit.Variable(1.0)
        >>> with deepkit.StatelessScope(state_mapping=[(v, 5.0)]) as scope:
        ...     _ = v.assign_add(1.0)
        >>> float(scope.get_current_value(v)), float(v)
        (6.0, 1.0)
    """

    def __init__(
        self,
        state_mapping: Iterable[tuple["Variable", Any]] | None = None,
        collect_losses: bool = False,
        initialize_variables: bool = True,
    ) -> None:
        self.collect_losses = collect_losses
        self.initialize_variables = initialize_variables
        self._losses: list[tuple[jax.Array, Any]] = []
        # By the identity of variables, which `_variables` keeps alive.
        self._variables: dict[int, Variable] = {}
        self._values: dict[int, jax.Array] = {}
        self._draws: dict[int, int] = {}
        self._written: dict[int, Variable] = {}
        self._parent: StatelessScope | None = None
        for variable, value in state_mapping or ():
            self._map(variable, value)

    def _map(self, variable: "Variable", value: Any) -> None:
        if not hasattr(variable, "stored_dtype"):
            raise ArgumentTypeError(
                f"Expected `state_mapping` to hold pairs of a Variable and its value, "
                f"received {variable!r} in the place of a variable."
            )
        value = jnp.asarray(value, dtype=variable.stored_dtype)
        if value.shape != tuple(variable.shape):
            raise ShapeError(
                f"Expected a value of shape {tuple(variable.shape)} for the variable "
                f"'{variable.path}', received one of shape {value.shape}."
            )
        self._variables[id(variable)] = variable
        self._values[id(variable)] = value

    def __enter__(self) -> "StatelessScope":
        self._parent = _CURRENT.scope
        _CURRENT.scope = self
        return self

    def __exit__(self, *error: object) -> None:
        _CURRENT.scope = self._parent

    def get_current_value(self, variable: "Variable") -> jax.Array | None:
        """The value of a variable in this scope; `None` if it was neither mapped nor assigned."""
        value = self._values.get(id(variable))
        drawn = self._draws.get(id(variable), 0)
        if not drawn:
            return value
        if value is None:
            value = self._outer_value(variable)
        return advance_seed(value, drawn)

    @property
    def losses(self) -> list[jax.Array]:
        """The collected losses, in the order in which they came."""
        return [loss for loss, _ in self._losses]

    def add_loss(self, loss: jax.Array, owner: Any = None) -> None:
        """Collect a loss, and whose it is."""
        self._losses.append((loss, owner))

    def losses_of(self, owners: Iterable[Any]) -> list[jax.Array]:
        """The collected losses of some owners, in the order in which they came."""
        ids = {id(owner) for owner in owners}
        return [loss for loss, owner in self._losses if id(owner) in ids]

    def loss_owners(self) -> list[Any]:
        """Whose each of the losses is; `None` for those that were added to the scope itself."""
        return [owner for _, owner in self._losses]

    def write(self, variable: "Variable", value: jax.Array) -> None:
        """Note the value that a variable has from here on."""
        self._values[id(variable)] = value
        self._draws.pop(id(variable), None)
        self._written[id(variable)] = variable

    def draw(self, variable: "Variable") -> jax.Array:
        """The next key of a seed's state.

        Draws are counted in Python, so that a key may be drawn inside `cond`, `scan` and `vmap`
        without anything traced there leaving it; the new state is worked out where it is read.
        """
        count = self._draws.get(id(variable), 0)
        self._draws[id(variable)] = count + 1
        self._written[id(variable)] = variable
        base = self._values.get(id(variable))
        if base is None:
            base = self._outer_value(variable)
        return advance_seed(base, count)

    def _outer_value(self, variable: "Variable") -> jax.Array:
        outer = self._parent
        while outer is not None:
            value = outer.get_current_value(variable)
            if value is not None:
                return value
            outer = outer._parent
        return variable.concrete_value()

    # Whether a variable that is made inside may begin with a traced value.
    accepts_traced_beginnings = False

    def note_creation(self, variable: "Variable") -> None:
        """Called for each variable that is made inside; a place for those who want to know."""

    def written(self) -> list["Variable"]:
        """The variables that were assigned to inside, in the order of their first assignment."""
        return list(self._written.values())


def advance_seed(state: jax.Array, draws: int) -> jax.Array:
    """The state of a seed after a number of draws: its second word counts them.

    Always a new array, so that a key is never the buffer of a variable.
    """
    return state + jnp.asarray(np.array([0, draws], dtype="uint32"))


def current_scope() -> StatelessScope | None:
    """The innermost open scope of this thread."""
    return _CURRENT.scope


def scoped_value(variable: "Variable") -> jax.Array | None:
    """What the open scopes of this thread hold for a variable, the innermost first."""
    scope = _CURRENT.scope
    while scope is not None:
        value = scope.get_current_value(variable)
        if value is not None:
            return value
        scope = scope._parent
    return None


def note_creation(variable: "Variable") -> None:
    """Tell the open scopes of this thread that a variable was made."""
    scope = _CURRENT.scope
    while scope is not None:
        scope.note_creation(variable)
        scope = scope._parent


def scope_for_beginnings() -> StatelessScope | None:
    """The innermost open scope, if a variable that is made now may begin with a traced value."""
    scope = _CURRENT.scope
    return scope if scope is not None and scope.accepts_traced_beginnings else None


def loss_scope() -> StatelessScope | None:
    """The innermost open scope that collects losses."""
    scope = _CURRENT.scope
    while scope is not None and not scope.collect_losses:
        scope = scope._parent
    return scope


class outside_scopes:
    """Suspend all open scopes of this thread, so that variables are themselves."""

    def __enter__(self) -> None:
        self._before = _CURRENT.scope
        _CURRENT.scope = None

    def __exit__(self, *error: object) -> None:
        _CURRENT.scope = self._before


class SymbolicScope:
    """Work out shapes alone inside a `with` block: values that do not exist yet are not made."""

    def __enter__(self) -> "SymbolicScope":
        _CURRENT.abstract += 1
        return self

    def __exit__(self, *error: object) -> None:
        _CURRENT.abstract -= 1


def in_abstract_scope() -> bool:
    """Whether only shapes are being worked out in this thread."""
    return _CURRENT.abstract > 0
