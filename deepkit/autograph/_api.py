"""What users call: conversion of functions, and its switches."""

import functools
import logging
import textwrap
import types
from collections.abc import Callable
from typing import Any

from deepkit.core import user_code
from deepkit.core.errors import ArgumentTypeError

from ._calls import call_converted, convert_now
from ._policy import is_marked, mark
from ._source import SourceUnavailable, Unsupported
from ._transpiler import converted

_LOG = logging.getLogger("deepkit.autograph")


def convert(function: Callable[..., Any], recursive: bool = True) -> Callable[..., Any]:
    """A function whose control flow may depend on tensors.

    `if`, `while`, `for` and the like run in the compiled program where they depend on traced
    values, and as Python otherwise. It is converted at the first call.

    Args:
        function: a function, a method or another callable.
        recursive: whether the user's functions that it calls, and the `call` methods of the user's
            layers and models, are converted too.

    Raises:
        ArgumentTypeError: it cannot be called.

    Example:
        >>> import deepkit, jax
        >>> def steps(n):
        ...     count = 0
        ...     while n > 1:
        ...         n = n // 2 if n % 2 == 0 else 3 * n + 1
        ...         count += 1
        ...     return count
        >>> int(jax.jit(deepkit.autograph.convert(steps))(27))
        111
    """
    if not callable(function):
        raise ArgumentTypeError(
            f"Expected `function` to be something that can be called, received {function!r}."
        )
    if is_marked(function):
        return function

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return call_converted(function, recursive, args, kwargs)

    if hasattr(function, "__name__"):
        wrapper = functools.wraps(function)(wrapper)
    else:
        wrapper.__wrapped__ = function  # type: ignore[attr-defined]
    return mark(wrapper)


def do_not_convert(function: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """Leave a function, and all that it calls, as plain Python; a decorator.

    Args:
        function: the function; `None` where it is written with parentheses.

    Example:
        >>> import deepkit
        >>> @deepkit.autograph.do_not_convert
        ... def plain(x):
        ...     return x if x > 0 else -x
        >>> plain(-2)
        2
    """
    if function is None:
        return do_not_convert

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        with user_code.converting(None):
            return function(*args, **kwargs)

    return mark(wrapper)


def to_graph(
    entity: Callable[..., Any], recursive: bool = True, experimental_optional_features: Any = None
) -> Callable[..., Any]:
    """The converted function itself; of a method, a function that takes `self` too.

    Args:
        entity: a Python function or method.
        recursive: whether the functions that it calls are converted too.
        experimental_optional_features: accepted for TensorFlow's signature.

    Raises:
        ArgumentTypeError: it cannot be converted.

    Example:
        >>> import deepkit
        >>> def absolute(x):
        ...     if x < 0:
        ...         x = -x
        ...     return x
        >>> deepkit.autograph.to_graph(absolute)(-3)
        3
    """
    function = _plain_function(entity)
    _converted_or_refused(function, recursive)
    return convert_now(function, recursive)


def to_code(
    entity: Callable[..., Any], recursive: bool = True, experimental_optional_features: Any = None
) -> str:
    """The code of the converted function as text.

    Args:
        entity: a Python function or method.
        recursive: whether the functions that it calls are converted too.
        experimental_optional_features: accepted for TensorFlow's signature.

    Raises:
        ArgumentTypeError: it cannot be converted.

    Example:
        >>> import deepkit
        >>> def absolute(x):
        ...     if x < 0:
        ...         x = -x
        ...     return x
        >>> print(deepkit.autograph.to_code(absolute).splitlines()[0])
        def ag__absolute(x):
    """
    return textwrap.dedent(_converted_or_refused(_plain_function(entity), recursive).text)


def _plain_function(entity: Any) -> types.FunctionType:
    entity = getattr(entity, "python_function", entity)
    function = getattr(entity, "__wrapped__", entity) if is_marked(entity) else entity
    function = getattr(function, "__func__", function)
    if not isinstance(function, types.FunctionType):
        raise ArgumentTypeError(f"Expected a Python function or method, received {entity!r}.")
    return function


def _converted_or_refused(function: types.FunctionType, recursive: bool) -> Any:
    try:
        return converted(function, recursive)
    except (SourceUnavailable, Unsupported) as error:
        raise ArgumentTypeError(
            f"`{function.__qualname__}` cannot be converted: {error}. Define it by `def` in a "
            f"file, without what is named here."
        ) from None


def set_verbosity(level: int, alsologtostdout: bool = False) -> None:
    """Say how much is logged about conversions.

    Args:
        level: 0 for nothing, 1 or more for the code of each converted function.
        alsologtostdout: whether it is printed too.
    """
    _LOG.setLevel(logging.DEBUG if level > 0 else logging.WARNING)
    for handler in list(_LOG.handlers):
        _LOG.removeHandler(handler)
    if alsologtostdout:
        _LOG.addHandler(_Printer())


class _Printer(logging.Handler):
    """Prints records to what is standard output at that time."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record."""
        print(self.format(record))


def trace(*args: Any) -> None:
    """Print values while a function is traced, not when the compiled program runs.

    Args:
        *args: what to print.
    """
    print(*args)
