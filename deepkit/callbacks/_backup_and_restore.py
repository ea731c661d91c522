"""Lets a training run that was interrupted go on where it stopped."""

import contextlib
import math
import os
import pathlib
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from deepkit.core.errors import ArgumentError, CorruptFileError, NotBuiltError

from ._backup_file import read_backup, remove_leftovers, write_backup
from ._callback import Callback
from ._monitor_callback import BatchCounter, check_save_freq
from ._random_state import get_random_state, set_random_state

_FILE = "training.backup"
_PREVIOUS_FILE = "training.previous.backup"


class ResumePoint:
    """Where a restored run goes on.

    Attributes:
        epoch: the epoch to go on with, from 0.
        batch: the batches of that epoch that are done already.
    """

    def __init__(
        self, epoch: int, batch: int, random_state: dict[str, Any], metrics: Sequence[np.ndarray]
    ) -> None:
        self.epoch = epoch
        self.batch = batch
        self._random_state = random_state
        self._metrics = metrics

    def settle(self, model: Any) -> None:
        """Set random generators and metrics to where they were after the batches that are done.

        To be called once the order of the epoch is drawn and those batches are skipped.

        Args:
            model: the model that trains.
        """
        set_random_state(self._random_state)
        variables = _metric_variables(model)
        if len(variables) == len(self._metrics):
            for variable, value in zip(variables, self._metrics):
                variable.assign(value)


class BackupAndRestore(Callback):
    """Back up a training run while it runs, and go on from the backup if it was interrupted.

    Start the same program again after a crash: `fit` takes up weights, optimizer, history, the
    state of other callbacks and of random generators, and goes on with the next epoch. One file
    holds it all and is replaced as a whole. An epoch whose loss is NaN or infinite is not backed
    up, and the backup before it stays. A number of batches as `save_freq` makes `fit` run batch by
    batch.

    Args:
        backup_dir: folder of the backup, for this run alone.
        save_freq: `"epoch"`, or a number of batches.
        double_checkpoint: whether to keep the backup before the latest, too, in case the latest
            cannot be read.
        delete_checkpoint: whether the backup is deleted when training has ended in the ordinary
            way.

    Attributes:
        resume_point: where the run goes on; `None` if it began anew.

    Raises:
        ArgumentError: an argument has a value outside of what is allowed.
        NotBuiltError: there is a backup, but the model has no weights to restore.
        CorruptFileError: no backup can be read.

    Example:
        >>> import deepkit
        >>> callback = deepkit.callbacks.BackupAndRestore("run-1/backup", double_checkpoint=True)
        >>> callback.save_freq
        'epoch'
    """

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: str | int = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        if not backup_dir or not isinstance(backup_dir, str | os.PathLike):
            raise ArgumentError(
                f"Expected `backup_dir` to be the path of a folder, received {backup_dir!r}."
            )
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = check_save_freq(save_freq)
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self.resume_point: ResumePoint | None = None
        self.peers: list[Callback] = []
        self._folder = pathlib.Path(self.backup_dir)
        self._latest = self._folder / _FILE
        self._previous = self._folder / _PREVIOUS_FILE
        self._epoch = 0
        self._spared = False
        if self.save_freq == "epoch":
            self._idle_hooks = frozenset([BackupAndRestore.on_train_batch_end])
        else:
            self._counter = BatchCounter(int(self.save_freq))

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.resume_point = None
        self._spared = False
        candidates = [path for path in (self._latest, self._previous) if path.exists()]
        if not candidates:
            return
        remove_leftovers(self._folder)
        self._prepare_model()
        self._restore_first(candidates)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._epoch = epoch
        self._random_at_start = get_random_state()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if self.save_freq != "epoch" and self._counter.is_due(batch):
            self._save_if_finite(logs, self._epoch, batch + 1)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self.save_freq == "epoch":
            self._save_if_finite(logs, epoch + 1, 0)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self.resume_point = None
        if not self.delete_checkpoint or self._spared:
            return
        for path in (self._latest, self._previous):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # files of others stay, and the folder with them
            self._folder.rmdir()

    def _save_if_finite(self, logs: dict[str, Any] | None, epoch: int, batch: int) -> None:
        self._spared = not math.isfinite((logs or {}).get("loss", 0.0))
        if not self._spared:
            self._save(epoch, batch)

    def _save(self, epoch: int, batch: int) -> None:
        if self.double_checkpoint and self._latest.exists():
            os.replace(self._latest, self._previous)
        history = getattr(self.model, "history", None)
        arrays = {}
        states = {}
        for name, peer in self._named_peers():
            state = peer.get_backup_state()
            states[name] = {k: v for k, v in state.items() if not isinstance(v, list)}
            for key, value in state.items():
                if isinstance(value, list):
                    arrays.update({f"{name}/{key}/{i}": array for i, array in enumerate(value)})
        if batch:
            values = [np.asarray(variable.value) for variable in _metric_variables(self.model)]
            arrays.update({f"model/metrics/{i}": value for i, value in enumerate(values)})
        random_now = get_random_state()
        description = {
            "epoch": epoch,
            "batch": batch,
            "history": getattr(history, "history", {}),
            "history_epochs": getattr(history, "epoch", []),
            "callbacks": states,
            "random": random_now,
            "random_at_start": self._random_at_start if batch else random_now,
        }
        write_backup(
            self._latest,
            lambda path: self.model.save_weights(path, overwrite=True),
            description,
            arrays,
        )

    def _prepare_model(self) -> None:
        if not self.model.built:
            raise NotBuiltError(
                f"Expected a model with weights to restore the backup in {self.backup_dir!r}. "
                f"Build it before `fit`, for example by giving it an `Input`."
            )
        optimizer = getattr(self.model, "optimizer", None)
        if optimizer is not None and not optimizer.built:
            optimizer.build(self.model.trainable_variables)

    def _restore_first(self, candidates: list[pathlib.Path]) -> None:
        """Restore the first backup that can be read."""
        failures = []
        for path in candidates:
            try:
                restored = read_backup(path, self.model.load_weights)
            except (CorruptFileError, OSError) as error:
                failures.append(error)
                continue
            if failures:
                warnings.warn(
                    f"The latest backup could not be read ({failures[0]}), so training goes on "
                    f"from the one before it, {str(path)!r}.",
                    stacklevel=2,
                )
            self._take_up(*restored)
            return
        raise CorruptFileError(
            f"Expected a backup that can be read, but {' and '.join(map(str, failures))}. Delete "
            f"the folder {self.backup_dir!r} to begin anew."
        ) from failures[0]

    def _take_up(self, description: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        history = getattr(self.model, "history", None)
        if history is not None:
            history.history.update(description["history"])
            history.epoch[:] = description["history_epochs"]
        for name, peer in self._named_peers():
            if name in description["callbacks"]:
                lists = _lists_of_arrays(arrays, name)
                peer.set_backup_state({**description["callbacks"][name], **lists})
        self.resume_point = ResumePoint(
            description["epoch"],
            description["batch"],
            description["random"],
            _lists_of_arrays(arrays, "model").get("metrics", []),
        )
        set_random_state(description["random_at_start"])

    def _named_peers(self) -> Iterator[tuple[str, Callback]]:
        """The other callbacks that have a state, named by their class and place."""
        for index, peer in enumerate(self.peers):
            yield f"{type(peer).__name__}-{index}", peer


def _metric_variables(model: Any) -> list[Any]:
    return [v for metric in getattr(model, "metrics", ()) for v in metric.variables]


def _lists_of_arrays(arrays: dict[str, np.ndarray], owner: str) -> dict[str, list[np.ndarray]]:
    """`{"owner/key/0": a, "owner/key/1": b}` → `{"key": [a, b]}`."""
    lists: dict[str, list[np.ndarray]] = {}
    for name, array in arrays.items():
        found, _, key_and_index = name.partition("/")
        if found == owner:
            lists.setdefault(key_and_index.rpartition("/")[0], []).append(array)
    return lists
