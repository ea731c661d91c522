"""Calls several callbacks as one."""

from collections.abc import Iterable
from typing import Any

from deepkit.core import tree
from deepkit.core.errors import ArgumentError, ArgumentTypeError

from ._backup_and_restore import BackupAndRestore
from ._callback import Callback, overrides
from ._history import History
from ._logs import Logs, plain_logs
from ._monitor_callback import MonitorCallback
from ._progbar_logger import ProgbarLogger
from ._resume_point import ResumePoint, RunState

_BATCH_HOOKS = {
    "train": ("on_train_batch_begin", "on_train_batch_end"),
    "test": ("on_test_batch_begin", "on_test_batch_end"),
    "predict": ("on_predict_batch_begin", "on_predict_batch_end"),
}
_CALLED_BY = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}


class CallbackList(Callback):
    """The callbacks of a run, called in order through the hooks of one.

    Use it to serve callbacks in a training loop of your own. `BackupAndRestore` always comes last,
    so that what it saves holds the work of all others.

    Args:
        callbacks: a callback, or a nested list of them.
        add_history: whether to add a `History` if there is none.
        add_progbar: whether to add a `ProgbarLogger` if there is none.
        model: the model of the run.
        **params: `verbose`, `epochs`, `steps` and the like, for the callbacks.

    Raises:
        ArgumentTypeError: an element is no callback.

    Example:
        >>> import deepkit
        >>> callbacks = deepkit.callbacks.CallbackList(add_history=True, epochs=2)
        >>> callbacks.on_train_begin()
        >>> for epoch in range(2):
        ...     callbacks.on_epoch_begin(epoch)
        ...     callbacks.on_epoch_end(epoch, {"loss": 1.0 / (epoch + 1)})
        >>> callbacks.on_train_end()
        >>> callbacks.history.history
        {'loss': [1.0, 0.5]}
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        self.callbacks = [_checked(callback) for callback in _flatten(callbacks)]
        if add_history and self.history is None:
            self.callbacks.append(History())
        if add_progbar and self._progbar is None:
            self.callbacks.append(ProgbarLogger())
        self._arrange()
        if model is not None:
            self.set_model(model)
        self.set_params(params)

    def append(self, callback: Callback) -> None:
        """Add a callback to the run."""
        self.callbacks.append(_checked(callback))
        if self.model is not None:
            callback.set_model(self.model)
        if self.params:
            callback.set_params(self.params)
        self._arrange()

    def _arrange(self) -> None:
        self.callbacks.sort(key=lambda callback: isinstance(callback, BackupAndRestore))
        for callback in self.callbacks:
            if isinstance(callback, BackupAndRestore):
                callback.peers = [other for other in self.callbacks if other is not callback]
        if len(self._backups) > 1:
            raise ArgumentError(
                "Expected one BackupAndRestore, or `resume` of `fit`, as a run can go on from one "
                f"backup only; received the folders {[b.backup_dir for b in self._backups]}."
            )
        self._listeners = {
            hook: [callback for callback in self.callbacks if _listens(callback, hook)]
            for hooks in _BATCH_HOOKS.values()
            for hook in hooks
        }

    @property
    def history(self) -> History | None:
        """The callback that records, if there is one."""
        return next((c for c in self.callbacks if isinstance(c, History)), None)

    @property
    def _progbar(self) -> ProgbarLogger | None:
        return next((c for c in self.callbacks if isinstance(c, ProgbarLogger)), None)

    @property
    def _backups(self) -> list[BackupAndRestore]:
        return [c for c in self.callbacks if isinstance(c, BackupAndRestore)]

    def tell_backups_of(self, run: RunState | None) -> bool:
        """Tell the callback that backs up, if there is one, what the run has besides the model.

        Returns:
            Whether there is one.
        """
        for backup in self._backups:
            backup.run = run
        return bool(self._backups)

    @property
    def resume_point(self) -> ResumePoint | None:
        """Where an interrupted run goes on; known after `on_train_begin`."""
        found = (getattr(callback, "resume_point", None) for callback in self.callbacks)
        return next((point for point in found if point is not None), None)

    @property
    def has_batch_hooks(self) -> bool:
        """Whether a callback wants to be called for single batches of any kind."""
        return any(self.has_batch_hooks_in(phase) for phase in _BATCH_HOOKS)

    def has_batch_hooks_in(self, phase: str) -> bool:
        """Whether a callback wants to be called for batches of `"train"`, `"test"`, `"predict"`."""
        return any(self._listeners[hook] for hook in _BATCH_HOOKS[phase])

    @property
    def follows_epochs(self) -> bool:
        """Whether a callback does more at epochs than to record them."""
        return any(
            type(callback) is not History
            and (overrides(callback, "on_epoch_begin") or overrides(callback, "on_epoch_end"))
            for callback in self.callbacks
        )

    def check_monitors(self, names: Iterable[str]) -> None:
        """Raise if a callback monitors a name that no epoch will log.

        A callback of the user's may add names to the logs, so nothing is checked before the end
        of the first epoch where one has an `on_epoch_end`.

        Args:
            names: what epochs will log, with the `val_` names if there is validation; read only if
                something is monitored.

        Raises:
            UnknownNameError: such a name is monitored.
        """
        if any(_may_add_logs(callback) for callback in self.callbacks):
            return
        monitoring = [c for c in self.callbacks if isinstance(c, MonitorCallback)]
        known = [*names, "learning_rate"] if monitoring else []
        for callback in monitoring:
            callback.check_monitor(known)

    def progress(self, seen: int, logs: Logs = None) -> None:
        """Tell the progress bar how far the pass has come, as often as one likes.

        Args:
            seen: steps done in this epoch, evaluation or prediction.
            logs: values that may still live on the device, or a function that reads them; they
                are read at most ten times a second.
        """
        if self._progbar is not None:
            self._progbar.progress(seen, logs)

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params
        for callback in self.callbacks if params else ():
            callback.set_params(params)

    def set_model(self, model: Any) -> None:
        self._model = model
        if self.history is not None:
            model.history = self.history
        for callback in self.callbacks:
            callback.set_model(model)

    def _call(self, hook: str, *arguments: Any) -> None:
        for callback in self.callbacks:
            getattr(callback, hook)(*arguments)

    def _call_batch(self, hook: str, batch: int, logs: Logs) -> None:
        listeners = self._listeners[hook]
        if listeners:  # reading logs waits for the device
            logs = plain_logs(logs)
            for callback in listeners:
                getattr(callback, hook)(batch, logs=logs)

    def on_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self.on_train_batch_begin(batch, logs)

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        self.on_train_batch_end(batch, logs)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._call("on_epoch_begin", epoch, plain_logs(logs))

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._call("on_epoch_end", epoch, plain_logs(logs))

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._call_batch("on_train_batch_begin", batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._call_batch("on_train_batch_end", batch, logs)
        self.progress(batch + 1, logs)

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._call_batch("on_test_batch_begin", batch, logs)

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._call_batch("on_test_batch_end", batch, logs)

    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._call_batch("on_predict_batch_begin", batch, logs)

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        for callback in self._listeners["on_predict_batch_end"]:
            callback.on_predict_batch_end(batch, logs=logs)  # the outputs stay as they are

    def on_train_begin(self, logs: Logs = None) -> None:
        self._call("on_train_begin", plain_logs(logs))

    def on_train_end(self, logs: Logs = None) -> None:
        self._call("on_train_end", plain_logs(logs))

    def on_train_error(self, error: BaseException) -> None:
        for callback in self.callbacks:
            try:
                callback.on_train_error(error)
            except Exception as raised:
                error.add_note(f"And {type(callback).__name__} raised, as it ended: {raised}")

    def on_test_begin(self, logs: Logs = None) -> None:
        self._call("on_test_begin", plain_logs(logs))

    def on_test_end(self, logs: Logs = None) -> None:
        self._call("on_test_end", plain_logs(logs))

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._call("on_predict_begin", plain_logs(logs))

    def on_predict_end(self, logs: Logs = None) -> None:
        self._call("on_predict_end", plain_logs(logs))


def _flatten(callbacks: Any) -> list[Any]:
    return [] if callbacks is None else tree.flatten(callbacks)


def _checked(callback: Any) -> Callback:
    if isinstance(callback, type):
        raise ArgumentTypeError(
            f"Expected callbacks, received the class {callback.__name__}. "
            f"Make one of it: {callback.__name__}()."
        )
    if not isinstance(callback, Callback):
        raise ArgumentTypeError(
            f"Expected callbacks to derive from `deepkit.callbacks.Callback`, received a "
            f"{type(callback).__name__}."
        )
    return callback


def _listens(callback: Callback, hook: str) -> bool:
    older = _CALLED_BY.get(hook)
    return overrides(callback, hook) or (older is not None and overrides(callback, older))


def _may_add_logs(callback: Callback) -> bool:
    own = type(callback).__module__.startswith("deepkit.callbacks.")
    return "on_epoch_end" in vars(callback) or (not own and overrides(callback, "on_epoch_end"))
