"""What a compiled step depends on, so that equal models, optimizers and losses share programs."""

import types
from typing import Any

import jax
import numpy as np

from deepkit.tensors import KerasTensor, Variable
from deepkit.training._watch import Watch

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


def fingerprint(value: Any, watch: Watch | None = None) -> Any:
    """A hashable value that is equal for objects that lead to the same program.

    Plain attributes and configs are compared by value; functions, and objects of which nothing is
    known, by identity. Variables count by shape, dtype and `trainable`.

    Args:
        value: what to describe.
        watch: notes all that the fingerprint was read from.
    """
    return _fingerprint(value, {}, 0, Watch() if watch is None else watch)


def _fingerprint(value: Any, seen: dict[int, int], depth: int, watch: Watch) -> Any:
    if isinstance(value, _PLAIN):
        return (type(value).__name__, value)
    if isinstance(value, Variable):
        watch.note_variable(value)
        penalty = (value.constraint, value.regularizer)
        return (
            ("variable", tuple(value.shape), value._dtype, value.trainable)
            + (value.overwrite_with_gradient,)
            + tuple(_fingerprint(part, seen, depth + 1, watch) for part in penalty)
        )
    if isinstance(value, list | tuple):
        if isinstance(value, list):
            watch.note_list(value)
        return (type(value).__name__, *(_fingerprint(v, seen, depth + 1, watch) for v in value))
    if isinstance(value, dict):
        watch.note_dict(value)
        # Keys that are no text are identities of variables.
        return (
            "dict",
            *(
                (k if isinstance(k, str) else None, _fingerprint(v, seen, depth + 1, watch))
                for k, v in list(value.items())
            ),
        )
    if isinstance(value, _BY_IDENTITY):
        return _Identity(value)
    return _object_fingerprint(value, seen, depth, watch)


def _object_fingerprint(value: Any, seen: dict[int, int], depth: int, watch: Watch) -> Any:
    if id(value) in seen:
        return ("seen", seen[id(value)])
    seen[id(value)] = len(seen)
    if depth > _MAX_DEPTH:
        watch.is_complete = False
        return _Identity(value)
    if not hasattr(value, "__dict__"):
        return _Identity(value)
    cls = type(value)
    own = cls.__module__.startswith("deepkit.")
    if not own and not hasattr(value, "get_config"):
        return _Identity(value)
    if not (own and getattr(value, "never_changes", False)):
        watch.note_dict(vars(value))
    watch.note_class(cls)
    parts = [
        (name, _fingerprint(part, seen, depth + 1, watch))
        for name, part in list(vars(value).items())
        if name not in _IGNORED and name not in SKIPPED
    ]
    methods = (cls.call, cls.__call__) if hasattr(cls, "call") else ()
    return (cls, tuple(map(_Identity, methods)), tuple(parts))


class _Identity:
    """An object that equals itself alone, and stays alive as long as the fingerprint does."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and self.value is other.value

    def __hash__(self) -> int:
        return hash(id(self.value))


SKIPPED = frozenset(
    (
        "_trainer",
        "_compiled_calls",
        "_inbound_nodes",
        "_build_lock",
        "_constructor_call",
        "_eager_losses",
        "_children",
        "_build_shapes",
        "_exposed",
        "_paths_of_model",
        "_value",
    )
)
