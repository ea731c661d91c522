"""Functions with gradients that their author wrote."""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core import tree
from deepkit.core.errors import ArgumentError, ArgumentTypeError, ShapeError
from deepkit.tensors import StatelessScope, Variable, listen_to_reads

from ._recording import has_derivative


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a function the gradient that it returns itself.

    Use it where the gradient that follows from the operations is not finite, slow, or not the one
    that is wanted. It holds for `GradientTape`, `value_and_grad`, training, and `jax.grad`.

    Args:
        f: a function that returns a pair of its result, one array or nested ones, and of a function
            `grad(*upstream)`. That one takes an array for each array of the result and returns the
            gradient for each of the arguments that are arrays or numbers, in their order, or
            `None` where there is none. If `f` reads trainable variables, it is
            `grad(*upstream, variables)`, where `variables` is their list, and returns a pair: the
            gradients for the arguments, and a list of those for the variables.

    Returns:
        A function of the same arguments that returns the result alone.

    Raises:
        ArgumentError: of the function: there are not as many gradients as arguments or variables.
        ArgumentTypeError: of the function: `f` returns no pair, or reads variables and `grad` does
            not take `variables`.
        ShapeError: of the function: a gradient has not the shape of its argument.

    Example:
        >>> import deepkit
        >>> @deepkit.custom_gradient
        ... def log1pexp(x):
        ...     e = deepkit.ops.exp(x)
        ...     return deepkit.ops.log(1 + e), lambda upstream: upstream * (1 - 1 / (1 + e))
        >>> x = deepkit.Variable(100.0)
        >>> with deepkit.GradientTape() as tape:
        ...     y = log1pexp(x)
        >>> float(tape.gradient(y, x))
        1.0
    """

    @functools.wraps(f)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return _Call(f, args, kwargs).run()

    return wrapper


class _Undeclared(Exception):
    """The function reads a variable that it was not given the value of."""

    def __init__(self, variable: Variable) -> None:
        super().__init__()
        self.variable = variable


class _Call:
    """A call of a function with a gradient of its own.

    Args:
        function: as the user wrote it.
        args: its arguments.
        kwargs: its named arguments, by which it has no gradient.
    """

    def __init__(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self._function, self._args, self._kwargs = function, args, kwargs
        self._name = getattr(function, "__name__", "the function")
        leaves = tree.flatten(args)
        self._leaves = [leaf.value if isinstance(leaf, Variable) else leaf for leaf in leaves]
        # Places of what gradients are returned for, and of what has one.
        self._places = [i for i, leaf in enumerate(self._leaves) if _is_tensor(leaf)]
        self._floats = [i for i in self._places if _is_float(self._leaves[i])]

    def run(self) -> Any:
        """The result; what the function assigns to variables is assigned."""
        floats = [jnp.asarray(self._leaves[i]) for i in self._floats]
        variables: list[Variable] = []
        while True:
            values = [variable.stored_value() for variable in variables]
            try:
                return self._attempt(floats, variables, values)
            except _Undeclared as undeclared:
                variables = [*variables, undeclared.variable]

    def _attempt(
        self, floats: list[jax.Array], variables: list[Variable], values: list[jax.Array]
    ) -> Any:
        written: list[Variable] = []
        structure: list[Any] = []

        def pure(floats: list[jax.Array], values: list[jax.Array]) -> Any:
            leaves = list(self._leaves)
            for place, value in zip(self._floats, floats):
                leaves[place] = value
            known = {id(variable) for variable in variables}

            def check_read(variable: Variable, value: jax.Array) -> jax.Array:
                if id(variable) not in known and variable.trainable and has_derivative(value):
                    raise _Undeclared(variable)
                return value

            with StatelessScope(zip(variables, values)) as scope:
                with listen_to_reads(check_read):
                    result, grad = self._pair(tree.pack_sequence_as(self._args, leaves))
                written[:] = scope.written()
                state = [scope.get_current_value(variable) for variable in written]
            structure[:] = [result]
            flat = [jnp.asarray(leaf) for leaf in tree.flatten(result)]

            def rule(cotangents: tuple[list[Any], list[Any]]) -> Any:
                with StatelessScope(zip(variables, values)):
                    return self._gradients(grad, cotangents[0], floats, variables, values)

            return (flat, state), rule

        flat, state = jax.custom_gradient(pure)(floats, values)
        for variable, value in zip(written, state):
            variable.assign(value)
        return tree.pack_sequence_as(structure[0], flat)

    def _pair(self, args: Any) -> tuple[Any, Callable[..., Any]]:
        pair = self._function(*args, **self._kwargs)
        if not isinstance(pair, tuple) or len(pair) != 2 or not callable(pair[1]):
            raise ArgumentTypeError(
                f"Expected `{self._name}` to return a pair of its result and a function of its "
                f"gradient, as it is decorated by `custom_gradient`, received {pair!r}."
            )
        return pair

    def _gradients(
        self,
        grad: Callable[..., Any],
        upstream: Sequence[Any],
        floats: list[jax.Array],
        variables: list[Variable],
        values: list[jax.Array],
    ) -> tuple[list[jax.Array], list[jax.Array]]:
        """What the user's function gives, by the arguments of floats and by variables."""
        if variables:
            given = self._with_variables(grad, upstream, variables)
        else:
            given = grad(*upstream), []
        of_args = given[0] if isinstance(given[0], (list, tuple)) else [given[0]]
        if len(of_args) != len(self._places):
            raise ArgumentError(
                f"Expected the gradient function of `{self._name}` to return "
                f"{len(self._places)} gradients, one for each argument that is an array or a "
                f"number, received {len(of_args)}."
            )
        if len(given[1]) != len(variables):
            raise ArgumentError(
                f"Expected the gradient function of `{self._name}` to return {len(variables)} "
                f"gradients for variables, received {len(given[1])}."
            )
        by_place = dict(zip(self._places, of_args))
        return (
            [self._fitted(by_place[i], value) for i, value in zip(self._floats, floats)],
            [self._fitted(gradient, value) for gradient, value in zip(given[1], values)],
        )

    def _with_variables(
        self, grad: Callable[..., Any], upstream: Sequence[Any], variables: list[Variable]
    ) -> tuple[Any, Sequence[Any]]:
        paths = [variable.path for variable in variables]
        if not _takes_variables(grad):
            raise ArgumentTypeError(
                f"`{self._name}` reads the variables {paths}, so its gradient function has to take "
                f"an argument `variables` and to return a pair: the gradients for the arguments, "
                f"and a list of those for the variables."
            )
        pair = grad(*upstream, variables=variables)
        if not isinstance(pair, tuple) or len(pair) != 2 or not isinstance(pair[1], (list, tuple)):
            raise ArgumentTypeError(
                f"Expected the gradient function of `{self._name}` to return a pair of the "
                f"gradients for the arguments and a list of those for the variables {paths}, "
                f"received {pair!r}."
            )
        return pair

    def _fitted(self, gradient: Any, value: jax.Array) -> jax.Array:
        if gradient is None:
            return jnp.zeros_like(value)
        gradient = jnp.asarray(gradient, value.dtype)
        if gradient.shape != value.shape:
            raise ShapeError(
                f"Expected the gradient function of `{self._name}` to return a gradient of the "
                f"shape of its argument, {tuple(value.shape)}, received one of shape "
                f"{tuple(gradient.shape)}."
            )
        return gradient


def _takes_variables(grad: Callable[..., Any]) -> bool:
    parameters = inspect.signature(grad).parameters
    return "variables" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def _is_tensor(leaf: Any) -> bool:
    return isinstance(leaf, (jax.Array, np.ndarray, np.generic, int, float, complex))


def _is_float(leaf: Any) -> bool:
    return jnp.issubdtype(jnp.result_type(leaf), jnp.inexact)
