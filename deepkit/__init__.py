"""deepkit: a Keras-style deep learning framework on JAX.

Parts load when they are first used, so that importing deepkit costs next to nothing.
"""

import importlib
from typing import Any

from deepkit._public import MODULES as _MODULES
from deepkit._public import NAMES as _NAMES
from deepkit._version import __version__ as __version__
from deepkit.core.memory import keep_memory as _keep_memory

_keep_memory()

__all__ = [*_MODULES, *_NAMES, "__version__"]


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        value = getattr(importlib.import_module(_NAMES[name]), name)
    elif name in _MODULES:
        value = importlib.import_module(f"deepkit.{name}")
    else:
        raise AttributeError(f"module 'deepkit' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
