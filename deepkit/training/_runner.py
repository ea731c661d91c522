"""Runner: passes of one mode over one set of data, in the fastest way that is allowed."""

from typing import Any

import numpy as np

from deepkit.callbacks import CallbackList, ResumePoint
from deepkit.core import config
from deepkit.data import ArrayData, Data, EpochFeed
from deepkit.tensors import get_random_state, set_host_random_state, set_random_state
from deepkit.training._device_blocks import BlockFeed
from deepkit.training._device_data import DeviceData, fits_on_device
from deepkit.training._filling import may_fill_up
from deepkit.training._modes import bind_program, own_step
from deepkit.training._pacing import Pace, Pacer
from deepkit.training._passes import Hooks, device_pass, eager_pass, stream_pass, to_device
from deepkit.training._trainable import Trainable
from deepkit.training._value_checks import ValueChecker


class Runner:
    """Runs a mode of a model over data, pass after pass.

    Arrays that fit are put on the device once and run in stretches; other data is read ahead and
    run batch by batch; an eager model runs as plain Python.

    Args:
        model: the model.
        mode: `"train"` or `"test"`.
        data: the data.
        steps: batches of a pass, or `None` for all.
    """

    def __init__(self, model: Trainable, mode: str, data: Data, steps: int | None) -> None:
        self._model, self._mode, self._data = model, mode, data
        limit = config.max_steps_per_epoch()
        if limit is not None:
            steps = limit if steps is None else min(steps, limit)
        if steps is not None and steps == data.num_batches:
            steps = None
        self.steps = data.num_batches if steps is None else steps
        self._eager = model._trainer.run_eagerly
        self._device: DeviceData | None = None
        self._checker = None if self._eager else ValueChecker.of(model, mode)
        if self._checker is not None and isinstance(data, ArrayData):
            self._checker.check_all(data)
            self._checker = None
        on_device = isinstance(data, ArrayData) and steps is None and not self._eager
        self._pacer: Pacer | None = None
        self._alone = False
        self._notes_random_state = False
        self._random: dict[str, Any] | None = None
        self._left_at: dict[str, Any] | None = None
        if on_device and fits_on_device(data):
            self._device = DeviceData(data)
        else:
            self._feed = EpochFeed(data, steps, wrap=self._read_ahead)

    def _read_ahead(self, batches: Any) -> Any:
        if self._eager:
            return iter(map(to_device, batches))
        return BlockFeed(batches, self._checker, self._alone)

    def run(
        self, callbacks: CallbackList, resume: ResumePoint | None = None, waits: bool = True
    ) -> Any:
        """Run a pass; returns the logs of its end, which may still be on the device.

        Args:
            callbacks: whose batch hooks are called.
            resume: where an interrupted pass goes on.
            waits: whether all steps must be done at the end; otherwise they may be under way.
        """
        hooks = Hooks(callbacks, self._mode, self._model)
        self._alone = hooks.active
        done = 0 if resume is None else resume.batch
        if self._device is not None:
            logs = self._run_on_device(hooks, resume, done, waits)
        else:
            self._go_on(resume, done)
            logs = self._run_batches(hooks, done)
        if logs is None and done:
            return resume.logs  # no batch of the epoch was left
        return logs

    def _run_on_device(
        self, hooks: Hooks, resume: ResumePoint | None, done: int, waits: bool
    ) -> Any:
        assert self._device is not None
        binding = bind_program(self._model, self._mode)
        if may_fill_up(self._model, self._mode, binding.program, self._device):
            self._device.fill_up()
        if done:
            set_random_state(self._left_at["random"])
        if self._notes_random_state:
            self._random = get_random_state()
        order = self._device.order()
        if done:
            resume.settle()
        shapes = tuple(array.shape[1:] for array in self._device.arrays)
        pace = binding.program.paces.setdefault((self._device.rows, shapes), Pace())
        pacer = self._pacer_for(hooks, pace)
        logs = device_pass(binding, self._device, order, pacer, hooks, done)
        if waits:
            pacer.finish()
        return logs

    def _run_batches(self, hooks: Hooks, done: int) -> Any:
        batches = self._feed.epoch()
        if self._eager:
            return eager_pass(own_step(self._model, self._mode), batches, hooks, done)
        binding = bind_program(self._model, self._mode)
        return stream_pass(binding, batches, self._pacer_for(hooks), hooks, done)

    def _go_on(self, resume: ResumePoint | None, done: int) -> None:
        """Bring the feed to where it was left, and random generators to where they were then."""
        position, self._left_at = self._left_at, None
        if position is None:
            return
        now = get_random_state()
        self._feed.go_to(position, done)
        if not done:
            set_random_state(now)
            return
        drawn = get_random_state()
        resume.settle()
        if self._data.is_read_again:
            # A generator may draw from them, and has drawn no more than it did for these batches.
            set_host_random_state(drawn)

    def _pacer_for(self, hooks: Hooks, pace: Pace | None = None) -> Pacer:
        fixed = self._model._trainer.steps_per_execution
        if hooks.active or fixed > 1:
            return Pacer(fixed)
        if self._pacer is None:
            self._pacer = Pacer(pace=pace)
        return self._pacer

    def note_positions(self) -> None:
        """From now on, note what `position` tells of random states."""
        self._notes_random_state = True
        if self._device is None:
            self._feed.notes_random_state = True

    def position(self) -> dict[str, Any]:
        """Where the data stands, for `go_to` in another process; JSON can hold it."""
        if self._device is None:
            return self._feed.position()
        # As that of a feed whose epochs are passes, which it may be on another machine.
        return {
            "epochs": 0,
            "total": 0,
            "taken": None,
            "exhausted": False,
            "random": self._random,
        }

    def facts(self) -> dict[str, Any]:
        """What tells that another process has the same data, in what JSON can hold."""
        facts = {**self._data.facts(), "steps": self.steps}
        # A data set may count by numbers of NumPy.
        return {name: int(f) if isinstance(f, np.integer) else f for name, f in facts.items()}

    @property
    def has_hooks(self) -> bool:
        """Whether epochs change the data."""
        return self._data.has_hooks

    def repeat_epoch(self, whole: bool = True) -> None:
        """Do with the data what an epoch that is done, or its beginning, did with it."""
        if self._device is None:
            self._feed.repeat_epoch(whole)
        elif whole:
            self._device.order()

    def go_to(self, position: dict[str, Any]) -> None:
        """Let the next pass go on where the runner of another process stood.

        Args:
            position: what `position` returned.
        """
        self._left_at = position

    def close(self) -> None:
        """End what reads ahead."""
        if self._device is None:
            self._feed.close()
