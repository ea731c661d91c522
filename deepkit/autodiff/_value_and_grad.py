"""Value and gradient of a stateful function with respect to variables."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core import dtypes
from deepkit.core.errors import ArgumentTypeError, DTypeError, ShapeError
from deepkit.tensors import StatelessScope, Variable, loss_scope


def value_and_grad(
    function: Callable[..., Any], variables: Sequence[Variable], has_aux: bool = False
) -> Callable[..., tuple[Any, list[jax.Array]]]:
    """A function that returns what `function` returns, and its gradients.

    `function` is plain stateful code: what it assigns to variables (moving averages, metrics,
    seeds) is assigned, and losses that layers add are theirs. It works eagerly and inside a
    compiled step, and costs what `jax.grad` does.

    Args:
        function: returns a scalar; with `has_aux`, a pair of a scalar and anything else that is
            made of arrays.
        variables: what to differentiate with respect to.
        has_aux: whether `function` returns such a pair.

    Returns:
        A function of the same arguments, returning `(result of function, gradients)`, one gradient
        for each variable.

    Raises:
        ArgumentTypeError: `variables` holds something else.
        DTypeError: a variable holds no floats.
        ShapeError: the value is no scalar.

    Example:
        >>> import deepkit
        >>> w = deepkit.Variable(3.0)
        >>> value, (gradient,) = deepkit.value_and_grad(lambda: w * w, [w])()
        >>> float(value), float(gradient)
        (9.0, 6.0)
    """
    places, unique = _places(variables)

    def run(*args: Any, **kwargs: Any) -> tuple[Any, list[jax.Array]]:
        written: list[Variable] = []
        owners: list[Any] = []

        def pure(values: list[jax.Array]) -> Any:
            with StatelessScope(zip(unique, values), collect_losses=True) as scope:
                result = function(*args, **kwargs)
                value = _scalar(result[0] if has_aux else result)
                written[:], owners[:] = scope.written(), scope.loss_owners()
                state = [scope.get_current_value(variable) for variable in written]
                return value, (result, state, scope.losses)

        values = [variable.stored_value() for variable in unique]
        (_, (result, state, losses)), gradients = jax.value_and_grad(pure, has_aux=True)(values)
        for variable, value in zip(written, state):
            variable.assign(value)
        for owner, loss in zip(owners, losses):
            _add_loss(owner, loss)
        return result, [gradients[place] for place in places]

    return run


def _places(variables: Sequence[Variable]) -> tuple[list[int], list[Variable]]:
    """The variables, each once, and where each of the given ones is among them."""
    if isinstance(variables, Variable):
        raise ArgumentTypeError("Expected `variables` to be a list of Variables, received one.")
    unique: dict[int, Variable] = {}
    variables = list(variables)
    for variable in variables:
        if not isinstance(variable, Variable):
            raise ArgumentTypeError(
                f"Expected `variables` to be a list of Variables, received {variable!r} in it."
            )
        if not dtypes.is_float(variable.stored_dtype) and "complex" not in variable.stored_dtype:
            raise DTypeError(
                f"Expected variables of floats, received '{variable.path}' of dtype "
                f"{variable.stored_dtype}, by which nothing can be differentiated."
            )
        unique[id(variable)] = variable
    order = {identity: place for place, identity in enumerate(unique)}
    return [order[id(variable)] for variable in variables], list(unique.values())


def _scalar(value: Any) -> jax.Array:
    value = jnp.asarray(value)
    if value.shape:
        raise ShapeError(
            f"Expected a scalar to differentiate, received shape {value.shape}. "
            f"Reduce it, for instance with `ops.mean`."
        )
    return value


def _add_loss(owner: Any, loss: jax.Array) -> None:
    """Tell the enclosing code of a loss that was added inside."""
    scope = loss_scope()
    if owner is not None:
        owner.add_loss(loss)
    elif scope is not None:
        scope.add_loss(loss)
