"""What derivatives see: cut, replaced and forward-mode ones."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax

from deepkit.tensors import as_array, operation

from ._types import TensorLike


@operation
def stop_gradient(variable: TensorLike) -> jax.Array:
    """Returns its argument as a constant: no gradient flows through it.

    Example:
        >>> import deepkit, jax
        >>> jax.grad(lambda x: x * deepkit.ops.stop_gradient(x))(3.0)
        Array(3., dtype=float32, weak_type=True)
    """
    return jax.lax.stop_gradient(as_array(variable))


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Decorates a function that brings its own gradient.

    Args:
        f: takes arrays, returns a pair: its result, and a function from the gradient of the result
            to the gradients of the arguments, one for each.

    Example:
        >>> import deepkit, jax
        >>> @deepkit.ops.custom_gradient
        ... def log1pexp(x):
        ...     e = deepkit.ops.exp(x)
        ...     return deepkit.ops.log(1 + e), lambda upstream: upstream * (1 - 1 / (1 + e))
        >>> jax.grad(log1pexp)(100.0)
        Array(1., dtype=float32)
    """
    inner = jax.custom_gradient(f)

    @functools.wraps(f)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return inner(*args, **kwargs)

    return operation(wrapper)


def jvp(
    fun: Callable[..., Any],
    primals: Sequence[Any],
    tangents: Sequence[Any],
    has_aux: bool = False,
) -> tuple[Any, ...]:
    """Returns `fun(*primals)` and its derivative in the direction of `tangents`.

    Args:
        fun: a function of arrays, or of nested ones.
        primals: its arguments.
        tangents: a direction for each of them, in the same structure.
        has_aux: whether `fun` returns a pair of which only the first is differentiated; the second
            is returned at the end.

    Example:
        >>> import deepkit
        >>> deepkit.ops.jvp(deepkit.ops.square, [3.0], [1.0])
        (Array(9., dtype=float32, weak_type=True), Array(6., dtype=float32, weak_type=True))
    """
    return _jvp(primals, tangents, fun, has_aux)


@operation
def _jvp(primals: Any, tangents: Any, fun: Callable[..., Any], has_aux: bool) -> tuple[Any, ...]:
    return jax.jvp(fun, tuple(primals), tuple(tangents), has_aux=has_aux)
