"""Decides which functions are converted: the user's, and not those of libraries."""

import functools
import inspect
import os
import sysconfig
import types
from typing import Any

from ._transpiler import CodeCache

_MARK = "__deepkit_converted__"

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_LIBRARIES = {
    *("deepkit", "jax", "jaxlib", "numpy", "scipy", "keras", "optax", "flax", "equinox", "haiku"),
    *("malt", "pandas", "matplotlib", "sklearn", "tensorflow", "torch", "pytest", "hypothesis"),
}
_CONVERTS = CodeCache()


def converts(function: types.FunctionType) -> bool:
    """Whether a function that converted code calls is to be converted."""
    if is_marked(function):
        return False
    code = function.__code__
    answer = _CONVERTS.get(code)
    if answer is None:
        answer = not (_is_special(function) or is_library_file(code.co_filename))
        # Not `__module__`, which `functools.wraps` copies from what is wrapped.
        module = function.__globals__.get("__name__", "")
        answer = answer and module.partition(".")[0] not in _LIBRARIES
        _CONVERTS.put(code, answer)
    return answer


def _is_special(function: types.FunctionType) -> bool:
    """Generators and the like, and methods that Python itself wrote (of data classes)."""
    written_by_python = function.__code__.co_filename.startswith("<") and (
        function.__name__.startswith("__")
    )
    return written_by_python or is_resumable(function)


def is_resumable(function: Any) -> bool:
    """Whether a function may stop in the middle: generators, coroutines and their kin."""
    return (
        inspect.isgeneratorfunction(function)
        or inspect.iscoroutinefunction(function)
        or inspect.isasyncgenfunction(function)
    )


@functools.lru_cache(maxsize=4096)
def is_library_file(filename: str) -> bool:
    """Whether a file belongs to deepkit, to Python itself or to an installed package."""
    if filename.startswith("<frozen"):
        return True
    path = os.path.abspath(filename)
    parts = path.split(os.sep)
    if "site-packages" in parts or "dist-packages" in parts:
        return True
    return any(path.startswith(folder + os.sep) for folder in _library_folders())


@functools.lru_cache(maxsize=1)
def _library_folders() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    return (_PACKAGE, *(os.path.abspath(paths[name]) for name in ("stdlib", "platstdlib")))


def mark(function: types.FunctionType) -> types.FunctionType:
    """Note of a function that it is converted already, or is not to be.

    The note holds the function's code, for `functools.wraps` copies it to functions around.
    """
    function.__dict__[_MARK] = function.__code__
    return function


def is_marked(function: Any) -> bool:
    """Whether a function was marked."""
    note = getattr(function, "__dict__", {}).get(_MARK)
    return note is not None and note is getattr(function, "__code__", None)
