"""Lets a training run that was interrupted go on where it stopped."""

import contextlib
import os
import pathlib
import shutil
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from deepkit.core.errors import ArgumentError, CorruptFileError, DataError, NotBuiltError
from deepkit.saving import _formats
from deepkit.saving._leftovers import remove_leftovers
from deepkit.tensors import Variable, get_random_state, set_random_state

from ._backup_codec import pack, unpack
from ._callback import Callback
from ._monitor_callback import BatchCounter, check_save_freq
from ._resume_point import ResumePoint, RunState

_FILE = "training.weights.h5"
_PREVIOUS_FILE = "training.previous.weights.h5"


class BackupAndRestore(Callback):
    """Back up a training run while it runs, and go on from the backup if it was interrupted.

    Start the same program again after a crash: `fit` takes up weights, optimizer, metrics,
    history, the place in the data, the state of other callbacks and of random generators, and
    goes on as if nothing had happened. One file holds it all and is replaced as a whole;
    `model.load_weights` reads the weights in it. Where the loss or a trainable weight is NaN or
    infinite nothing is backed up, and the backup before stays. A number of batches as `save_freq`
    makes `fit` run batch by batch. `fit(..., resume=folder)` is a short form.

    Args:
        backup_dir: folder of the backup, for this run alone. Other files in it are left alone.
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
        WeightMismatchError: the backup is of another model or optimizer.
        DataError: the backup was made with other data.

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
        self.run: RunState | None = None
        self._folder = pathlib.Path(self.backup_dir)
        self._latest = self._folder / _FILE
        self._previous = self._folder / _PREVIOUS_FILE
        self._epoch = 0
        self._spared = False
        self._counter = BatchCounter(1 if save_freq == "epoch" else int(self.save_freq))
        if self.save_freq == "epoch":
            self._idle_hooks = frozenset([BackupAndRestore.on_train_batch_end])

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.resume_point = None
        self._spared = False
        self._counter.reset()
        candidates = [path for path in (self._latest, self._previous) if path.exists()]
        if self._folder.is_dir():
            # The folder is of this run alone: nobody else can be at work in it.
            remove_leftovers(self._latest, grace=0.0)
        if candidates:
            self._check_model()
            self._restore_first(candidates)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if self.save_freq != "epoch" and self._counter.is_due(batch):
            self._save_if_finite(logs or {}, self._epoch, batch + 1)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self.save_freq == "epoch":
            self._save_if_finite(logs or {}, epoch + 1, 0)
        else:
            self._spared = not self._is_worth_keeping(logs or {})

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self.resume_point = None
        if not self.delete_checkpoint or self._spared:
            return
        for path in (self._latest, self._previous):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # files of others stay, and the folder with them
            self._folder.rmdir()

    # Backing up

    def _save_if_finite(self, logs: dict[str, Any], epoch: int, batch: int) -> None:
        self._spared = not self._is_worth_keeping(logs)
        if not self._spared:
            self._save(logs, epoch, batch)

    def _is_worth_keeping(self, logs: dict[str, Any]) -> bool:
        """Whether the loss and the weights are finite.

        The last step may have spoiled the weights after a loss that was finite.
        """
        weights = getattr(self.model, "trainable_variables", ())
        values = [logs.get("loss", 0.0), *(weight.concrete_value() for weight in weights)]
        return all(np.isfinite(value).all() for value in values)

    def _save(self, logs: dict[str, Any], epoch: int, batch: int) -> None:
        arrays: dict[str, np.ndarray] = {}
        states = {
            name: pack(peer.get_backup_state(), arrays, name) for name, peer in self._named_peers()
        }
        description = {
            "epoch": epoch,
            "batch": batch,
            "logs": pack(logs, arrays, "the logs"),
            "stop_training": bool(getattr(self.model, "stop_training", False)),
            "callbacks": {name: state for name, state in states.items() if state},
            "counter": self._counter.get_state(),
            "random": pack(get_random_state(), arrays, "random generators"),
            "position": None if self.run is None else self.run.position(),
            "facts": None if self.run is None else self.run.facts(),
        }
        path = pathlib.Path(os.path.realpath(self._latest))
        keep = self._keep_previous if self.double_checkpoint and path.exists() else None
        options = {} if keep is None else {"before_replacing": keep}
        _formats.runs.write_run(self.model, path, description, arrays, self._variables(), **options)

    def _keep_previous(self, temporary: pathlib.Path) -> None:
        path = pathlib.Path(os.path.realpath(self._latest))
        shutil.copymode(path, temporary)
        os.replace(path, self._previous)

    # Restoring

    def _check_model(self) -> None:
        if not self.model.built:
            raise NotBuiltError(
                f"Expected a model with weights to restore the backup in {self.backup_dir!r}. "
                f"Build it before `fit`, for example by giving it an `Input`."
            )

    def _restore_first(self, candidates: list[pathlib.Path]) -> None:
        """Restore the first backup that can be read."""
        failures: list[Exception] = []
        for path in candidates:
            with contextlib.ExitStack() as stack:
                try:
                    run = stack.enter_context(_formats.runs.opened_run(path))
                except (CorruptFileError, OSError) as error:
                    failures.append(error)
                    continue
                if failures:
                    warnings.warn(
                        f"The backup {str(self._latest)!r} could not be read ({failures[0]}), so "
                        f"training goes on from the one before it, {str(path)!r}.",
                        stacklevel=2,
                    )
                self._take_up(run)
                return
        raise CorruptFileError(
            f"Expected a backup that can be read in {self.backup_dir!r}, but "
            f"{' And '.join(map(str, failures))} Delete the folder to begin anew."
        ) from failures[0]

    def _take_up(self, run: Any) -> None:
        found = run.description
        if self.run is not None:
            self._check_facts(found["facts"], self.run.facts())
        variables = self._variables()
        run.load(
            self.model,
            variables,
            f"The backup in {self.backup_dir!r} is of another model or optimizer. Make and compile "
            f"the model as it was, or give another folder; delete this one to begin anew.",
        )
        self.model.stop_training = found["stop_training"]
        self._counter.set_state(found["counter"])
        states = unpack(found["callbacks"], run.arrays)
        random = unpack(found["random"], run.arrays)
        self._restore_rest(states, random)
        self.resume_point = ResumePoint(
            found["epoch"],
            found["batch"],
            unpack(found["logs"], run.arrays),
            found["position"],
            variables,
            lambda: self._restore_rest(states, random),
        )

    def _restore_rest(self, states: dict[str, Any], random: dict[str, Any]) -> None:
        for name, peer in self._named_peers():
            if name in states:
                peer.set_backup_state(states[name])
        set_random_state(random)

    def _check_facts(self, saved: dict[str, Any] | None, now: dict[str, Any]) -> None:
        if saved is None:
            raise DataError(
                f"The backup in {self.backup_dir!r} is of a training loop that does not tell where "
                f"its data stands, so `fit` cannot go on from it. Give another folder."
            )
        texts = [
            f"`{name}` was {saved.get(name)!r} and is {now.get(name)!r}"
            for name in dict.fromkeys((*saved, *now))
            if saved.get(name) != now.get(name)
        ]
        if texts:
            raise DataError(
                f"Expected the data with which the backup in {self.backup_dir!r} was made, but "
                f"{', '.join(texts)}. Train on the same data in batches of the same size, or give "
                f"another folder; delete this one to begin anew."
            )

    def _variables(self) -> Sequence[Variable]:
        if self.run is not None:
            return self.run.variables()
        return [v for metric in getattr(self.model, "metrics", ()) for v in metric.variables]

    def _named_peers(self) -> Iterator[tuple[str, Callback]]:
        """The other callbacks, named by their class and place among those of it."""
        counts: Counter[str] = Counter()
        for peer in self.peers:
            kind = type(peer).__name__
            yield f"{kind}-{counts[kind]}", peer
            counts[kind] += 1
