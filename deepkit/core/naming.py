"""Names: snake case, counters for automatic names, and scopes that make paths."""

import collections
import contextlib
import re
import threading
from collections.abc import Iterator
from typing import Any

from deepkit.core.errors import ArgumentError

_HALVES = re.compile("[\ud800-\udfff]")
_COUNTERS: collections.Counter[str] = collections.Counter()
_LOCK = threading.Lock()


class _Scopes(threading.local):
    def __init__(self) -> None:
        self.names: list[tuple[str, object]] = []


_SCOPES = _Scopes()


def to_snake_case(name: str) -> str:
    """`"Conv2DTranspose"` → `"conv2d_transpose"`; `"MyDense"` → `"my_dense"`."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def auto_name(prefix: str) -> str:
    """The next free automatic name: `dense`, `dense_1`, `dense_2`…"""
    with _LOCK:
        count = _COUNTERS[prefix]
        _COUNTERS[prefix] += 1
    return f"{prefix}_{count}" if count else prefix


def get_uid(prefix: str = "") -> int:
    """The next number of a prefix, from 1."""
    with _LOCK:
        _COUNTERS[prefix] += 1
        return _COUNTERS[prefix]


def reset_names() -> None:
    """Start all automatic names again."""
    with _LOCK:
        _COUNTERS.clear()


def unique_name(name: str, taken: Any) -> str:
    """`name`, or `name_1`, `name_2`… if it is in `taken` already."""
    unique, count = name, 0
    while unique in taken:
        count += 1
        unique = f"{name}_{count}"
    return unique


def is_text_for_files(text: str) -> bool:
    """Whether text has no NUL and no halves of characters, which UTF-8 cannot hold."""
    return "\x00" not in text and has_no_halves(text)


def has_no_halves(text: str) -> bool:
    """Whether text has no halves of characters, which UTF-8 cannot hold."""
    return not _HALVES.search(text)


def check_name(name: Any, owner: str) -> str:
    """A usable name: text, not empty, and without a slash, which separates paths.

    Raises:
        ArgumentError: it is not.
    """
    if not isinstance(name, str) or not name or "/" in name or not is_text_for_files(name):
        raise ArgumentError(
            f"Expected `name` of {owner} to be text that is not empty and has no '/', "
            f"received {name!r}."
        )
    return name


@contextlib.contextmanager
def name_scope(name: str, caller: object = None) -> Iterator[None]:
    """Put `name` in front of the paths of variables made inside.

    A caller that is already the innermost one adds no second level.
    """
    stack = _SCOPES.names
    if caller is not None and stack and stack[-1][1] is caller:
        yield
        return
    stack.append((name, caller))
    try:
        yield
    finally:
        stack.pop()


def current_path() -> str:
    """The names of the open scopes, joined by slashes."""
    return "/".join(name for name, _ in _SCOPES.names if name)
