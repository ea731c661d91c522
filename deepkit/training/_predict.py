"""predict: the outputs of a model for data."""

import collections
from collections.abc import Iterable, Iterator
from typing import Any

import jax
import numpy as np

from deepkit.autograph import convert_on_demand
from deepkit.callbacks import CallbackList
from deepkit.core import config, tree
from deepkit.data import ArrayData, Data, EpochFeed, make_data, prefetch, private_batches
from deepkit.tensors import KerasTensor, infer_outputs
from deepkit.training._build import ensure_built
from deepkit.training._collected_outputs import CollectedOutputs
from deepkit.training._modes import bind_program, own_step
from deepkit.training._on_batch import predict_rows
from deepkit.training._padding import Padding, Sized, bucket, first_rows, number_of_rows
from deepkit.training._passes import Hooks, to_device
from deepkit.training._trainable import Trainable
from deepkit.training._value_checks import ValueChecker

_MAX_UNDER_WAY = 8


def predict(
    model: Trainable,
    x: Any,
    *,
    batch_size: int | None = None,
    verbose: Any = "auto",
    steps: int | None = None,
    callbacks: Any = None,
    check_finite: bool = False,
) -> Any:
    """Predict with a model; see `Model.predict`."""
    data = make_data(x, batch_size=batch_size, steps=steps, allow_empty=True, finite=check_finite)
    if isinstance(data, ArrayData) and not data.num_samples:
        return _empty_outputs(model, data)
    silent = callbacks is None and verbose == 0
    if silent and steps is None and isinstance(data, ArrayData) and data.num_batches == 1:
        rows = data.num_samples
        batch, size = data.unflatten(data.arrays), bucket(rows, data.batch_size)
        return predict_rows(model, batch, rows, size)
    ensure_built(model, data.peek(), "predict")
    limit = config.max_steps_per_epoch()
    steps = limit if steps is None else min(steps, limit or steps)
    if not isinstance(callbacks, CallbackList):
        callbacks = CallbackList(
            callbacks,
            add_progbar=verbose != 0,
            model=model,
            verbose=verbose,
            epochs=1,
            steps=data.num_batches if steps is None else steps,
        )
    callbacks.on_predict_begin()
    outputs = _collect(model, data, steps, callbacks)
    callbacks.on_predict_end()
    return outputs


def _collect(model: Trainable, data: Data, steps: int | None, callbacks: CallbackList) -> Any:
    eager = model._trainer.run_eagerly
    binding = None if eager else bind_program(model, "predict")
    checker = None if eager else ValueChecker.of(model, "predict")
    if checker is not None and isinstance(data, ArrayData):
        checker.check_all(data)
        checker = None

    def on_device(batches: Any) -> Iterator[Sized]:
        # Rows of arrays in memory are there at once; a thread would cost more than it saves.
        if isinstance(data, ArrayData):
            yield from _put(sized(batches))
            return
        with prefetch(private_batches(batches), allowed=steps) as ahead:
            yield from _put(sized(ahead) if checker is None else checker.check_each(sized(ahead)))

    def sized(batches: Iterable[Any]) -> Iterator[Sized]:
        if binding is None:
            return (Sized(batch, number_of_rows(batch)) for batch in batches)
        largest = data.batch_size if isinstance(data, ArrayData) else 0
        return Padding.of(model, binding).each(batches, largest)

    feed = EpochFeed(data, steps, wrap=on_device)
    hooks = Hooks(callbacks, "predict", model)
    batches = data.num_batches
    if batches is not None and steps is not None:
        batches = min(batches, steps)
    collected = CollectedOutputs(_all_rows(data, steps), batches)
    step = own_step(model, "predict") if binding is None else binding.step
    try:
        return _run(step, feed.epoch(), hooks, collected).joined()
    finally:
        feed.close()


def _put(batches: Iterable[Sized]) -> Iterator[Sized]:
    return (sized._replace(batch=to_device(sized.batch)) for sized in batches)


def _all_rows(data: Data, steps: int | None) -> int | None:
    """The rows of the batches that are taken, where that is known."""
    if not isinstance(data, ArrayData):
        return None
    if steps is None:
        return data.num_samples
    return min(steps * data.batch_size, data.num_samples)


def _run(
    step: Any, batches: Iterable[Sized], hooks: Hooks, collected: CollectedOutputs
) -> CollectedOutputs:
    """Collect the outputs of all batches; a few batches are under way at a time."""
    under_way: collections.deque[Any] = collections.deque()
    for index, (batch, rows, is_wide) in enumerate(batches):
        hooks.begin(index)
        outputs = step(batch)
        if hooks.active:
            outputs = jax.device_get(outputs)
            outputs = first_rows(outputs, rows) if is_wide else outputs
            hooks.end(index, {"outputs": outputs})
        under_way.append((outputs, rows, is_wide))
        if len(under_way) > _MAX_UNDER_WAY:
            _add(collected, *under_way.popleft())
            hooks.progress(index + 1 - _MAX_UNDER_WAY, None)
    for each in under_way:
        _add(collected, *each)
    return collected


def _add(collected: CollectedOutputs, outputs: Any, rows: int, is_wide: bool) -> None:
    outputs = jax.device_get(outputs)
    collected.add(first_rows(outputs, rows) if is_wide else outputs, rows)


def _empty_outputs(model: Trainable, data: ArrayData) -> Any:
    symbols = data.unflatten([KerasTensor((None, *a.shape[1:]), a.dtype.name) for a in data.arrays])
    outputs = convert_on_demand(lambda: infer_outputs(model.predict_step, (symbols,), {}))
    return tree.map_structure(
        lambda t: np.zeros([size or 0 for size in t.shape], np.dtype(t.dtype)), outputs
    )
