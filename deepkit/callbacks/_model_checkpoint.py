"""Saves the model while it trains."""

import functools
import glob
import os
import pathlib
import string
import warnings
from collections.abc import Callable
from typing import Any

from deepkit.core.errors import ArgumentError, CorruptFileError, UnknownNameError, UnsafeFileError
from deepkit.saving import _formats

from ._background_writer import BackgroundWriter
from ._best_so_far import notes_of, take_up_best
from ._logs import say
from ._monitor_callback import BatchCounter, MonitorCallback, check_save_freq

_MODEL_ENDINGS = (".keras", ".h5")
_WEIGHTS_ENDING = ".weights.h5"


class ModelCheckpoint(MonitorCallback):
    """Save the model, or its weights, after each epoch or after so many batches.

    Use it to keep the best model of a run, or all of them. NaN never counts as better. A number
    of batches as `save_freq` makes `fit` run batch by batch.

    With `save_best_only` a file also says which value its model had. A later run with the same
    `filepath` and `monitor` goes on from the best of it, and saves only what is better; delete the
    file to begin anew.

    Args:
        filepath: where to save; ends in `.keras` or `.h5`, or in `.weights.h5` for weights alone.
            It may contain fields that are filled with the number of the epoch (and batch), from 1,
            and with the logs: `"{epoch:02d}-{val_loss:.2f}.keras"`.
        monitor: name in the logs that tells which model is best.
        verbose: 1 prints what is saved.
        save_best_only: whether to save only if the monitored value is the best so far.
        save_weights_only: whether to leave out the architecture.
        mode: `"min"`, `"max"`, or `"auto"`: by the metric of that name, or else by the name.
        save_freq: `"epoch"`, or a number of batches.
        initial_value_threshold: a value that must be beaten before anything is saved.
        asynchronous: whether files are written on a thread while training goes on. The model is
            saved as it is when the epoch ends. An error is raised at the next save or at the end
            of `fit`, which waits for the last file.

    Attributes:
        best: the best value so far.

    Raises:
        ArgumentError: an argument has a value outside of what is allowed.
        UnknownNameError: `monitor` or a field of `filepath` is not logged.

    Example:
        >>> import deepkit
        >>> callback = deepkit.callbacks.ModelCheckpoint(
        ...     "runs/{epoch:02d}.keras", monitor="val_accuracy", save_best_only=True
        ... )
        >>> callback.file_for(4, {"val_accuracy": 0.9})
        'runs/05.keras'
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
        *,
        asynchronous: bool = False,
    ) -> None:
        super().__init__(monitor, mode, initial_value_threshold)
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = check_save_freq(save_freq)
        self.asynchronous = asynchronous
        self._check_ending()
        self._epoch = 0
        self._writer = BackgroundWriter()
        if self.save_freq == "epoch":
            self._idle_hooks = frozenset([ModelCheckpoint.on_train_batch_end])
        else:
            self._counter = BatchCounter(int(self.save_freq))

    def _check_ending(self) -> None:
        endings = (_WEIGHTS_ENDING,) if self.save_weights_only else _MODEL_ENDINGS
        if not self.filepath.endswith(endings):
            raise ArgumentError(
                f"Expected `filepath` to end in {' or '.join(map(repr, endings))} with "
                f"`save_weights_only={self.save_weights_only}`, received {self.filepath!r}."
            )

    @property
    def monitors(self) -> bool:
        return self.save_best_only

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        if self.asynchronous and self._saves_in_own_way():
            raise ArgumentError(
                f"Expected `asynchronous=False` in ModelCheckpoint for "
                f"{type(self.model).__name__}, which saves in a way of its own."
            )
        if self.save_best_only:
            self._take_up_best()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._writer.finish()

    def on_train_error(self, error: BaseException) -> None:
        self._writer.finish()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if self.save_freq != "epoch" and self._counter.is_due(batch):
            self._save_if_wanted(self._epoch, logs or {}, batch)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self.save_freq == "epoch":
            self._save_if_wanted(epoch, logs or {})

    def file_for(self, epoch: int, logs: dict[str, Any], batch: int | None = None) -> str:
        """The path with its fields filled in.

        Raises:
            UnknownNameError: a field is not logged.
        """
        fields = {**logs, "epoch": epoch + 1}
        if batch is not None:
            fields.setdefault("batch", batch + 1)
        try:
            return self.filepath.format(**fields)
        except KeyError as error:
            raise UnknownNameError(
                f"Expected the fields of `filepath` in ModelCheckpoint to be among "
                f"{sorted(fields)}, received {error} in {self.filepath!r}."
            ) from error

    def _save_if_wanted(self, epoch: int, logs: dict[str, Any], batch: int | None = None) -> None:
        path = self.file_for(epoch, logs, batch)
        if self.save_best_only and not self._is_best(epoch, logs):
            return
        if os.path.isdir(path):
            raise ArgumentError(
                f"Expected `filepath` of ModelCheckpoint to be a file, but {path!r} is a folder."
            )
        write = self._prepared(path)
        if self.asynchronous:
            self._writer.start(write)
        else:
            write()
        if self.verbose > 0:
            verb = "saving" if self.asynchronous else "saved"
            say(f"Epoch {epoch + 1}: {verb} the model to {path}")

    def _prepared(self, path: str) -> Callable[[], None]:
        """What writes the file."""
        if self._saves_in_own_way():
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
            return functools.partial(self._method_of_model(), path, overwrite=True)
        return _formats.prepared.prepare(self.model, pathlib.Path(path), notes_of(self))

    def _method_of_model(self) -> Callable[..., None]:
        return self.model.save_weights if self.save_weights_only else self.model.save

    def _saves_in_own_way(self) -> bool:
        return not self._method_of_model().__module__.startswith("deepkit.")

    def _take_up_best(self) -> None:
        """Go on from the best value of an earlier run, which the file of its model tells."""
        found = [pathlib.Path(path) for path in glob.glob(_glob_of(self.filepath))]
        files = sorted((path for path in found if path.is_file()), key=lambda p: p.stat().st_mtime)
        if not files:
            return
        latest = files[-1]
        try:
            notes = _formats.prepared.read_notes(latest)
        except (CorruptFileError, UnsafeFileError, OSError) as error:
            warnings.warn(
                f"The file {str(latest)!r} of an earlier run does not tell how good its model was, "
                f"and will be replaced by the first that ModelCheckpoint saves: {error}",
                stacklevel=2,
            )
            return
        take_up_best(self, notes, latest)

    def _is_best(self, epoch: int, logs: dict[str, Any]) -> bool:
        current = self.monitored_value(logs)
        if current is None:
            return False
        better = self.is_improvement(current, self.best)
        if self.verbose > 0:
            before = "nothing" if self.best is None else f"{self.best:.5f}"
            verb = "improved" if better else "did not improve"
            say(f"Epoch {epoch + 1}: {self.monitor} {verb} from {before} to {current:.5f}")
        if better:
            self.best = current
        return better

    def get_backup_state(self) -> dict[str, Any]:
        self._writer.finish()  # or the backup would tell of a file that is not there
        counted = None if self.save_freq == "epoch" else self._counter.get_state()
        return {"best": self.best, "counted": counted}

    def set_backup_state(self, state: dict[str, Any]) -> None:
        self.best = state["best"]
        if self.save_freq != "epoch" and state["counted"] is not None:
            self._counter.set_state(state["counted"])


def _glob_of(filepath: str) -> str:
    """A pattern for the files that a path with fields stands for."""
    parts = string.Formatter().parse(filepath)
    return "".join(
        glob.escape(literal) + ("" if field is None else "*") for literal, field, _, _ in parts
    )
