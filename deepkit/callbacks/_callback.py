"""Callback: the base class whose hooks fit, evaluate and predict call."""

from typing import Any


class Callback:
    """Base of all callbacks: override the hooks of the moments you want to act at.

    Hooks of epochs and of whole runs cost nothing. A callback that overrides a hook of single
    batches makes `fit` run batch by batch, where it would otherwise run many in one go.

    `logs` maps names to numbers. All callbacks get the same dict at the end of an epoch, so one
    may add entries that later ones, and the history, see.

    Attributes:
        model: the model that is trained, evaluated or asked for predictions.
        params: dict with `verbose`, `epochs` and `steps` of the run.

    Example:
        >>> import deepkit
        >>> class Printer(deepkit.callbacks.Callback):
        ...     def on_epoch_end(self, epoch, logs=None):
        ...         print(f"epoch {epoch}: {logs['loss']:.2f}")
        >>> callbacks = deepkit.callbacks.CallbackList([Printer()])
        >>> callbacks.on_epoch_end(0, {"loss": 0.25})
        epoch 0: 0.25
    """

    # Class attributes serve subclasses whose constructor does not call this one.
    params: dict[str, Any] | None = None
    _model: Any = None
    # Hooks that are overridden but have nothing to do for this object.
    _idle_hooks: frozenset[Any] = frozenset()

    @property
    def model(self) -> Any:
        """The model of the run."""
        return self._model

    def set_model(self, model: Any) -> None:
        """Take the model of the run that begins."""
        self._model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Take the parameters of the run that begins."""
        self.params = params

    def on_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """An older name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """An older name of `on_train_batch_end`."""

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Called before an epoch of `fit`.

        Args:
            epoch: its index, from 0.
            logs: empty.
        """

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Called after an epoch of `fit` and its validation.

        Args:
            epoch: its index, from 0.
            logs: the loss and metrics; those of the validation begin with `val_`.
        """

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Called before a batch (or `steps_per_execution` of them) in `fit`.

        Args:
            batch: its index in the epoch, from 0.
            logs: empty.
        """
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Called after a batch (or `steps_per_execution` of them) in `fit`.

        Args:
            batch: its index in the epoch, from 0.
            logs: the loss and metrics of the epoch so far.
        """
        self.on_batch_end(batch, logs=logs)

    def on_test_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Called before a batch in `evaluate`, and in the validation of `fit`."""

    def on_test_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Called after a batch in `evaluate`, and in the validation of `fit`."""

    def on_predict_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Called before a batch in `predict`."""

    def on_predict_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Called after a batch in `predict`; `logs["outputs"]` holds its predictions."""

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Called once before `fit` trains."""

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Called once after `fit` has trained, with the logs of the last epoch."""

    def on_train_error(self, error: BaseException) -> None:
        """Called once when `fit` ends by an exception, in the place of `on_train_end`.

        Args:
            error: the exception.
        """

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Called before `evaluate`, and before each validation of `fit`."""

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        """Called after `evaluate`, and after each validation of `fit`, with its logs."""

    def on_predict_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Called before `predict`."""

    def on_predict_end(self, logs: dict[str, Any] | None = None) -> None:
        """Called after `predict`."""

    def get_backup_state(self) -> dict[str, Any]:
        """What `BackupAndRestore` keeps of this callback.

        Returns:
            A dict made of dicts, lists, numbers, strings, `None`s and arrays.
        """
        return {}

    def set_backup_state(self, state: dict[str, Any]) -> None:
        """Take back what `get_backup_state` returned, in the run that goes on.

        Called after `on_train_begin`; and once more after `on_epoch_begin` if the run goes on in
        the middle of an epoch. Tuples come back as lists.
        """


def overrides(callback: Any, hook: str) -> bool:
    """Whether a callback does something of its own in a hook."""
    found = getattr(callback, hook, None)
    function = getattr(found, "__func__", found)
    default = getattr(Callback, hook)
    return function not in (None, default) and function not in callback._idle_hooks
