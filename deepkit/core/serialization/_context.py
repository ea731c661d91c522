"""What holds for the load or save in progress, in this thread."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from deepkit.core.errors import ConfigError

# What one load makes at most. The largest published networks have 6,000 layers, initializers and
# the like; so many take seconds.
MAX_ENTRIES = 30_000


class _Context(threading.local):
    def __init__(self) -> None:
        self.safe_mode: bool | None = None
        self.skips_compile = False
        self.written: dict[int, tuple[int, Any, list[Any]]] | None = None
        self.made: dict[int, Any] | None = None
        self.entries = 0


_CONTEXT = _Context()
_UNSAFE_BY_DEFAULT = [False]


def enable_unsafe_deserialization() -> None:
    """Let configs with Python code load where `safe_mode` is not given.

    An explicit `safe_mode=True` still refuses them.
    """
    _UNSAFE_BY_DEFAULT[0] = True


def disable_unsafe_deserialization() -> None:
    """Undo `enable_unsafe_deserialization`."""
    _UNSAFE_BY_DEFAULT[0] = False


def in_safe_mode() -> bool:
    """Whether code in a config is refused here: the load in progress decides, else the default."""
    if _CONTEXT.safe_mode is not None:
        return _CONTEXT.safe_mode
    return not _UNSAFE_BY_DEFAULT[0]


def skips_compile() -> bool:
    """Whether the load in progress leaves compile configs aside."""
    return _CONTEXT.skips_compile


def written_objects() -> dict[int, tuple[int, Any, list[Any]]] | None:
    """What the open `sharing_scope` has seen; `None` outside of one."""
    return _CONTEXT.written


def made_objects() -> dict[int, Any]:
    """What the load in progress has made, by the number that shared objects have in configs."""
    assert _CONTEXT.made is not None
    return _CONTEXT.made


@contextlib.contextmanager
def _set(**attributes: Any) -> Iterator[None]:
    before = {name: getattr(_CONTEXT, name) for name in attributes}
    vars(_CONTEXT).update(attributes)
    try:
        yield
    finally:
        vars(_CONTEXT).update(before)


def load_scope(safe_mode: bool | None) -> contextlib.AbstractContextManager[None]:
    """Fix whether code may be loaded inside; `None` leaves it as it is."""
    return _set() if safe_mode is None else _set(safe_mode=bool(safe_mode))


def without_compile(skip: bool = True) -> contextlib.AbstractContextManager[None]:
    """Leave compile configs aside for the models that are deserialized inside."""
    return _set(skips_compile=skip)


def sharing_scope() -> contextlib.AbstractContextManager[None]:
    """Mark an object that is written in several places inside, so that it loads as one object.

    Without it, it loads as as many objects as there are places.
    """
    return _set(written={})


def making_scope() -> contextlib.AbstractContextManager[None]:
    """One load: what is marked as shared is made once inside."""
    return _set() if _CONTEXT.made is not None else _set(made={}, entries=0)


def count_entry() -> None:
    """Count one more object in the load in progress.

    Raises:
        ConfigError: there are more than a config may have.
    """
    _CONTEXT.entries += 1
    if _CONTEXT.entries > MAX_ENTRIES:
        raise ConfigError(f"The config describes more than {MAX_ENTRIES:,} objects.")
