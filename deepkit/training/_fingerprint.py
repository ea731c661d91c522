"""What a compiled step depends on, so that equal models, optimizers and losses share programs."""

import types
from typing import Any

import jax
import numpy as np

from deepkit.tensors import KerasTensor, Variable

_BY_IDENTITY = (
    jax.Array,
    np.ndarray,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    KerasTensor,
)
_PLAIN = (int, float, str, bool, bytes, type(None), type, np.dtype)
# Numbers that live in variables, and names, change nothing in a program.
_IGNORED = frozenset(("name", "_name", "_path", "seed"))
_MAX_DEPTH = 60


def fingerprint(value: Any) -> Any:
    """A hashable value that is equal for objects that lead to the same program.

    Plain attributes and configs are compared by value; functions, and objects of which nothing is
    known, by identity. Variables count by shape, dtype and `trainable`.
    """
    return _fingerprint(value, {}, 0)


def _fingerprint(value: Any, seen: dict[int, int], depth: int) -> Any:
    if isinstance(value, _PLAIN):
        return (type(value).__name__, value)
    if isinstance(value, Variable):
        return ("variable", tuple(value.shape), value._dtype, value.trainable)
    if isinstance(value, list | tuple):
        return (type(value).__name__, *(_fingerprint(v, seen, depth + 1) for v in value))
    if isinstance(value, dict):
        # Keys that are no text are identities of variables.
        return (
            "dict",
            *(
                (k if isinstance(k, str) else None, _fingerprint(v, seen, depth + 1))
                for k, v in value.items()
            ),
        )
    if isinstance(value, _BY_IDENTITY):
        return _Identity(value)
    return _object_fingerprint(value, seen, depth)


def _object_fingerprint(value: Any, seen: dict[int, int], depth: int) -> Any:
    if id(value) in seen:
        return ("seen", seen[id(value)])
    seen[id(value)] = len(seen)
    if depth > _MAX_DEPTH or not hasattr(value, "__dict__"):
        return _Identity(value)
    own = type(value).__module__.startswith("deepkit.")
    if not own and not hasattr(value, "get_config"):
        return _Identity(value)
    parts = [
        (name, _fingerprint(part, seen, depth + 1))
        for name, part in vars(value).items()
        if name not in _IGNORED and name not in _SKIPPED
    ]
    return (type(value), tuple(parts))


class _Identity:
    """An object that equals itself alone, and stays alive as long as the fingerprint does."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and self.value is other.value

    def __hash__(self) -> int:
        return hash(id(self.value))


_SKIPPED = frozenset(
    (
        "_trainer",
        "_inbound_nodes",
        "_build_lock",
        "_constructor_call",
        "_eager_losses",
        "_children",
        "_build_shapes",
        "_exposed",
        "_value",
        "stop_training",
        "history",
    )
)
