"""Single steps on batches given by hand."""

import dataclasses
from typing import Any

import jax
import numpy as np

from deepkit.core import tree
from deepkit.data import ArrayData
from deepkit.training._build import ensure_built
from deepkit.training._evaluate import as_list
from deepkit.training._modes import bind_program, own_step
from deepkit.training._padding import Padding, first_rows
from deepkit.training._passes import to_device
from deepkit.training._program import Binding
from deepkit.training._steps import to_host
from deepkit.training._trainable import Trainable, is_default
from deepkit.training._value_checks import ValueChecker


def train_on_batch(
    model: Trainable,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    class_weight: dict[int, float] | None = None,
    return_dict: bool = False,
) -> Any:
    """One training step; see `Model.train_on_batch`."""
    model._trainer.require_compiled("train_on_batch")
    logs = to_host(run_step(model, "train", _batch(x, y, sample_weight, class_weight)))
    return logs if return_dict else as_list(model, logs)


def test_on_batch(
    model: Trainable, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
) -> Any:
    """One evaluation step; see `Model.test_on_batch`."""
    model._trainer.require_compiled("test_on_batch")
    logs = to_host(run_step(model, "test", _batch(x, y, sample_weight, None)))
    return logs if return_dict else as_list(model, logs)


def predict_on_batch(model: Trainable, x: Any) -> Any:
    """The outputs for a batch; see `Model.predict_on_batch`."""
    return _on_host(run_step(model, "predict", _batch(x, None, None, None)))


def _batch(x: Any, y: Any, sample_weight: Any, class_weight: Any) -> Any:
    """The batch, checked."""
    rows = ArrayData(x, y, sample_weight, class_weight=class_weight, batch_size=1)
    return rows.unflatten(rows.arrays)


def _on_host(outputs: Any, rows: int | None = None) -> Any:
    """Outputs, or their first rows, as NumPy arrays that the caller owns."""
    if isinstance(outputs, jax.Array):
        return np.array(outputs if rows is None else np.asarray(outputs)[:rows])
    if rows is not None:
        outputs = first_rows(outputs, rows)
    return tree.map_structure(np.array, jax.device_get(outputs))


def predict_rows(model: Trainable, batch: Any, rows: int, size: int) -> Any:
    """The outputs for a batch as NumPy arrays, by the program for `size` rows if it can be used.

    Args:
        model: the model.
        batch: a batch of arrays.
        rows: the rows that it has.
        size: the rows that it may be filled up to.
    """
    if size > rows and not model._trainer.run_eagerly:
        single = _Single.of(model, "predict", batch)
        batch, is_wide = Padding.of(model, single.binding).widened(batch, rows, size)
        return _on_host(single.run(model, batch), rows if is_wide else None)
    return _on_host(run_step(model, "predict", batch))


def run_step(model: Trainable, mode: str, batch: Any) -> Any:
    """Run a single step on a batch of arrays; metrics begin anew with it."""
    if model._trainer.run_eagerly:
        ensure_built(model, batch, mode)
        if mode != "predict":
            model.reset_metrics()
        return own_step(model, mode)(to_device(batch))
    return _Single.of(model, mode, batch).run(model, batch)


@dataclasses.dataclass(frozen=True)
class _Single:
    """What a single step needs; the same until something changes.

    Attributes:
        checker: of the values in batches, if any are checked.
        binding: the compiled step.
        resets_before: whether metrics are to be reset before it, and not by itself.
    """

    checker: ValueChecker | None
    binding: Binding
    resets_before: bool

    @classmethod
    def of(cls, model: Trainable, mode: str, batch: Any) -> "_Single":
        """That of a mode; makes all variables first."""
        known = model._trainer.snapshot(mode).memo.get(cls, {}).get(mode)
        if known is not None:
            return known
        ensure_built(model, batch, mode)
        fresh = mode != "predict" and _resets_in_programs(model)
        checker, binding = ValueChecker.of(model, mode), bind_program(model, mode, fresh=fresh)
        made = cls(checker, binding, resets_before=mode != "predict" and not fresh)
        model._trainer.snapshot(mode).memo.setdefault(cls, {})[mode] = made
        return made

    def run(self, model: Trainable, batch: Any) -> Any:
        """Run it on a batch."""
        if self.resets_before:
            model.reset_metrics()
        if self.checker is not None:
            self.checker.check(batch)
        return self.binding.step(batch)


def _resets_in_programs(model: Trainable) -> bool:
    """Whether resetting metrics does nothing but assign, so that a program can do it."""
    if not is_default(model, "reset_metrics"):
        return False
    waiting = list(model.metrics)
    while waiting:
        metric = waiting.pop()
        if not is_default(metric, "reset_state") or "reset_state" in vars(metric):
            return False
        waiting.extend(metric._holders())
    return True
