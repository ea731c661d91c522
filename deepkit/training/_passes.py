"""One pass over data: on the device in stretches, batch by batch, or as plain Python."""

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import jax

from deepkit.callbacks import CallbackList
from deepkit.core import tree
from deepkit.training._device_blocks import Slot
from deepkit.training._device_data import DeviceData, Order
from deepkit.training._pacing import Pacer
from deepkit.training._program import Binding
from deepkit.training._trainable import Step, Trainable


class Hooks:
    """The batch hooks of one kind of run, and when to end it.

    Args:
        callbacks: the callbacks of the run.
        phase: `"train"`, `"test"` or `"predict"`.
        model: the model, whose `stop_training` ends a pass of training.
    """

    def __init__(self, callbacks: CallbackList, phase: str, model: Trainable) -> None:
        self.callbacks = callbacks
        self.active = callbacks.has_batch_hooks_in(phase)
        self._begin = getattr(callbacks, f"on_{phase}_batch_begin")
        self._end = getattr(callbacks, f"on_{phase}_batch_end")
        self._model, self._phase = model, phase

    def begin(self, step: int) -> None:
        """Before the batch of an index."""
        if self.active:
            self._begin(step)

    def end(self, step: int, logs: Any) -> None:
        """After the batch of an index."""
        if self.active:
            self._end(step, logs)

    def progress(self, seen: int, logs: Any) -> None:
        """Tell the progress bar how many batches are done."""
        self.callbacks.progress(seen, logs)

    @property
    def stopped(self) -> bool:
        """Whether a callback asked to end training."""
        return self._phase == "train" and self._model.stop_training


def device_pass(
    binding: Binding,
    data: DeviceData,
    order: Order,
    pacer: Pacer,
    hooks: Hooks,
    skip: int = 0,
) -> Any:
    """Hand over the steps of an epoch on data on the device; returns the last logs.

    The last of the steps may still be under way.

    Args:
        binding: the compiled step.
        data: the data.
        order: the order of its rows.
        pacer: decides how many steps run at a time.
        hooks: the batch hooks.
        skip: batches to leave out at the beginning.
    """
    logs: Any = None
    step, done = skip, None
    while step < data.full_steps and not hooks.stopped:
        count = pacer.next_steps(data.full_steps - step)
        hooks.begin(step)
        stop = step + count
        logs = binding.steps(
            data.arrays, order.full, step, stop, data.rows, data.structure, data.count
        )
        step += count
        pacer.handed_over(logs, count)
        hooks.end(step - 1, logs)
        if done is not None:
            hooks.progress(*done)
        done = step, logs
    if data.partial_rows and not hooks.stopped and step == data.full_steps:
        hooks.begin(step)
        logs = binding.step_on_rows(data.arrays, order.rest, data.structure)
        hooks.end(step, logs)
    return logs


def stream_pass(
    binding: Binding, slots: Iterator[Slot], pacer: Pacer, hooks: Hooks, first: int = 0
) -> Any:
    """Run a step for each batch that comes; returns the last logs.

    Args:
        binding: the compiled step.
        slots: the batches, in blocks on the device.
        pacer: decides how many steps run at a time; never more than have come.
        hooks: the batch hooks.
        first: the index of the first batch.
    """
    logs: Any = None
    step, done = first, None
    for slot in slots:
        if hooks.stopped:
            break
        # Those after it in its block are there already, so that none is waited for.
        count = pacer.next_steps(slot.left)
        count = 1 + sum(1 for _ in itertools.islice(slots, count - 1))
        hooks.begin(step)
        logs = slot.block.run(binding, slot.place, count)
        step += count
        pacer.handed_over(logs, count)
        hooks.end(step - 1, logs)
        if done is not None:
            hooks.progress(*done)
        done = step, logs
    pacer.finish()
    return logs


def eager_pass(step_function: Step, batches: Iterable[Any], hooks: Hooks, first: int = 0) -> Any:
    """Run the step as plain Python for each batch, from an index on; returns the last logs."""
    logs: Any = None
    for step, batch in enumerate(batches, first):
        if hooks.stopped:
            break
        hooks.begin(step)
        logs = step_function(batch)
        hooks.end(step, logs)
        hooks.progress(step + 1, logs)
    return logs


def to_device(batch: Any) -> Any:
    """A batch with its arrays on the device."""
    return tree.map_structure(jax.device_put, batch, none_is_leaf=False)
