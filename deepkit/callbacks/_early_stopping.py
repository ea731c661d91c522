"""Stops training when a value no longer improves."""

from typing import Any

import numpy as np

from ._logs import say
from ._monitor_callback import MonitorCallback, check_count


class EarlyStopping(MonitorCallback):
    """Stop training when a monitored value has not improved for some epochs.

    Use it to train until a model begins to overfit. NaN never counts as better.

    Args:
        monitor: name in the logs.
        min_delta: how much better a value must be to count.
        patience: epochs without improvement after which training stops.
        verbose: 1 prints when training stops or weights are restored.
        mode: `"min"`, `"max"`, or `"auto"`: by the metric of that name, or else by the name.
        baseline: a value that must be beaten, too, before the patience starts again.
        restore_best_weights: whether the model ends with the weights of its best epoch, which is
            the best that ran, even if none has beaten the `baseline`.
        start_from_epoch: epochs at the start that do not count.

    Attributes:
        best: the best value so far.
        best_epoch: the epoch of that value, from 0.
        stopped_epoch: the epoch at whose end training was stopped; 0 if it was not.

    Raises:
        ArgumentError: an argument has a value outside of what is allowed.
        UnknownNameError: nothing of the name `monitor` is logged.

    Example:
        >>> import deepkit
        >>> stop = deepkit.callbacks.EarlyStopping("loss", patience=2)
        >>> callbacks = deepkit.callbacks.CallbackList([stop], model=deepkit.utils.Config())
        >>> callbacks.on_train_begin()
        >>> for epoch, loss in enumerate([3.0, 2.0, 2.5, 2.1]):
        ...     callbacks.on_epoch_end(epoch, {"loss": loss})
        >>> stop.best, stop.best_epoch, stop.model.stop_training
        (2.0, 1, True)
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience = check_count("patience", patience)
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = check_count("start_from_epoch", start_from_epoch)
        self._reset()

    def _reset(self) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best: float | None = None
        self.best_weights: list[np.ndarray] | None = None
        self.best_epoch = 0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._reset()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        current = self.monitored_value(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self._remember(epoch)
        self.wait += 1
        if self.is_improvement(current, self.best):
            self.best = current
            self._remember(epoch)
            if self.baseline is None or self.is_improvement(current, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        if self.stopped_epoch > 0 and self.verbose > 0:
            say(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose > 0:
                say(f"Restoring the weights of the best epoch, {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)

    def _remember(self, epoch: int) -> None:
        self.best_epoch = epoch
        if self.restore_best_weights:
            # Copies, as training may reuse the memory of the arrays that it is given back.
            self.best_weights = [np.array(weight) for weight in self.model.get_weights()]

    def get_backup_state(self) -> dict[str, Any]:
        names = ("wait", "best", "best_epoch", "best_weights", "stopped_epoch")
        return {name: getattr(self, name) for name in names}

    def set_backup_state(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
