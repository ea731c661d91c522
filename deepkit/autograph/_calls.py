"""Calls in converted code: user functions are converted too, on the way."""

import functools
import inspect
import logging
import types
import warnings
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from deepkit import ops
from deepkit.core import user_code

from ._builtins import BUILTINS
from ._iterables import arange_
from ._location import is_converted
from ._operators import STATEMENTS
from ._policy import converts, is_marked, is_resumable, mark
from ._source import SourceUnavailable, Unsupported
from ._stacks import stacker
from ._transpiler import CodeCache, converted

_LOG = logging.getLogger("deepkit.autograph")
_FAILED = CodeCache()
# Functions that run those that they are given while a program is traced.
_CALLING_LIBRARIES = ("jax.", "jax_", "deepkit.ops", "deepkit.autodiff")


def converted_call(
    function: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None, scope: Any
) -> Any:
    """Call a function from converted code.

    Args:
        function: what is called.
        args: its positional arguments.
        kwargs: its keyword arguments, `None` for none.
        scope: the scope of the converted function that calls.
    """
    recursive = scope.callopts.recursive
    kind = type(function)
    if kind is types.FunctionType and (not recursive or is_marked(function)):
        pass
    elif kind is types.BuiltinFunctionType or kind is type:
        function = _of_builtin(function)
    elif recursive:
        function, args = prepared(function, args)
        if function is ops.arange or function is jnp.arange:
            function = functools.partial(arange_, function)
        function = stacker(function, args)
    return function(*args, **kwargs) if kwargs else function(*args)


def _of_builtin(function: Any) -> Any:
    return BUILTINS.get(function, function)


def prepared(function: Any, args: tuple[Any, ...] = ()) -> tuple[Any, tuple[Any, ...]]:
    """What to call in the place of a function, and with which arguments."""
    if isinstance(function, functools.partial):
        inner, _ = prepared(function.func)
        changed = inner is not function.func
        return (
            functools.partial(inner, *function.args, **function.keywords) if changed else function
        ), args
    if isinstance(function, types.MethodType):
        inner = function.__func__
        if isinstance(inner, types.FunctionType) and converts(inner):
            return types.MethodType(convert_now(inner), function.__self__), args
        return function, args
    if isinstance(function, types.FunctionType):
        if converts(function):
            return convert_now(function), args
        if _calls_arguments(function):
            args = tuple(map(_prepared_argument, args))
        return function, args
    if isinstance(function, type):
        return function, args
    call = inspect.getattr_static(type(function), "__call__", None)
    if isinstance(call, types.FunctionType) and converts(call):
        return types.MethodType(convert_now(call), function), args
    return function, args


def _calls_arguments(function: types.FunctionType) -> bool:
    return (function.__module__ or "").startswith(_CALLING_LIBRARIES)


def _prepared_argument(argument: Any) -> Any:
    plain = isinstance(argument, types.FunctionType | types.MethodType)
    if not plain or is_marked(argument):
        return argument
    changed, _ = prepared(argument)
    return changed


def prepared_method(method: Callable[..., Any]) -> Callable[..., Any]:
    """The conversion of methods that the library calls in the user's classes."""
    return prepared(method)[0]


def convert_now(function: types.FunctionType, recursive: bool = True) -> types.FunctionType:
    """A converted function, or the function itself with a warning if that cannot be.

    Args:
        function: a Python function.
        recursive: whether the functions that it calls are converted too.
    """
    if is_converted(function.__code__) or is_marked(function):
        return function
    code = function.__code__
    if _FAILED.get(code):
        return function
    if is_resumable(function):
        _fall_back(function, "it is a generator or an async function")
        return function
    try:
        made = converted(function, recursive)
    except SourceUnavailable as error:
        _fall_back(function, f"its source code is not available ({error})")
        return function
    except Unsupported as error:
        _fall_back(function, str(error))
        return function
    _LOG.debug("Converted %s:\n%s", function.__qualname__, made.text)
    result = made.bind(function, _OPERATORS)
    return mark(result)


def _fall_back(function: types.FunctionType, reason: str) -> None:
    """Say, once, that a function runs as it is."""
    _FAILED.put(function.__code__, True)
    code = function.__code__
    warnings.warn(
        f"`{function.__qualname__}` ({code.co_filename}:{code.co_firstlineno}) is not converted "
        f"and is traced as plain Python: {reason}. Its `if` and loops cannot depend on tensors. "
        f"Define it by `def` in a file, without what is named here, or mark it with "
        f"`@deepkit.autograph.do_not_convert`.",
        UserWarning,
        stacklevel=4,
    )


def call_converted(
    function: Callable[..., Any], recursive: bool, args: Any, kwargs: dict[str, Any]
) -> Any:
    """Call a function that the user asked to convert, with conversion on."""
    if isinstance(function, functools.partial):
        kwargs = {**function.keywords, **kwargs}
        return call_converted(function.func, recursive, (*function.args, *args), kwargs)
    if isinstance(function, types.MethodType):
        return call_converted(function.__func__, recursive, (function.__self__, *args), kwargs)
    if isinstance(function, types.FunctionType):
        function = convert_now(function, recursive)
    elif recursive:
        function = prepared(function)[0]
    with user_code.converting(prepared_method if recursive else None):
        return function(*args, **kwargs)


_OPERATORS = types.SimpleNamespace(**vars(STATEMENTS), converted_call=converted_call)
