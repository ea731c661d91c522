"""Knows whether the code that runs is the body of compiled control flow, and guards its edges."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from deepkit.core.errors import StateError

from ._location import user_line

State = tuple[Any, ...]


class _Depth(threading.local):
    depth = 0


_DEPTH = _Depth()


@contextlib.contextmanager
def entered() -> Iterator[None]:
    """While the body of a branch or loop is traced."""
    _DEPTH.depth += 1
    try:
        yield
    finally:
        _DEPTH.depth -= 1


def mutator(method: Callable[..., Any], owner: str) -> Callable[..., Any]:
    """A method that changes a container from outside, if it may be called here.

    Raises:
        StateError: a compiled branch or loop would change it.
    """
    container = getattr(method, "__self__", None)
    if _DEPTH.depth and type(container) in (list, dict, set):
        raise StateError(
            f"{user_line()}a compiled branch or loop changes the Python {type(container).__name__} "
            f"`{owner}`, but it is traced once and not run. Keep the values in a local variable "
            f"and put them there afterwards, or keep them in a `deepkit.Variable`."
        )
    return method


def touched(value: Any) -> Any:
    """The value: written as an assignment after a method that changes it."""
    return value


@contextlib.contextmanager
def restoring(set_state: Callable[[State], None], before: State) -> Iterator[None]:
    """Give the variables their values back if an error leaves the block."""
    try:
        yield
    except BaseException:
        set_state(before)
        raise


def refuse_outer_changes(
    names: Sequence[str],
    before: Sequence[Any],
    after: Sequence[Any],
    outer: Sequence[str],
    statement: str,
    set_state: Callable[[State], None],
) -> None:
    """Make sure that no traced value ends up in an object that lives longer than the trace.

    Raises:
        StateError: an attribute of an object from outside changes, or a variable from there.
    """
    for name, old, new in zip(names, before, after):
        if name in outer and old is not new:
            set_state(tuple(before))
            raise StateError(
                f"{user_line()}`{name}` is a plain Python {_kind(name)} that {statement} changes, "
                f"which is decided only when the program runs. Keep it in a `deepkit.Variable` and "
                f"use `assign`, or keep it in a local variable and return it."
            )


def _kind(name: str) -> str:
    return "attribute" if "." in name else "variable from outside of the function"
