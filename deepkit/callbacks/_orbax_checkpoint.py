"""Saves the state of a model with Orbax while it trains, and loads it."""

import importlib
import os
from typing import Any

from deepkit.core.errors import ArgumentError
from deepkit.saving import MissingFileError, _formats

from ._best_so_far import notes_of, take_up_best
from ._logs import say
from ._monitor_callback import BatchCounter, MonitorCallback, check_count, check_save_freq

_STATE, _NOTES = "state", "notes"


class OrbaxCheckpoint(MonitorCallback):
    """Save weights, optimizer and seeds with Orbax, after each epoch or after so many batches.

    Use it where other programs of the JAX world read checkpoints. The state is a tree of arrays
    whose keys are the steps of the paths in deepkit's own files. `restore` loads it into a model.
    Needs the package `orbax-checkpoint`.

    Args:
        directory: folder of the checkpoints; each lies in a folder named by its step, which is the
            epoch, from 0, or the number of batches so far.
        monitor: name in the logs that tells which model is best.
        verbose: 1 prints what is saved.
        save_best_only: whether to save only if the monitored value is the best so far. A later
            run goes on from the best of an earlier one.
        mode: `"min"`, `"max"`, or `"auto"`: by the metric of that name, or else by the name.
        save_freq: `"epoch"`, or a number of batches.
        initial_value_threshold: a value that must be beaten before anything is saved.
        max_to_keep: checkpoints that are kept, the latest; all if `None`.
        save_on_background: whether files are written while training goes on. An error is raised
            at the next save or at the end of `fit`, which waits for the last checkpoint.
        save_weights_only: whether to leave out the state of optimizers.

    Raises:
        ArgumentError: an argument has a value outside of what is allowed, or the folder has
            checkpoints of later steps.
        ImportError: the package `orbax-checkpoint` is not installed.
        MissingFileError: there is no checkpoint to restore.
        WeightMismatchError: the checkpoint is of another model.

    Example:
        >>> import deepkit, tempfile
        >>> import numpy as np
        >>> model = deepkit.Sequential([deepkit.Input((2,)), deepkit.layers.Dense(1)])
        >>> model.compile("adam", loss="mse")
        >>> callback = deepkit.callbacks.OrbaxCheckpoint(tempfile.mkdtemp())
        >>> _ = model.fit(np.ones((4, 2)), np.ones((4, 1)), 2, 3, verbose=0, callbacks=[callback])
        >>> callback.restore(model)
        2
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
        max_to_keep: int | None = 1,
        save_on_background: bool = True,
        save_weights_only: bool = False,
    ) -> None:
        super().__init__(monitor, mode, initial_value_threshold)
        self._orbax = _import_orbax()
        self.directory = os.path.abspath(directory)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_freq = check_save_freq(save_freq)
        self.max_to_keep = (
            None if max_to_keep is None else check_count("max_to_keep", max_to_keep, 1)
        )
        self.save_on_background = save_on_background
        self.save_weights_only = save_weights_only
        self._manager: Any = None
        self._goes_on = False
        self._counter = BatchCounter(1 if save_freq == "epoch" else int(self.save_freq))
        self._batches = 0
        if self.save_freq == "epoch":
            self._idle_hooks = frozenset([OrbaxCheckpoint.on_train_batch_end])

    @property
    def monitors(self) -> bool:
        return self.save_best_only

    def restore(self, model: Any, step: int | None = None) -> int:
        """Load a checkpoint into a model: all of it or nothing.

        Args:
            model: the model, built.
            step: the step of the checkpoint; the latest if `None`.

        Returns:
            The step. The next epoch is one more, for `initial_epoch` of `fit`.
        """
        self.wait_until_finished()
        manager = self._opened()
        step = manager.latest_step() if step is None else step
        if step is None or step not in manager.all_steps():
            raise MissingFileError(
                f"There is no checkpoint of Orbax in '{self.directory}'"
                + (f" for step {step}; it has {list(manager.all_steps())}." if step else ".")
            )
        args = self._orbax.args
        found = manager.restore(step, args=args.Composite(state=args.StandardRestore()))
        _formats.trees.load_state_tree(
            model,
            found[_STATE],
            os.path.join(self.directory, str(step)),
            "Make and compile the model as it was, or pass `save_weights_only=True` to "
            "OrbaxCheckpoint to leave optimizers as they are.",
            include_optimizer=not self.save_weights_only,
        )
        return step

    def wait_until_finished(self) -> None:
        """Wait until all is written.

        Raises:
            Exception: what went wrong while it was written.
        """
        if self._manager is not None:
            self._manager.wait_until_finished()

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._goes_on = False
        optimizer = getattr(self.model, "optimizer", None)
        self._batches = 0 if optimizer is None else int(optimizer.iterations)
        latest = self._opened().latest_step()
        if self.save_best_only and latest is not None:
            args = self._orbax.args
            found = self._manager.restore(latest, args=args.Composite(notes=args.JsonRestore()))
            take_up_best(self, found[_NOTES], os.path.join(self.directory, str(latest)))

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if self.save_freq == "epoch":
            return
        before = self._counter.count
        due = self._counter.is_due(batch)
        self._batches += self._counter.count - before
        if due:
            self._save_if_wanted(self._batches, logs or {})

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self.save_freq == "epoch":
            self._save_if_wanted(epoch, logs or {})

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._close()

    def on_train_error(self, error: BaseException) -> None:
        self._close()

    def get_backup_state(self) -> dict[str, Any]:
        self.wait_until_finished()  # or the backup would tell of a checkpoint that is not there
        return {"best": self.best, "counted": self._counter.get_state(), "batches": self._batches}

    def set_backup_state(self, state: dict[str, Any]) -> None:
        self.best, self._batches = state["best"], state["batches"]
        self._counter.set_state(state["counted"])
        self._goes_on = True

    def _save_if_wanted(self, step: int, logs: dict[str, Any]) -> None:
        if self.save_best_only:
            current = self.monitored_value(logs)
            if current is None or not self.is_improvement(current, self.best):
                return
            self.best = current
        manager, args = self._opened(), self._orbax.args
        self._make_room(step)
        tree = _formats.trees.state_tree(self.model, not self.save_weights_only)
        items = args.Composite(state=args.StandardSave(tree), notes=args.JsonSave(notes_of(self)))
        manager.save(step, args=items, force=True)
        if self.verbose > 0:
            say(f"OrbaxCheckpoint saves step {step} in {self.directory}")

    def _make_room(self, step: int) -> None:
        """Remove what a run that was interrupted wrote after the place where it goes on."""
        later = [other for other in self._manager.all_steps() if other >= step]
        if later and not self._goes_on:
            raise ArgumentError(
                f"Expected a folder for OrbaxCheckpoint without checkpoints after step {step}, but "
                f"'{self.directory}' has {later}. Give another folder, or `restore` the latest and "
                f"go on from there with `initial_epoch`."
            )
        for other in later:
            self._manager.delete(other)

    def _opened(self) -> Any:
        if self._manager is None:
            options = self._orbax.CheckpointManagerOptions(
                max_to_keep=self.max_to_keep,
                enable_async_checkpointing=self.save_on_background,
                create=True,
            )
            self._manager = self._orbax.CheckpointManager(self.directory, options=options)
        return self._manager

    def _close(self) -> None:
        manager, self._manager = self._manager, None
        if manager is not None:
            try:
                manager.wait_until_finished()
            finally:
                manager.close()


def _import_orbax() -> Any:
    try:
        return importlib.import_module("orbax.checkpoint")
    except ImportError as error:
        raise ImportError(
            "OrbaxCheckpoint needs the package orbax-checkpoint. Install it with "
            "`pip install deepkit[orbax]`."
        ) from error
