"""Runner: passes of one mode over one set of data, in the fastest way that is allowed."""

from typing import Any

from deepkit.callbacks import CallbackList
from deepkit.core import config
from deepkit.data import ArrayData, Data, EpochFeed, prefetch
from deepkit.training._device_data import DeviceData, fits_on_device
from deepkit.training._modes import bind_program, own_step
from deepkit.training._pacing import Pacer
from deepkit.training._passes import Hooks, device_pass, eager_pass, stream_pass, to_device
from deepkit.training._trainable import Trainable


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
        on_device = isinstance(data, ArrayData) and steps is None and not self._eager
        if on_device and fits_on_device(data):
            self._device = DeviceData(data)
            self._pacer = Pacer()
        else:
            self._feed = EpochFeed(data, steps, wrap=self._read_ahead)

    def _read_ahead(self, batches: Any) -> Any:
        return iter(map(to_device, batches)) if self._eager else prefetch(map(to_device, batches))

    def run(self, callbacks: CallbackList, skip: int = 0) -> Any:
        """Run a pass; returns the logs of its end, which may still be on the device.

        Args:
            callbacks: whose batch hooks are called.
            skip: batches to leave out at the beginning.
        """
        hooks = Hooks(callbacks, self._mode, self._model)
        if self._eager:
            step = own_step(self._model, self._mode)
            return eager_pass(step, self._feed.epoch(skip), hooks)
        binding = bind_program(self._model, self._mode)
        if self._device is None:
            return stream_pass(binding, self._feed.epoch(skip), hooks)
        fixed = self._model._trainer.steps_per_execution
        pacer = Pacer(fixed) if hooks.active or fixed > 1 else self._pacer
        return device_pass(binding, self._device, self._device.order(), pacer, hooks, skip)

    def close(self) -> None:
        """End what reads ahead."""
        if self._device is None:
            self._feed.close()
