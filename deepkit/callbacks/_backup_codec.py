"""States of callbacks as what JSON can hold, with the arrays beside it."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from deepkit.core.errors import ArgumentTypeError

_ARRAY = "array in the file"
_NUMBER = "number that JSON lacks"


def pack(value: Any, arrays: dict[str, np.ndarray], owner: str) -> Any:
    """A value in the form for JSON.

    Args:
        value: made of dicts, lists, numbers, strings, `None`s and arrays.
        arrays: gets the arrays, by numbers.
        owner: whose value it is, for messages.

    Raises:
        ArgumentTypeError: it has other parts.
    """
    if isinstance(value, float) and not math.isfinite(value):
        return {_NUMBER: str(value)}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: pack(part, arrays, owner) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [pack(part, arrays, owner) for part in value]
    if hasattr(value, "dtype") and np.asarray(value).dtype.kind != "O":
        name = str(len(arrays))
        arrays[name] = np.asarray(value)
        return {_ARRAY: name}
    raise ArgumentTypeError(
        f"Expected the state of {owner} to be made of dicts with text as keys, lists, numbers, "
        f"strings, None and arrays, to keep it in a backup; received {value!r} in it."
    )


def unpack(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """The value that `pack` was given; tuples come back as lists."""
    if isinstance(value, list):
        return [unpack(part, arrays) for part in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {_ARRAY}:
        return arrays[value[_ARRAY]]
    if value.keys() == {_NUMBER}:
        return float(value[_NUMBER])
    return {key: unpack(part, arrays) for key, part in value.items()}
