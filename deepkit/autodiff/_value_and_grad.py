"""Value and gradient of a stateful function with respect to variables."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core.errors import ArgumentTypeError, ShapeError
from deepkit.tensors import StatelessScope, Variable


def value_and_grad(
    function: Callable[..., Any], variables: Sequence[Variable], has_aux: bool = False
) -> Callable[..., tuple[Any, list[jax.Array]]]:
    """A function that returns what `function` returns, and its gradients.

    `function` is plain stateful code: what it assigns to variables (moving averages, metrics,
    seeds) is assigned. It works eagerly and inside a compiled step, and costs what `jax.grad` does.

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
        ShapeError: the value is no scalar.

    Example:
        >>> import deepkit
        >>> w = deepkit.Variable(3.0)
        >>> value, (gradient,) = deepkit.value_and_grad(lambda: w * w, [w])()
        >>> float(value), float(gradient)
        (9.0, 6.0)
    """
    variables = list(variables)
    for variable in variables:
        if not isinstance(variable, Variable):
            raise ArgumentTypeError(
                f"Expected `variables` to be a list of Variables, received {variable!r} in it."
            )

    def run(*args: Any, **kwargs: Any) -> tuple[Any, list[jax.Array]]:
        written: list[Variable] = []

        def pure(values: list[jax.Array]) -> Any:
            with StatelessScope(zip(variables, values), collect_losses=True) as scope:
                result = function(*args, **kwargs)
                value = jnp.asarray(result[0] if has_aux else result)
                if value.shape:
                    raise ShapeError(
                        f"Expected a scalar to differentiate, received shape {value.shape}. "
                        f"Reduce it, for instance with `ops.mean`."
                    )
                written[:] = scope.written()
                return value, (result, [scope.get_current_value(v) for v in written])

        values = [variable.stored_value() for variable in variables]
        (_, (result, updates)), gradients = jax.value_and_grad(pure, has_aux=True)(values)
        for variable, update in zip(written, updates):
            variable.assign(update)
        return result, gradients

    return run
