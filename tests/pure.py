"""Stateful code as a pure function of the values of its variables, for `jit`, `grad` and `vmap`."""

from deepkit.tensors import StatelessScope


def functionalize(function, variables):
    """A pure `(values, *args) -> (result, new values)`."""
    variables = tuple(variables)

    def pure(values, *args, **kwargs):
        with StatelessScope(zip(variables, values)) as scope:
            result = function(*args, **kwargs)
            return result, tuple(scope.get_current_value(v) for v in variables)

    return pure
