"""`and`, `or`, `not`, chains of comparisons and `assert`, of values known when the program runs."""

import operator
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core import host_errors

from ._location import user_line
from ._specs import is_traced, plain
from ._values import truth

_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "Eq": operator.eq,
    "NotEq": operator.ne,
    "Lt": operator.lt,
    "LtE": operator.le,
    "Gt": operator.gt,
    "GtE": operator.ge,
    "Is": operator.is_,
    "IsNot": operator.is_not,
    "In": lambda a, b: a in b,
    "NotIn": lambda a, b: a not in b,
}


def and_(first: Callable[[], Any], second: Callable[[], Any]) -> Any:
    """`first() and second()`; both are worked out if the first depends on a traced value."""
    a = first()
    if not is_traced(plain(a)):
        return a and second()
    return _select(plain(a), second(), "and")


def or_(first: Callable[[], Any], second: Callable[[], Any]) -> Any:
    """`first() or second()`; both are worked out if the first depends on a traced value."""
    a = first()
    if not is_traced(plain(a)):
        return a or second()
    return _select(plain(a), second(), "or")


def _select(a: Any, b: Any, word: str) -> Any:
    """The first value or the second, as Python would choose; booleans where both are."""
    b = plain(b)
    condition = truth(a, word)
    if a.dtype == np.bool_ and _is_boolean(b):
        if b is (word == "or"):
            return b  # whatever the first one is
        combine = jnp.logical_and if word == "and" else jnp.logical_or
        return combine(condition, truth(b, word))
    with jax.numpy_dtype_promotion("standard"):
        return jnp.where(condition, b, a) if word == "and" else jnp.where(condition, a, b)


def _is_boolean(value: Any) -> bool:
    return type(value) is bool or getattr(value, "dtype", None) == np.bool_


def not_(value: Any) -> Any:
    """`not value`."""
    value = plain(value)
    return ~truth(value, "not") if is_traced(value) else not value


def compare_chain(first: Any, *rest: tuple[str, Callable[[], Any]]) -> Any:
    """`first < a < b`, each part worked out once, and none after one that is known to fail.

    Args:
        first: the first value.
        *rest: the name of a comparison, and what gives the next value.
    """
    result: Any = True
    left = first
    for name, get in rest:
        right = get()
        here = _COMPARISONS[name](left, right)
        result = and_(lambda result=result: result, lambda here=here: here)
        if not is_traced(plain(result)) and not result:
            return result
        left = right
    return result


def assert_stmt(condition: Any, message: Callable[[], Any]) -> None:
    """`assert condition, message()`; checked when the program runs if it depends on that."""
    condition = plain(condition)
    if not is_traced(condition):
        if not condition:
            text = message()
            raise AssertionError() if text is None else AssertionError(text)
        return
    line, text = user_line(), message()
    values = text if isinstance(text, jax.Array) else None
    described = "" if text is None or values is not None else str(text)

    @host_errors.remembered
    def check(holds: Any, value: Any) -> None:
        if not np.all(holds):
            raise AssertionError(f"{line}{described if value is None else value}")

    jax.debug.callback(check, truth(condition, "assert"), values)


def is_sequence(value: Any, length: int) -> bool:
    """Whether a pattern of a sequence of so many parts matches."""
    return isinstance(value, list | tuple) and len(value) == length
