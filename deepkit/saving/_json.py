"""JSON from files: bounded in size and depth, and unambiguous."""

import collections
import json
import re
from typing import Any

from deepkit.core.errors import CorruptFileError, SerializationError

MAX_BYTES = 32 * 2**20
MAX_WIDE_BYTES = 4 * 2**20
MAX_DEPTH = 256
# In memory, a value takes up to 120 bytes and a container up to 240: 60 MB for all.
MAX_VALUES = 500_000
VALUES_OF_A_CONTAINER = 4
MAX_KEYS = 100_000

_WIDE = re.compile(rb"[\xf0-\xf4]")
# A text, also one without an end, or a mark of structure.
_TOKENS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{},]', re.DOTALL)


def write_json(value: Any, what: str) -> str:
    """JSON text that `read_json` reads.

    Raises:
        SerializationError: the value has parts that JSON cannot hold, or is too large or deep.
    """
    try:
        text = json.dumps(value)
        _check_bounds(text.encode())
        if "NaN" in text:
            json.loads(text, parse_constant=_constant)
    except (TypeError, ValueError, RecursionError) as error:
        raise SerializationError(f"The {what} cannot be written as JSON: {error}") from error
    return text


def read_json(text: bytes | str, what: str, file: str) -> Any:
    """The value of JSON text.

    Args:
        text: the text.
        what: what it is, for messages: `"config.json"`.
        file: where it is from, for messages.

    Raises:
        CorruptFileError: it is too large, nested too deep, no JSON, or names a key twice.
    """
    data = text.encode() if isinstance(text, str) else text
    try:
        _check_bounds(data)
        return json.loads(data, object_pairs_hook=_unique_keys, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise CorruptFileError(f"{what} in '{file}' cannot be read: {error}") from error


def _check_bounds(data: bytes) -> None:
    if len(data) > MAX_BYTES:
        raise ValueError(f"expected at most {MAX_BYTES:,} bytes, received {len(data):,}.")
    if len(data) > MAX_WIDE_BYTES and _WIDE.search(data):
        raise ValueError(
            f"expected at most {MAX_WIDE_BYTES:,} bytes of text with characters such as emoji, "
            f"which take four times as much in memory, received {len(data):,}."
        )
    values = 0
    # The commas so far in each of the containers around; those in lists do not count.
    commas: list[int] = []
    for token in _TOKENS.finditer(data):
        mark = data[token.start()]
        if mark in b"[{":
            values += VALUES_OF_A_CONTAINER
            commas.append(-MAX_VALUES if mark in b"[" else 0)
        elif mark in b"]}" and commas:
            commas.pop()
        elif mark in b"," and commas:
            values += 1
            commas[-1] += 1
            if commas[-1] >= MAX_KEYS:
                raise ValueError(f"expected at most {MAX_KEYS:,} keys in a dict.")
        if len(commas) > MAX_DEPTH:
            raise ValueError(f"expected at most {MAX_DEPTH} nested brackets.")
        if values > MAX_VALUES:
            raise ValueError(
                f"expected at most {MAX_VALUES:,} values, where lists and dicts count as "
                f"{VALUES_OF_A_CONTAINER} more."
            )


def _constant(name: str) -> float:
    if name == "NaN":
        raise ValueError("it holds NaN, which is no number.")
    return float(name)


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        (twice, _), *_ = collections.Counter(key for key, _ in pairs).most_common(1)
        raise ValueError(f"the key {twice[:100]!r} appears twice.")
    return result
