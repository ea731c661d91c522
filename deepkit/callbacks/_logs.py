"""Logs as plain numbers, and messages to the user."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from deepkit.core.messages import say as say

Logs = Mapping[str, Any] | Callable[[], Mapping[str, Any]] | None


def plain_logs(logs: Logs) -> dict[str, Any]:
    """Logs with Python floats for scalars; dicts inside become part of the outer one.

    Args:
        logs: a mapping, or a function that makes one, perhaps by waiting for the device.
    """
    if callable(logs):
        logs = logs()
    plain: dict[str, Any] = {}
    for name, value in (logs or {}).items():
        if isinstance(value, Mapping):
            plain.update(plain_logs(value))
        elif isinstance(value, str) or value is None or np.ndim(value):
            plain[name] = value
        else:
            plain[name] = float(value)
    return plain
