"""Labels and indices checked before a program that could not refuse them runs.

What layers and losses check while they are traced is put into a program of its own. XLA leaves
nothing in it but these checks, so that it costs next to nothing on the data.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from deepkit.core.errors import DeepkitError
from deepkit.data import ArrayData, unpack_x_y_sample_weight
from deepkit.losses._traits import label_spec
from deepkit.tensors import StatelessScope, ValueCheck, Variable, collect_value_checks
from deepkit.training._steps import compute_loss
from deepkit.training._trainable import Trainable, is_default


class ValueChecker:
    """Checks the batches of a mode of a model.

    Args:
        model: the model.
        mode: `"train"`, `"test"` or `"predict"`.
    """

    def __init__(self, model: Trainable, mode: str) -> None:
        self._model, self._mode = model, mode
        self._variables: list[Variable] = model.variables
        self._checks: list[ValueCheck] = []
        self._run = jax.jit(self._trace)
        self._run_block = jax.jit(self._trace_block, static_argnames=("rows", "structure"))

    @classmethod
    def of(cls, model: Trainable, mode: str) -> "ValueChecker | None":
        """A checker, if anything in the model checks values."""
        return cls(model, mode) if _checks_anything(model, mode) else None

    def _trace(self, values: Sequence[Any], batch: Any) -> list[tuple[Any, Any, Any]]:
        x, y, sample_weight = unpack_x_y_sample_weight(batch)
        model = self._model
        with (
            StatelessScope(zip(self._variables, values), collect_losses=True),
            collect_value_checks() as checks,
        ):
            y_pred = model(x, training=False)
            if self._mode != "predict" and y is not None:
                compute_loss(model, x, y, y_pred, sample_weight, training=False)
        self._checks = list(checks)
        return [_first(check) for check in checks]

    def _trace_block(
        self, values: Sequence[Any], arrays: Sequence[Any], rows: int, structure: Any
    ) -> list[tuple[Any, Any, Any]]:
        """The same for each batch of a block."""
        batches = [array.reshape(-1, rows, *array.shape[1:]) for array in arrays]
        return lax.map(
            lambda leaves: self._trace(values, jax.tree.unflatten(structure, leaves)), batches
        )

    def _start(self, batch: Any) -> Any:
        return self._run([variable.concrete_value() for variable in self._variables], batch)

    def check(self, batch: Any) -> None:
        """Raise if a value in a batch is refused."""
        self._refuse(jax.device_get(self._start(batch)), 0)

    def check_each(self, batches: Iterable[Any]) -> Iterator[Any]:
        """The batches of a stream as they are; raises at the first with a refused value."""
        for index, batch in enumerate(batches):
            try:
                self.check(batch)
            except DeepkitError as error:
                error.add_note(f"This is in batch {index}, counted from 0.")
                raise
            yield batch

    def check_block(
        self, arrays: Sequence[Any], structure: Any, rows: int, count: int
    ) -> tuple[int, DeepkitError | None]:
        """How many batches of a block come before one with a refused value, and its error.

        Args:
            arrays: the leaves, each with the rows of all batches.
            structure: the tree of a batch, of JAX.
            rows: rows of a batch.
            count: batches that are in the block; what lies behind them does not count.
        """
        values = [variable.concrete_value() for variable in self._variables]
        found = jax.device_get(self._run_block(values, arrays, rows=rows, structure=structure))
        refused = [np.flatnonzero(any_bad[:count]) for any_bad, _, _ in found]
        place = min((int(places[0]) for places in refused if places.size), default=count)
        if place < count:
            try:
                self._refuse(jax.tree.map(lambda part: part[place], found), 0)
            except DeepkitError as error:
                return place, error
        return count, None

    def check_all(self, data: ArrayData) -> None:
        """Raise if a value in arrays is refused; names the row in the whole of the data."""
        size = data.batch_size
        starts = range(0, data.num_samples, size)
        running = [self._start(data.rows(slice(start, start + size))) for start in starts]
        for start, found in zip(starts, jax.device_get(running)):
            self._refuse(found, start)

    def _refuse(self, found: Any, start: int) -> None:
        for check, (any_bad, place, value) in zip(self._checks, found):
            if any_bad:
                first, *rest = (int(i) for i in place)
                check.refuse((first + start, *rest), value.item())


def _first(check: ValueCheck) -> tuple[Any, Any, Any]:
    """Whether any value is refused, and the place and value of the first such."""
    flat = check.bad.ravel()
    index = jnp.argmax(flat)
    place = jnp.unravel_index(index, check.bad.shape)
    return jnp.any(flat), place, check.values.ravel()[index]


def _checks_anything(model: Trainable, mode: str) -> bool:
    if not is_default(model, f"{mode}_step"):
        return False
    if any(getattr(layer, "checks_values", False) for layer in model._flatten_layers()):
        return True
    loss = model._trainer.compile_loss
    if mode == "predict" or loss is None or not is_default(model, "compute_loss"):
        return False
    return any(label_spec(single) is not None for single in [term.loss for term in loss._terms])
