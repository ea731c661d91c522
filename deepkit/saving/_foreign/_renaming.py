"""Gives the arrays of another library the names of a model."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from deepkit.core.errors import ArgumentError, ArgumentTypeError


def renamer(rename: Any) -> Callable[[str], str | None]:
    """A function that gives a name its new one, or `None` if the array is to be left out.

    Args:
        rename: such a function; or a dict. Its keys are whole names, beginnings of names up to a
            dot, or patterns of `re.compile`; its values what stands instead (for patterns with
            groups, as in `re.sub`), or `None`. Whole names come first, then the longest beginning,
            then patterns in their order; what nothing fits keeps its name.

    Raises:
        ArgumentTypeError: it is none of these.
    """
    if rename is None:
        return lambda name: name
    if callable(rename):
        return rename
    if not isinstance(rename, Mapping):
        raise _wrong(rename)
    for key, value in rename.items():
        if not isinstance(key, str | re.Pattern) or not isinstance(value, str | None):
            raise _wrong({key: value})
    exact = {key.rstrip("."): value for key, value in rename.items() if isinstance(key, str)}
    patterns = {key: value for key, value in rename.items() if isinstance(key, re.Pattern)}
    return lambda name: _renamed(name, exact, patterns)


def _renamed(
    name: str, exact: dict[str, str | None], patterns: dict[re.Pattern[str], str | None]
) -> str | None:
    steps = name.split(".")
    for count in range(len(steps), 0, -1):
        beginning = ".".join(steps[:count])
        if beginning in exact:
            new = exact[beginning]
            return None if new is None else ".".join([*filter(None, [new]), *steps[count:]])
    for pattern, new in patterns.items():
        if pattern.search(name):
            return None if new is None else pattern.sub(new, name)
    return name


def rename_all(names: list[str], rename: Any) -> dict[str, str]:
    """The new names of arrays and their old ones; those that are left out are not there.

    Raises:
        ArgumentError: two arrays get the same name.
    """
    new_name = renamer(rename)
    renamed: dict[str, str] = {}
    for name in names:
        new = new_name(name)
        if new is not None and not isinstance(new, str):
            raise _wrong(new)
        if new in renamed:
            raise ArgumentError(
                f"Expected `rename` to give different names, but '{renamed[new]}' and '{name}' "
                f"both become '{new}'."
            )
        if new is not None:
            renamed[new] = name
    return renamed


def _wrong(received: Any) -> ArgumentTypeError:
    return ArgumentTypeError(
        f"Expected `rename` to be a function from a name to a name or None, or a dict of such with "
        f"names or compiled patterns as keys, received {received!r}."
    )
