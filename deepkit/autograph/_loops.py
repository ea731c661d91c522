"""`while` and `for`: Python's where the turns are known, else compiled loops."""

from collections.abc import Callable, Sequence
from typing import Any

from deepkit.core.errors import ArgumentError

from ._branches import if_stmt
from ._compiled_loops import CompiledLoop
from ._iterables import Staged, staged
from ._location import user_line
from ._specs import is_traced, plain

State = tuple[Any, ...]


def while_stmt(
    test: Callable[[], Any],
    body: Callable[[], None],
    get_state: Callable[[], State],
    set_state: Callable[[State], None],
    names: Sequence[str],
    options: dict[str, Any],
    outer: Sequence[str] = (),
) -> None:
    """A `while` statement.

    It runs in Python until its condition depends on a traced value, and from there on when the
    program runs.

    Args:
        test: its condition.
        body: runs a turn.
        get_state: gives the values of the variables that a turn changes.
        set_state: sets them.
        names: the names of these variables.
        options: of the loop.
        outer: those of the names that are attributes of objects from outside.
    """
    while True:
        goes_on = plain(test())
        if is_traced(goes_on):
            break
        if not goes_on:
            return
        body()
    limit = _limit(options)
    loop = CompiledLoop("while", get_state, set_state, names, options.get("appended", ()), outer)
    loop.trace(lambda element: body(), [], None, test)
    if limit is None:
        loop.run_while()
    else:
        loop.run_scan(limit)


def for_stmt(
    iterable: Any,
    extra_test: Callable[[], Any] | None,
    body: Callable[[Any], None],
    get_state: Callable[[], State],
    set_state: Callable[[State], None],
    names: Sequence[str],
    options: dict[str, Any],
    outer: Sequence[str] = (),
) -> None:
    """A `for` statement.

    Args:
        iterable: what it goes over.
        extra_test: whether it goes on, if there are `break`s or `return`s in it.
        body: runs a turn for an element.
        get_state: gives the values of the variables that a turn changes.
        set_state: sets them.
        names: the names of these variables.
        options: of the loop.
        outer: those of the names that are attributes of objects from outside.
    """
    over = staged(iterable)
    if over is None:
        _python_for(iterable, extra_test, body, get_state, set_state, names, outer)
        return
    limit = _limit(options)
    if over.is_known and limit is not None:
        over = Staged(min(limit, over.count), [a[:limit] for a in over.arrays], over.element)
    if over.is_known and over.count == 0:
        return
    loop = CompiledLoop("for", get_state, set_state, names, options.get("appended", ()), outer)
    loop.trace(body, over.arrays, over, extra_test)
    if over.is_known:
        loop.run_scan(over.count)
    elif limit is not None:
        loop.run_scan(limit)
    else:
        loop.run_while()


def _limit(options: dict[str, Any]) -> int | None:
    limit = options.get("maximum_iterations")
    if limit is None:
        return None
    if is_traced(limit) or int(limit) != limit or limit < 0:
        raise ArgumentError(
            f"{user_line()}expected `maximum_iterations` to be a whole number that is known when "
            f"the loop is compiled, at least 0, received {limit}."
        )
    return int(limit)


def _python_for(
    iterable: Any,
    extra_test: Callable[[], Any] | None,
    body: Callable[[Any], None],
    get_state: Callable[[], State],
    set_state: Callable[[State], None],
    names: Sequence[str],
    outer: Sequence[str],
) -> None:
    """Python's loop; turns after a `break` that depends on a traced value are branches."""
    if extra_test is None:
        for element in iterable:
            body(element)
        return
    goes_on = plain(extra_test())
    if not is_traced(goes_on) and not goes_on:
        return
    for element in iterable:
        if is_traced(goes_on):
            turn = lambda element=element: body(element)  # noqa: E731
            if_stmt(goes_on, turn, _nothing, get_state, set_state, names, len(names), outer)
        else:
            body(element)
        goes_on = plain(extra_test())
        if not is_traced(goes_on) and not goes_on:
            return


def _nothing() -> None:
    return None
