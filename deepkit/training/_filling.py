"""Whether the last batch of an epoch may be filled up with rows that do not count."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core import dtypes, tree
from deepkit.data import unpack_x_y_sample_weight
from deepkit.tensors import get_mask
from deepkit.training._device_data import DeviceData
from deepkit.training._program import Program
from deepkit.training._row_wise import is_row_wise
from deepkit.training._trainable import Trainable, is_default

# The mask costs each step some 15 µs, and the executable that is saved some 0.1 s per variable.
_STEPS_PER_VARIABLE = 8


def may_fill_up(model: Trainable, mode: str, program: Program, data: DeviceData) -> bool:
    """Whether an epoch gives the same if its last batch is filled up with rows that do not count.

    Args:
        model: the model, with all of its variables.
        mode: `"train"` or `"test"`.
        program: the compiled step, which remembers it.
        data: the data.
    """
    pays = data.full_steps <= _STEPS_PER_VARIABLE * len(model.variables)
    if not data.partial_rows or not pays or not _may_be_row_wise(model, mode):
        return False
    full, partial = data.shapes_of_batch(data.rows), data.shapes_of_batch(data.partial_rows)
    leaves, structure = jax.tree.flatten((full, partial))
    kind = structure, tuple((leaf.shape, str(leaf.dtype)) for leaf in leaves)
    if kind not in program.fillings:
        program.fillings[kind] = _is_row_wise(model, mode, full, partial)
    return program.fillings[kind]


def _may_be_row_wise(model: Trainable, mode: str) -> bool:
    """Whether it is worth a look: what a trace would show to be wrong as well."""
    if not is_default(model, f"{mode}_step", "compute_loss", "compute_metrics"):
        return False
    # Numbers that no optimizer changes are most likely means of batches.
    return mode == "test" or not any(
        dtypes.is_float(variable.stored_dtype) and not variable.trainable
        for variable in model.variables
    )


def _is_row_wise(model: Trainable, mode: str, full: Any, partial: Any) -> bool:
    """Whether rows meet nowhere but in sums of deepkit's own, which follow masks."""
    parts = _Parts(model, mode)
    program = Program(parts, model._trainer.state_of(mode), donates=False)
    try:
        one = program.bind().traced(full)
        other = None if one is None else program.bind().traced(partial)
    except Exception:
        # What a step cannot do either it says when it runs.
        return False
    if other is None:
        return False
    return is_row_wise(one, len(jax.tree.leaves(full)), other, free=1)


class _Unknown(Exception):
    """Losses or metrics sum up in a way of their own."""


class _Parts:
    """A step up to where rows meet: all that is worked out row by row, and the other losses.

    Args:
        model: the model.
        mode: `"train"` or `"test"`.
    """

    def __init__(self, model: Trainable, mode: str) -> None:
        self._model, self._mode = model, mode

    def __call__(self, batch: Any) -> tuple[list[Any], Any]:
        model = self._model
        x, y, _ = unpack_x_y_sample_weight(batch)
        y_pred = model(x, training=self._mode == "train")
        outputs = tree.flatten(y_pred)
        masks = [mask for mask in map(get_mask, outputs) if mask is not None]
        rows = [*outputs, *masks, *self._of_losses(y, y_pred), *self._of_metrics(y, y_pred)]
        others = [jnp.sum(jnp.asarray(loss, "float32")) for loss in model.losses]
        return rows, sum(others, jnp.zeros((), "float32"))

    def _of_losses(self, y: Any, y_pred: Any) -> list[Any]:
        loss = self._model._trainer.compile_loss
        return [] if loss is None else _known(loss.sample_losses(y, y_pred))

    def _of_metrics(self, y: Any, y_pred: Any) -> list[Any]:
        metrics = self._model._trainer.compile_metrics
        return [] if metrics is None else _known(metrics.sample_values(y, y_pred))


def _known(values: list[Any] | None) -> list[Any]:
    if values is None:
        raise _Unknown
    return values
