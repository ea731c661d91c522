"""Where the public names live, and which of them a file may name."""

import importlib
import types
from collections.abc import Callable
from typing import Any

from deepkit.core import registry
from deepkit.core.source_glance import defines_class

MODULES = (
    "activations",
    "autograph",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "dtype_policies",
    "errors",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "random",
    "regularizers",
    "saving",
    "tree",
    "utils",
)

NAMES = {
    "DTypePolicy": "deepkit.tensors",
    "FloatDTypePolicy": "deepkit.dtype_policies",
    "Function": "deepkit.models",
    "GradientTape": "deepkit.autodiff",
    "Initializer": "deepkit.initializers",
    "Input": "deepkit.layers",
    "InputSpec": "deepkit.layers",
    "JaxModel": "deepkit.models",
    "KerasTensor": "deepkit.ops._operators",
    "Layer": "deepkit.layers",
    "Loss": "deepkit.losses",
    "Metric": "deepkit.metrics",
    "Model": "deepkit.models",
    "Operation": "deepkit.tensors",
    "Optimizer": "deepkit.optimizers",
    "Regularizer": "deepkit.regularizers",
    "Sequential": "deepkit.models",
    "StatelessScope": "deepkit.tensors",
    "SymbolicScope": "deepkit.tensors",
    "TensorSpec": "deepkit.tensors",
    "UnconnectedGradients": "deepkit.autodiff",
    "Variable": "deepkit.tensors",
    "cond": "deepkit.ops",
    "custom_gradient": "deepkit.autodiff",
    "device": "deepkit.tensors",
    "function": "deepkit.functions",
    "name_scope": "deepkit.tensors",
    "print": "deepkit.autograph",
    "scan": "deepkit.ops",
    "stop_gradient": "deepkit.ops",
    "switch": "deepkit.ops",
    "value_and_grad": "deepkit.autodiff",
    "version": "deepkit._version",
    "while_loop": "deepkit.ops",
}

# Public modules whose classes (all of them have `from_config`) a file may name, and those whose
# functions it may name too.
_CLASS_MODULES = (
    "layers",
    "models",
    "losses",
    "metrics",
    "optimizers",
    "optimizers.schedules",
    "initializers",
    "regularizers",
    "constraints",
    "dtype_policies",
    "random",
)
_FUNCTION_MODULES = ("activations", "losses", "metrics", "ops", "random")
_NOT_DATA = ("get", "serialize", "deserialize")
_SHORT_NAMES = ("DTypePolicy", "Layer", "Loss", "Metric", "Model", "Sequential")
_SHORT_HOMES = {"Functional": "deepkit.models", **{short: NAMES[short] for short in _SHORT_NAMES}}


def _lookup_in(area: str) -> Callable[[str], Any]:
    def lookup(name: str) -> Any:
        if name.startswith("_"):
            return None
        found = getattr(importlib.import_module(f"deepkit.{area}"), name, None)
        if isinstance(found, type):
            return found if hasattr(found, "from_config") else None
        plain = isinstance(found, types.FunctionType) and name not in _NOT_DATA
        return found if plain and area in _FUNCTION_MODULES else None

    return lookup


def _glance_at(area: str) -> Callable[[str], bool]:
    return lambda name: not name.startswith("_") and defines_class(f"deepkit.{area}", name)


def _lookup_short(name: str) -> Any:
    home = _SHORT_HOMES.get(name)
    return getattr(importlib.import_module(home), name) if home is not None else None


def _provide_all() -> None:
    for area in (*_CLASS_MODULES, *(a for a in _FUNCTION_MODULES if a not in _CLASS_MODULES)):
        registry.provide(f"keras.{area}", _lookup_in(area), _glance_at(area))
    for module in ("keras", "keras.src.models.functional"):
        registry.provide(module, _lookup_short, _SHORT_HOMES.__contains__)


_provide_all()
