"""What nested layer calls of a thread share: the outermost layer and the training flag."""

import threading
from typing import Any


class CallContext(threading.local):
    """The layer that was called first, and the `training` value in force."""

    def __init__(self) -> None:
        self.entry: Any = None
        self.training: bool | None = None


_CONTEXT = CallContext()


class layer_call:  # noqa: N801 (used as a statement)
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


def current_training() -> bool | None:
    """The `training` value of the calls around, or `None`."""
    return _CONTEXT.training
