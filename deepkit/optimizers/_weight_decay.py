"""Decoupled weight decay and the variables that are excluded from it."""

import functools
import re
from collections.abc import Iterable

import jax

from deepkit.core.errors import ArgumentTypeError
from deepkit.tensors import Variable

from ._precision import widen


@functools.partial(jax.jit, static_argnames="weight_decay", inline=True)
def decay(variable: jax.Array, learning_rate: jax.Array, weight_decay: float) -> jax.Array:
    """`variable - variable * weight_decay * learning_rate`."""
    wide = widen(variable)
    return (wide - wide * weight_decay * learning_rate.astype(wide.dtype)).astype(variable.dtype)


class Exclusions:
    """Variables that weight decay leaves alone.

    Args:
        var_list: the variables themselves.
        var_names: regular expressions; a variable whose name one of them is found in is excluded.

    Raises:
        ArgumentTypeError: `var_names` is no list of text.
    """

    def __init__(
        self, var_list: Iterable[Variable] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        names = list(var_names or ())
        if isinstance(var_names, str) or not all(isinstance(name, str) for name in names):
            raise ArgumentTypeError(
                f"Expected `var_names` to be a list of text such as ['bias'], "
                f"received {var_names!r}."
            )
        self._variables = list(var_list or ())
        self._pattern = re.compile("|".join(names)) if names else None

    def __contains__(self, variable: Variable) -> bool:
        if any(variable is excluded for excluded in self._variables):
            return True
        return self._pattern is not None and self._pattern.search(variable.name) is not None
