"""Checks of constructor arguments that many layers share."""

from collections.abc import Sequence
from typing import Any

from deepkit.core.errors import ArgumentError


def _owner(layer: Any) -> str:
    return f"the layer '{layer.name}' ({type(layer).__name__})"


def _is_integer(value: Any) -> bool:
    return hasattr(value, "__index__") and not isinstance(value, bool)


def check_positive(argument: str, value: Any, layer: Any) -> int:
    """An integer of at least 1.

    Raises:
        ArgumentError: it is none.
    """
    if not _is_integer(value) or int(value) < 1:
        raise ArgumentError(
            f"Expected `{argument}` of {_owner(layer)} to be an integer of at least 1, "
            f"received {value!r}."
        )
    return int(value)


def check_tuple(
    argument: str, value: Any, rank: int, layer: Any, at_least: int = 1
) -> tuple[int, ...]:
    """A tuple of `rank` integers; a single integer stands for all of them.

    Raises:
        ArgumentError: it is neither, or an integer is less than `at_least`.
    """
    values = (value,) * rank if _is_integer(value) else value
    ok = (
        isinstance(values, Sequence)
        and not isinstance(values, str)
        and len(values) == rank
        and all(_is_integer(v) and int(v) >= at_least for v in values)
    )
    if not ok:
        raise ArgumentError(
            f"Expected `{argument}` of {_owner(layer)} to be an integer or a tuple of {rank} "
            f"integers of at least {at_least}, received {value!r}."
        )
    return tuple(int(v) for v in values)


def check_choice(argument: str, value: Any, choices: Sequence[Any], layer: Any) -> Any:
    """One of some values; text in any case.

    Raises:
        ArgumentError: it is none of them.
    """
    folded = value.lower() if isinstance(value, str) else value
    if folded not in choices:
        raise ArgumentError(
            f"Expected `{argument}` of {_owner(layer)} to be one of {tuple(choices)}, "
            f"received {value!r}."
        )
    return folded


def check_rate(argument: str, value: Any, layer: Any) -> float:
    """A number from 0 to 1.

    Raises:
        ArgumentError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ArgumentError(
            f"Expected `{argument}` of {_owner(layer)} to be a number from 0 to 1, "
            f"received {value!r}."
        )
    return value
