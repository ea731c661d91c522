"""Looks into files of models and weights without making anything that they describe.

Parts load when they are first used: only to judge what is not plainly deepkit's takes JAX.
"""

import importlib
from typing import Any

_PARTS = {
    "FileReport": "_report",
    "inspect_file": "_inspect",
    "why_unknown": "_judge",
}


def __getattr__(name: str) -> Any:
    if name not in _PARTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PARTS[name]}"), name)
