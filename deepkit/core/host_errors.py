"""Errors that Python code raises while a compiled program calls it back, such as failed asserts.

XLA runs such code on threads of its own, and reports a text in the place of the error.
"""

import functools
import threading
from collections.abc import Callable
from typing import Any

import jax

_LOCK = threading.Lock()
_RAISED: list[Exception] = []
_MAX_RAISED = 16


def remembered(callback: Callable[..., Any]) -> Callable[..., Any]:
    """A function to be called back, whose errors `as_raised` knows."""

    @functools.wraps(callback)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return callback(*args, **kwargs)
        except Exception as error:
            with _LOCK:
                _RAISED.append(error)
                del _RAISED[:-_MAX_RAISED]
            raise

    return wrapper


class as_raised:
    """A `with` block from which an error comes as it was raised, and not as XLA reports it."""

    def __enter__(self) -> None:
        with _LOCK:
            _RAISED.clear()

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if not isinstance(error, jax.errors.JaxRuntimeError):
            return
        with _LOCK:
            raised = next((e for e in _RAISED if str(e) and str(e) in str(error)), None)
        if raised is not None:
            raise raised from None
