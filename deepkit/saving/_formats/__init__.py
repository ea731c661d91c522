"""The file formats; each loads when it is first used, and h5py with it."""

import importlib
from typing import Any

_PARTS = {
    "archive": "_archive",
    "legacy": "_legacy",
    "prepared": "_prepared",
    "runs": "_runs",
    "shards": "_shards",
    "trees": "_trees",
    "safetensors": "_safetensors",
    "weights": "_weights",
}


def __getattr__(name: str) -> Any:
    if name not in _PARTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(f"{__name__}.{_PARTS[name]}")
