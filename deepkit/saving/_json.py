"""JSON from files: bounded in size and depth, and unambiguous."""

import json
import re
from typing import Any

import numpy as np

from deepkit.core.errors import CorruptFileError, SerializationError

MAX_BYTES = 32 * 2**20
MAX_DEPTH = 256

_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_NO_BRACKETS = re.compile(rb"[^\[\]{}]+")
_CHUNK = 2**20


def write_json(value: Any, what: str) -> str:
    """JSON text that `read_json` reads.

    Raises:
        SerializationError: the value has parts that JSON cannot hold, or is too large or deep.
    """
    try:
        text = json.dumps(value)
        _check_bounds(text.encode(), what)
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
        _check_bounds(data, what)
        return json.loads(data, object_pairs_hook=_unique_keys)
    except (ValueError, RecursionError) as error:
        raise CorruptFileError(f"{what} in '{file}' cannot be read: {error}") from error


def _check_bounds(data: bytes, what: str) -> None:
    if len(data) > MAX_BYTES:
        raise ValueError(f"expected at most {MAX_BYTES:,} bytes, received {len(data):,}.")
    depth = _depth(_NO_BRACKETS.sub(b"", _STRINGS.sub(b"", data)))
    if depth > MAX_DEPTH:
        raise ValueError(f"expected at most {MAX_DEPTH} nested brackets, received {depth}.")


def _depth(brackets: bytes) -> int:
    """How deep brackets are nested, counted in chunks, which take no memory."""
    depth = deepest = 0
    for start in range(0, len(brackets), _CHUNK):
        chunk = np.frombuffer(brackets[start : start + _CHUNK], dtype="uint8")
        steps = np.where((chunk == ord("[")) | (chunk == ord("{")), 1, -1)
        depths = depth + np.cumsum(steps)
        depth, deepest = int(depths[-1]), max(deepest, int(depths.max()))
    return deepest


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice[:100]!r} appears twice.")
    return result
