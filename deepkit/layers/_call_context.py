"""What nested layer calls of a thread share: the outermost layer, the training flag, a recorder."""

import threading
from typing import Any

from deepkit.core import tree
from deepkit.core.shapes import Shape
from deepkit.tensors import add_to_context, is_array


class CallContext(threading.local):
    """The layer that was called first, the `training` value in force, and who records calls."""

    def __init__(self) -> None:
        self.entry: Any = None
        self.training: bool | None = None
        self.recorder: OutputShapes | None = None


_CONTEXT = CallContext()


class layer_call:
    """Enter the call of a layer; the outermost one starts a context and ends it."""

    def __init__(self, layer: Any, training: Any) -> None:
        self._layer, self._training = layer, training

    def __enter__(self) -> bool:
        self._before = (_CONTEXT.entry, _CONTEXT.training)
        outermost = _CONTEXT.entry is None
        if outermost:
            _CONTEXT.entry = self._layer
        if self._training is not None:
            _CONTEXT.training = self._training
        return outermost

    def __exit__(self, *error: object) -> None:
        _CONTEXT.entry, _CONTEXT.training = self._before


def is_inside_call() -> bool:
    """Whether a layer is being called in this thread, or calls are recorded."""
    return _CONTEXT.entry is not None or _CONTEXT.recorder is not None


def current_training() -> bool | None:
    """The `training` value of the calls around, or `None`."""
    return _CONTEXT.training


add_to_context(current_training)


class OutputShapes:
    """Records the shapes of the outputs of all layers that are called inside a `with` block."""

    def __init__(self) -> None:
        self._calls: dict[int, list[Any]] = {}

    def __enter__(self) -> "OutputShapes":
        self._before = _CONTEXT.recorder
        _CONTEXT.recorder = self
        return self

    def __exit__(self, *error: object) -> None:
        _CONTEXT.recorder = self._before

    def note(self, layer: Any, outputs: Any) -> None:
        """Note a call."""
        self._calls.setdefault(id(layer), []).append(
            tree.map_structure(lambda x: Shape(x.shape) if is_array(x) else None, outputs)
        )

    def of(self, layer: Any) -> Any:
        """The shapes of a layer's first call; `None` for sizes that differ between evaluations.

        Shapes are worked out with two values for unknown sizes, so the first and the second half
        of the calls are the same calls.
        """
        calls = self._calls.get(id(layer))
        if calls is None:
            return None
        return _merge(calls[0], calls[len(calls) // 2])


def _merge(first: Any, second: Any) -> Any:
    if isinstance(first, Shape):
        return Shape(a if a == b else None for a, b in zip(first, second))
    if isinstance(first, dict):
        return {key: _merge(first[key], second[key]) for key in first}
    if isinstance(first, list | tuple):
        return [_merge(a, b) for a, b in zip(first, second)]
    return None


def note_outputs(layer: Any, outputs: Any) -> None:
    """Tell the recorder of this thread, if there is one, what a layer returned."""
    if _CONTEXT.recorder is not None:
        _CONTEXT.recorder.note(layer, outputs)
