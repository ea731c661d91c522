"""The state scope: the one seam through which compiled programs see and change state.

Inside a scope, reading a variable gives the scope's value and assigning to it stays in the scope.
A pure function over state is made by mapping variables to its arguments, running plain stateful
code, and returning what the scope then holds.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

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
        self.losses: list[jax.Array] = []
        self._loss_owners: list[Any] = []
        self._values: dict[int, Any] = {}
        self._draws: dict[int, int] = {}
        self._written: dict[int, Variable] = {}
        self._parent: StatelessScope | None = None
        for variable, value in state_mapping or ():
            self._map(variable, value)

    def _map(self, variable: "Variable", value: Any) -> None:
        if not hasattr(variable, "assign"):
            raise ArgumentTypeError(
                f"Expected `state_mapping` to hold pairs of a Variable and its value, "
                f"received {variable!r} in the place of a variable."
            )
        value = jnp.asarray(value, dtype=variable.dtype)
        if value.shape != tuple(variable.shape):
            raise ShapeError(
                f"Expected a value of shape {tuple(variable.shape)} for the variable "
                f"'{variable.path}', received one of shape {value.shape}."
            )
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

    def add_loss(self, loss: jax.Array, owner: Any = None) -> None:
        """Collect a loss, and whose it is."""
        self.losses.append(loss)
        self._loss_owners.append(owner)

    def losses_of(self, owners: Iterable[Any]) -> list[jax.Array]:
        """The collected losses of some owners, in the order in which they came."""
        ids = {id(owner) for owner in owners}
        return [v for v, owner in zip(self.losses, self._loss_owners) if id(owner) in ids]

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

    def written(self) -> list["Variable"]:
        """The variables that were assigned to inside, in the order of their first assignment."""
        return list(self._written.values())


def advance_seed(state: Any, draws: int) -> jax.Array:
    """The state of a seed after a number of draws: its second word counts them."""
    if draws == 0:
        return jnp.asarray(state)
    return jnp.asarray(state) + jnp.asarray([0, draws], dtype="uint32")


def current_scope() -> StatelessScope | None:
    """The innermost open scope of this thread."""
    return _CURRENT.scope


def in_stateless_scope() -> bool:
    """Whether a scope is open in this thread."""
    return _CURRENT.scope is not None


def scoped_value(variable: "Variable") -> jax.Array | None:
    """What the open scopes of this thread hold for a variable, the innermost first."""
    scope = _CURRENT.scope
    while scope is not None:
        value = scope.get_current_value(variable)
        if value is not None:
            return value
        scope = scope._parent
    return None


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


class abstract_scope:
    """Shapes alone matter inside: values that do not exist yet are not made."""

    def __enter__(self) -> None:
        _CURRENT.abstract += 1

    def __exit__(self, *error: object) -> None:
        _CURRENT.abstract -= 1


def in_abstract_scope() -> bool:
    """Whether only shapes are being worked out in this thread."""
    return _CURRENT.abstract > 0


class SymbolicScope(abstract_scope):
    """Mark a block in which layers are called for the shapes of their outputs alone."""

    def __enter__(self) -> "SymbolicScope":
        super().__enter__()
        return self


def functionalize(
    function: Callable[..., Any], variables: Iterable["Variable"]
) -> Callable[..., tuple[Any, tuple[jax.Array, ...]]]:
    """A pure `(values, *args) -> (result, new values)` from stateful code.

    Args:
        function: reads and assigns `variables`.
        variables: the state; `values` are theirs, in this order.
    """
    variables = tuple(variables)

    def pure(values: Iterable[Any], *args: Any, **kwargs: Any) -> Any:
        with StatelessScope(zip(variables, values)) as scope:
            result = function(*args, **kwargs)
            return result, tuple(scope.get_current_value(v) for v in variables)

    return pure


def iter_scopes() -> Iterator[StatelessScope]:
    """The open scopes of this thread, the innermost first."""
    scope = _CURRENT.scope
    while scope is not None:
        yield scope
        scope = scope._parent
