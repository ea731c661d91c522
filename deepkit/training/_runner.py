"""Runner: passes of one mode over one set of data, in the fastest way that is allowed."""

from collections.abc import Iterator
from typing import Any

from deepkit.callbacks import CallbackList, ResumePoint
from deepkit.core import config
from deepkit.data import ArrayData, Data, EpochFeed
from deepkit.training._device_blocks import BlockFeed
from deepkit.training._device_data import DeviceData, fits_on_device
from deepkit.training._modes import bind_program, own_step
from deepkit.training._pacing import Pacer
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
        self._pacer = Pacer()
        self._alone = False
        if on_device and fits_on_device(data):
            self._device = DeviceData(data)
        else:
            self._feed = EpochFeed(data, steps, wrap=self._read_ahead)

    def _read_ahead(self, batches: Any) -> Any:
        if self._eager:
            return iter(map(to_device, batches))
        return BlockFeed(batches, self._checker, self._alone)

    def run(self, callbacks: CallbackList, resume: ResumePoint | None = None) -> Any:
        """Run a pass; returns the logs of its end, which may still be on the device.

        Args:
            callbacks: whose batch hooks are called.
            resume: where an interrupted pass goes on.
        """
        hooks = Hooks(callbacks, self._mode, self._model)
        if self._device is not None:
            return self._run_on_device(hooks, callbacks, resume)
        batches = self._batches(resume)
        if self._eager:
            return eager_pass(own_step(self._model, self._mode), batches, hooks)
        binding = bind_program(self._model, self._mode)
        self._alone = hooks.active
        return stream_pass(binding, batches, self._pacer_for(hooks), hooks)

    def _pacer_for(self, hooks: Hooks) -> Pacer:
        fixed = self._model._trainer.steps_per_execution
        return Pacer(fixed) if hooks.active or fixed > 1 else self._pacer

    def _run_on_device(
        self, hooks: Hooks, callbacks: CallbackList, resume: ResumePoint | None
    ) -> Any:
        assert self._device is not None
        binding = bind_program(self._model, self._mode)
        order = self._device.order()
        if resume is not None:
            resume.settle(self._model)
        skip = 0 if resume is None else resume.batch
        return device_pass(binding, self._device, order, self._pacer_for(hooks), hooks, skip)

    def _batches(self, resume: ResumePoint | None) -> Iterator[Any]:
        """The batches of a pass; random generators are set right once those done are skipped."""
        if resume is None:
            yield from self._feed.epoch()
            return
        batches = self._feed.epoch(resume.batch)
        first = next(batches)
        resume.settle(self._model)
        yield first
        yield from batches

    def close(self) -> None:
        """End what reads ahead."""
        if self._device is None:
            self._feed.close()
