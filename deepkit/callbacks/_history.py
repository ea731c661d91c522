"""Records the logs of all epochs."""

from typing import Any

from ._callback import Callback


class History(Callback):
    """The record of a training run, which `fit` keeps and returns.

    Attributes:
        history: dict from a name in the logs to its values, one an epoch.
        epoch: indices of the epochs.

    Example:
        >>> import deepkit
        >>> history = deepkit.callbacks.History()
        >>> callbacks = deepkit.callbacks.CallbackList([history])
        >>> callbacks.on_train_begin()
        >>> callbacks.on_epoch_end(0, {"loss": 0.5})
        >>> callbacks.on_epoch_end(1, {"loss": 0.25})
        >>> history.history
        {'loss': [0.5, 0.25]}
    """

    def __init__(self) -> None:
        self.history: dict[str, list[Any]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        if self.model is not None:
            self.model.history = self

    def get_backup_state(self) -> dict[str, Any]:
        return {"history": self.history, "epoch": self.epoch}

    def set_backup_state(self, state: dict[str, Any]) -> None:
        # The same dict, as callers may hold it.
        self.history.update({name: list(values) for name, values in state["history"].items()})
        self.epoch[:] = state["epoch"]
