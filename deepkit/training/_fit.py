"""fit: training over epochs."""

import os
from collections.abc import Iterator
from typing import Any

from deepkit.callbacks import BackupAndRestore, CallbackList, ResumePoint
from deepkit.core import config
from deepkit.core.errors import ArgumentError, ArgumentTypeError
from deepkit.data import check_positive_int, make_data, train_validation_split
from deepkit.tensors import Variable, get_random_state, infer_outputs, set_random_state
from deepkit.training._build import ensure_built
from deepkit.training._evaluate import Evaluator
from deepkit.training._runner import Runner
from deepkit.training._steps import to_host
from deepkit.training._trainable import Trainable, is_default


def fit(
    model: Trainable,
    x: Any = None,
    y: Any = None,
    *,
    batch_size: int | None = None,
    epochs: int = 1,
    verbose: Any = "auto",
    callbacks: Any = None,
    validation_split: float = 0.0,
    validation_data: Any = None,
    shuffle: bool | str = True,
    class_weight: dict[int, float] | None = None,
    sample_weight: Any = None,
    initial_epoch: int = 0,
    steps_per_epoch: int | None = None,
    validation_steps: int | None = None,
    validation_batch_size: int | None = None,
    validation_freq: Any = 1,
    check_finite: bool = False,
    resume: str | os.PathLike[str] | None = None,
) -> Any:
    """Train a model; see `Model.fit`."""
    model._trainer.require_compiled("fit")
    _check_optimizer(model)
    epochs = _check_epochs(epochs, initial_epoch)
    _check_frequency(validation_freq)
    counts = {
        "steps_per_epoch": steps_per_epoch,
        "validation_steps": validation_steps,
        "validation_batch_size": validation_batch_size,
    }
    for argument, value in counts.items():
        check_positive_int(value, argument)
    if validation_split and validation_data is None:
        (x, y, sample_weight), validation_data = train_validation_split(
            (x, y, sample_weight), validation_split
        )
    data = make_data(
        x,
        y,
        sample_weight,
        batch_size=batch_size,
        steps=steps_per_epoch,
        shuffle=shuffle,
        class_weight=class_weight,
        finite=check_finite,
    )
    evaluator = None
    if validation_data is not None:
        evaluator = Evaluator.of_validation_data(
            model,
            validation_data,
            validation_batch_size or batch_size,
            validation_steps,
            finite=check_finite,
        )
    ensure_built(model, data.peek(), "train")
    runner = Runner(model, "train", data, steps_per_epoch)
    if not isinstance(callbacks, CallbackList):
        callbacks = CallbackList(
            callbacks,
            add_history=True,
            add_progbar=verbose != 0,
            model=model,
            verbose=verbose,
            epochs=epochs,
            steps=runner.steps,
            validation_freq=validation_freq,
        )
    if resume is not None:
        if not isinstance(resume, str | os.PathLike):
            raise ArgumentTypeError(
                f"Expected `resume` to be the path of a folder for backups, received {resume!r}."
            )
        callbacks.append(BackupAndRestore(resume, double_checkpoint=True))
    _check_monitors(model, callbacks, validates=evaluator is not None)
    run = _Run(model, runner, evaluator, callbacks, validation_freq)
    try:
        run.train(initial_epoch, epochs)
    except BaseException as error:
        callbacks.on_train_error(error)
        raise
    finally:
        callbacks.tell_backups_of(None)
        runner.close()
    return callbacks.history


class _Run:
    """One call of `fit`."""

    def __init__(
        self,
        model: Trainable,
        runner: Runner,
        evaluator: Evaluator | None,
        callbacks: CallbackList,
        frequency: Any,
    ) -> None:
        self.model, self.runner, self.evaluator = model, runner, evaluator
        self.callbacks, self.frequency = callbacks, frequency
        # Whether an epoch may run before the logs of the one before it are there.
        self._runs_ahead = evaluator is None and not callbacks.follows_epochs
        # An epoch whose end the callbacks do not know of yet, and its logs.
        self._ending: tuple[int, Any] | None = None
        self._logs: dict[str, Any] = {}
        # Where data is changed by its own hooks: the state before the first epoch.
        self._random: dict[str, Any] | None = None

    def train(self, initial_epoch: int, epochs: int) -> None:
        """Train from one epoch to another."""
        model, callbacks = self.model, self.callbacks
        model.stop_training = False
        model.reset_metrics()
        if callbacks.tell_backups_of(self):
            for runner in self._runners().values():
                runner.note_positions()
        callbacks.on_train_begin()
        resume = callbacks.resume_point
        if resume is not None:
            self._go_to(resume, initial_epoch)
            initial_epoch, self._logs = resume.epoch, resume.logs
        elif any(runner.has_hooks for runner in self._runners().values()):
            self._random = get_random_state()
        try:
            for epoch in range(initial_epoch, epochs):
                # An epoch in whose middle a callback asked to stop is still ended.
                if model.stop_training and not (resume is not None and resume.batch):
                    break
                self._epoch(epoch, resume)
                resume = None
        finally:
            self._end()
        if model.optimizer is not None:
            model.optimizer.finalize_variable_values(model.trainable_variables)
        callbacks.on_train_end(self._logs)

    def _epoch(self, epoch: int, resume: ResumePoint | None) -> None:
        self.model.reset_metrics()
        self.callbacks.on_epoch_begin(epoch)
        logs = self.runner.run(self.callbacks, resume, waits=not self._runs_ahead)
        self._end()
        self._ending = epoch, logs
        if not self._runs_ahead:
            self._end()

    def _end(self) -> None:
        """Wait for the epoch that is under way, if there is one, and tell the callbacks."""
        if self._ending is None:
            return
        (epoch, logs), self._ending = self._ending, None
        self._logs = to_host(logs)
        if self.evaluator is not None and self._validates(epoch):
            results = self.evaluator.run(self.callbacks)
            self._logs.update({f"val_{name}": value for name, value in results.items()})
        self.callbacks.on_epoch_end(epoch, self._logs)

    def _runners(self) -> dict[str, Runner]:
        runners = {"train": self.runner}
        if self.evaluator is not None:
            runners["validation"] = self.evaluator.runner
        return runners

    def _go_to(self, resume: ResumePoint, first: int) -> None:
        """Bring the data to where it was."""
        position = resume.position or {}
        self._random = position.get("random")
        if self._random is not None:
            self._repeat_epochs(first, resume.epoch, bool(resume.batch))
        for name, runner in self._runners().items():
            if name in position:
                runner.go_to(position[name])

    def _repeat_epochs(self, first: int, epoch: int, begins: bool) -> None:
        """Call the hooks of data that epochs change, and draw orders, as it was done before."""
        now = get_random_state()
        set_random_state(self._random)
        for done in range(first, epoch):
            self.runner.repeat_epoch()
            if self.evaluator is not None and self._validates(done):
                self.evaluator.runner.repeat_epoch()
        if begins:
            self.runner.repeat_epoch(whole=False)
        set_random_state(now)

    # What backups ask for

    def variables(self) -> list[Variable]:
        """The variables that a step may read or change."""
        return self.model._trainer.state()

    def position(self) -> dict[str, Any]:
        """Where the data stands, in what JSON can hold."""
        positions = {name: runner.position() for name, runner in self._runners().items()}
        return {**positions, "random": self._random}

    def facts(self) -> dict[str, Any]:
        """What must be the same in the run that goes on, in what JSON can hold."""
        return self.runner.facts()

    def _validates(self, epoch: int) -> bool:
        if isinstance(self.frequency, int):
            return (epoch + 1) % self.frequency == 0
        return epoch + 1 in self.frequency


def _check_monitors(model: Trainable, callbacks: CallbackList, validates: bool) -> None:
    """Refuse names that no epoch will log, before the first one."""
    if is_default(model, "train_step", "test_step", "compute_metrics"):
        callbacks.check_monitors(_logged_names(model, validates))


def _logged_names(model: Trainable, validates: bool) -> Iterator[str]:
    names = list(infer_outputs(model.get_metrics_result, (), {}))
    yield from names
    if validates:
        yield from (f"val_{name}" for name in names)


def _check_optimizer(model: Trainable) -> None:
    if model.optimizer is None and is_default(model, "train_step"):
        raise ArgumentError(
            f"The model '{model.name}' was compiled without an optimizer. Pass `optimizer=...` "
            f"to `compile` before `fit`."
        )


def _check_epochs(epochs: Any, initial_epoch: Any) -> int:
    for name, value in (("epochs", epochs), ("initial_epoch", initial_epoch)):
        if isinstance(value, bool) or not hasattr(value, "__index__") or value < 0:
            raise ArgumentError(
                f"Expected `{name}` to be an integer of at least 0, received {value!r}."
            )
    limit = config.max_epochs()
    return int(epochs) if limit is None else min(int(epochs), limit)


def _check_frequency(frequency: Any) -> None:
    is_count = isinstance(frequency, int) and not isinstance(frequency, bool) and frequency >= 1
    is_list = isinstance(frequency, list | tuple | set | range)
    if not is_count and not is_list:
        raise ArgumentError(
            f"Expected `validation_freq` to be an integer of at least 1 or a list of epochs, "
            f"received {frequency!r}."
        )
