"""AutoGraph: `if`, `while` and `for` that depend on tensors, compiled.

What converts loads when it is first used: most programs need no conversion.
"""

import importlib
from typing import Any

from ._on_demand import NEEDS_CONVERSION as NEEDS_CONVERSION
from ._on_demand import convert_on_demand as convert_on_demand
from ._on_demand import converting as converting

_PARTS = {
    "convert": "_api",
    "do_not_convert": "_api",
    "prepared_method": "_calls",
    "print": "_print",
    "set_loop_options": "_directives",
    "set_verbosity": "_api",
    "to_code": "_api",
    "to_graph": "_api",
    "trace": "_api",
}

__all__ = [*sorted(_PARTS), "experimental"]


def __getattr__(name: str) -> Any:
    if name == "experimental":
        return importlib.import_module(f"{__name__}.experimental")
    if name not in _PARTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_PARTS[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
