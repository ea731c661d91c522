"""Lowers the learning rate when a value no longer improves."""

from typing import Any

import numpy as np

from deepkit.core.errors import ArgumentError

from ._learning_rates import log_rates, optimizers_of, read_rate
from ._logs import say
from ._monitor_callback import MonitorCallback, check_count


class ReduceLROnPlateau(MonitorCallback):
    """Multiply the learning rate by a factor when a value has not improved for some epochs.

    The rate is logged as `learning_rate`.

    Args:
        monitor: name in the logs.
        factor: what the rate is multiplied by; below 1.
        patience: epochs without improvement after which the rate is lowered.
        verbose: 1 prints the new rate.
        mode: `"min"`, `"max"`, or `"auto"`: by the metric of that name, or else by the name.
        min_delta: how much better a value must be to count.
        cooldown: epochs after a reduction that do not count.
        min_lr: the rate is never set below this.

    Raises:
        ArgumentError: an argument has a value outside of what is allowed.
        UnknownNameError: nothing of the name `monitor` is logged.

    Example:
        >>> import deepkit
        >>> model = deepkit.utils.Config(optimizer=deepkit.utils.Config(learning_rate=0.5))
        >>> callback = deepkit.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=2)
        >>> callback.set_model(model)
        >>> for epoch in range(3):
        ...     callback.on_epoch_end(epoch, {"loss": 1.0})
        >>> model.optimizer.learning_rate
        0.25
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        if not 0 < factor < 1:
            raise ArgumentError(f"Expected `factor` to lie between 0 and 1, received {factor!r}.")
        if not min_lr >= 0:
            raise ArgumentError(f"Expected `min_lr` to be at least 0, received {min_lr!r}.")
        self.factor = factor
        self.min_lr = min_lr
        self.patience = check_count("patience", patience)
        self.verbose = verbose
        self.cooldown = check_count("cooldown", cooldown)
        self.cooldown_counter = 0
        self.wait = 0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.best = None
        self.cooldown_counter = 0
        self.wait = 0

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = {} if logs is None else logs
        log_rates(self.model, logs)
        current = self.monitored_value(logs)
        if current is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.is_improvement(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and self._reduce(epoch):
                self.cooldown_counter = self.cooldown
                self.wait = 0

    def in_cooldown(self) -> bool:
        """Whether a reduction was so recent that epochs do not count."""
        return self.cooldown_counter > 0

    def _reduce(self, epoch: int) -> bool:
        """Lower all rates that are not at their lowest; whether there was one."""
        reduced = False
        for name, optimizer in optimizers_of(self.model):
            old = read_rate(optimizer)
            if old <= np.float32(self.min_lr):  # rates are kept in float32
                continue
            optimizer.learning_rate = rate = max(old * self.factor, self.min_lr)
            reduced = True
            if self.verbose > 0:
                which = f"{name} learning rate" if name else "learning rate"
                say(f"Epoch {epoch + 1}: ReduceLROnPlateau lowers the {which} to {rate}.")
        return reduced

    def get_backup_state(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("best", "wait", "cooldown_counter")}

    def set_backup_state(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
