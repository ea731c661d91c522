"""Tells those who listen which variables are read, such as gradient tapes."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import jax

if TYPE_CHECKING:
    from deepkit.tensors._variable import Variable

# Takes the variable and its value; returns the value that the reader gets.
Listener = Callable[["Variable", jax.Array], jax.Array]


class _Listeners(threading.local):
    def __init__(self) -> None:
        self.all: tuple[Listener, ...] = ()


_LISTENERS = _Listeners()


class listen_to_reads:
    """Within a `with` block, a function is told of every variable that this thread reads.

    Args:
        listener: takes the variable and its value in the variable's own dtype; returns the value
            that the reader gets.
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def __enter__(self) -> None:
        _LISTENERS.all = (*_LISTENERS.all, self._listener)

    def __exit__(self, *error: object) -> None:
        remaining = list(_LISTENERS.all)
        remaining.remove(self._listener)
        _LISTENERS.all = tuple(remaining)


class unheard:
    """Within a `with` block, nobody is told of what this thread reads."""

    def __enter__(self) -> None:
        self._before, _LISTENERS.all = _LISTENERS.all, ()

    def __exit__(self, *error: object) -> None:
        _LISTENERS.all = self._before


def are_reads_listened_to() -> bool:
    """Whether someone listens in this thread."""
    return bool(_LISTENERS.all)


def told(variable: "Variable", value: jax.Array) -> jax.Array:
    """The value that a reader gets, after the listeners were told."""
    for listener in _LISTENERS.all:
        value = listener(variable, value)
    return value
