"""The seam through which a conversion of code reaches the methods that users override.

`Layer.__call__` is library code that calls the user's `call`. While a conversion is active in a
thread, it calls what the conversion makes of that method instead. This floor knows no conversion.
"""

import threading
from collections.abc import Callable
from typing import Any

Conversion = Callable[[Callable[..., Any]], Callable[..., Any]]


class _Active(threading.local):
    conversion: Conversion | None = None


_ACTIVE = _Active()


def prepared(method: Callable[..., Any]) -> Callable[..., Any]:
    """What to call in the place of a user's method: the method itself if nothing is converted."""
    conversion = _ACTIVE.conversion
    return method if conversion is None else conversion(method)


def active_conversion() -> Conversion | None:
    """The conversion of this thread, or `None`."""
    return _ACTIVE.conversion


class converting:
    """Within a `with` block, convert the methods of users that the library calls.

    Args:
        conversion: makes a function of a function; `None` switches conversion off.
    """

    def __init__(self, conversion: Conversion | None) -> None:
        self._conversion = conversion

    def __enter__(self) -> None:
        self._before = _ACTIVE.conversion
        _ACTIVE.conversion = self._conversion

    def __exit__(self, *error: object) -> None:
        _ACTIVE.conversion = self._before
