"""Shows the progress of fit, evaluate and predict."""

from typing import Any

from deepkit.core.errors import ArgumentError

from ._callback import Callback
from ._logs import Logs, plain_logs, say
from ._progbar import Progbar, has_dynamic_display

_SECONDS_BETWEEN_READS = 0.1  # each one waits for the device


class ProgbarLogger(Callback):
    """Show the progress of `fit`, `evaluate` and `predict` on the standard output.

    `verbose` 1 draws a bar, 2 prints a line an epoch, 0 nothing; `"auto"` means 1 in terminals
    and notebooks and 2 elsewhere. It follows by `progress` and overrides no hook of single
    batches, so it does not slow training down.

    Raises:
        ArgumentError: `verbose` is something else.

    Example:
        >>> import deepkit
        >>> callbacks = deepkit.callbacks.CallbackList(
        ...     add_progbar=True, verbose=2, epochs=1, steps=3
        ... )
        >>> callbacks.on_train_begin()
        >>> callbacks.on_epoch_begin(0)
        >>> callbacks.on_epoch_end(0, {"loss": 0.5})  # doctest: +ELLIPSIS
        3/3 - 0s - ...us/step - loss: 0.5000
    """

    def __init__(self) -> None:
        self.verbose = 1
        self.epochs = 1
        self.target: int | None = None
        self._seen = 0
        self._in_fit = False
        self._in_validation = False
        self._progbar: Progbar | None = None

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params
        verbose = params.get("verbose", 1)
        if verbose == "auto":
            verbose = 1 if has_dynamic_display() else 2
        if verbose not in (0, 1, 2):
            raise ArgumentError(
                f"Expected `verbose` to be 0, 1, 2 or 'auto', received {verbose!r}."
            )
        self.verbose = int(verbose)
        self.epochs = params.get("epochs", 1)
        self.target = params.get("steps")

    def progress(self, seen: int, logs: Logs = None) -> None:
        """Go to a step of the pass that is under way; the validation of `fit` is not shown.

        Args:
            seen: steps done in it.
            logs: values, or a function that reads them, called only if they will be shown.
        """
        if self._in_validation:
            return
        self._seen = seen
        if self._progbar is not None and self._progbar.is_due():
            self._progbar.update(seen, list(plain_logs(logs).items()), finalize=False)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._in_fit, self._in_validation = True, False

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._in_fit = False

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self.verbose and self.epochs > 1:
            say(f"Epoch {epoch + 1}/{self.epochs}")
        self._open()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._finish(logs)

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        if self._in_fit:
            self._in_validation = True
        else:
            self._open()

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        if self._in_fit:
            self._in_validation = False
        else:
            self._finish(logs)

    def on_predict_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._open()

    def on_predict_end(self, logs: dict[str, Any] | None = None) -> None:
        self._finish(None)

    def _open(self) -> None:
        self._seen = 0
        self._progbar = Progbar(
            self.target,
            verbose=self.verbose,
            interval=_SECONDS_BETWEEN_READS,
            stateless_metrics=(),
        )

    def _finish(self, logs: Logs) -> None:
        if self._progbar is None:
            return
        if self.target is None:  # known from now on, as every epoch has as many steps
            self.target = self._progbar.target = self._seen
        self._progbar.update(self.target, list(plain_logs(logs).items()), finalize=True)
        self._progbar = None
