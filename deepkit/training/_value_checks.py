"""Labels and indices checked before a program that could not refuse them runs.

What layers and losses check while they are traced is put into a program of its own. XLA leaves
nothing in it but these checks, so that it costs next to nothing on the data.
"""

import functools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from deepkit.core import tree
from deepkit.core.compiler_options import jit
from deepkit.core.errors import DeepkitError
from deepkit.data import ArrayData, unpack_x_y_sample_weight
from deepkit.losses._traits import label_spec
from deepkit.tensors import StatelessScope, ValueCheck, Variable, collect_value_checks
from deepkit.training._batch_leaves import leaves_and_tree
from deepkit.training._padding import Sized
from deepkit.training._steps import compute_loss
from deepkit.training._trainable import Trainable, is_default

# Whether any value is refused; the place and the value of the first such.
Found = tuple[jax.Array, tuple[jax.Array, ...], jax.Array]


class ValueChecker:
    """Checks the batches of a mode of a model.

    Args:
        model: the model.
        mode: `"train"`, `"test"` or `"predict"`.
    """

    def __init__(self, model: Trainable, mode: str) -> None:
        self._model, self._mode = model, mode
        self._variables: list[Variable] = []
        self._checks: list[ValueCheck] = []
        self._run = jit(self._trace)
        self._run_over = jit(self._trace_over, static_argnames=("rows", "structure"))

    @classmethod
    def of(cls, model: Trainable, mode: str) -> "ValueChecker | None":
        """A checker, if anything in the model checks values; the same until something changes."""
        snapshot = model._trainer.snapshot(mode)
        name = ("checker", mode)
        if name not in snapshot.memo:
            snapshot.memo[name] = cls._bound(model, mode, snapshot.key)
        return snapshot.memo[name]

    @classmethod
    def _bound(cls, model: Trainable, mode: str, key: Any) -> "ValueChecker | None":
        if not _checks_anything(model, mode):
            return None
        checker = model._trainer.checkers.get(mode, key, lambda: cls(model, mode))
        checker._variables = model.variables
        return checker

    def check(self, batch: Any) -> None:
        """Raise if a value in a batch is refused."""
        self._refuse(jax.device_get(self._run(self._values(), batch)))

    def check_each(self, batches: Iterable[Sized]) -> Iterator[Sized]:
        """The batches of a stream as they are; raises at the first with a refused value."""
        for index, sized in enumerate(batches):
            try:
                self.check(sized.batch)
            except DeepkitError as error:
                error.add_note(f"This is in batch {index}, counted from 0.")
                raise
            yield sized

    def check_all(self, data: ArrayData) -> None:
        """Raise if a value in arrays is refused; names the row in the whole of the data.

        Two parts of a power of two of rows, which may overlap, are all of it. So arrays of NumPy,
        of which parts cost nothing, are checked by few programs, whatever their length.
        """
        arrays, structure = leaves_and_tree(data.arrays, data.unflatten)
        size = data.num_samples
        if all(isinstance(array, np.ndarray) for array in arrays):
            size = 1 << (size.bit_length() - 1)
        rows = min(data.batch_size, size)
        starts = sorted({0, data.num_samples - size})
        parts = [[array[start : start + size] for array in arrays] for start in starts]
        found = [self._over(part, structure, rows, -(-size // rows)) for part in parts]
        for start, in_part in zip(starts, jax.device_get(found)):
            self._refuse([(bad, (row + start, *rest), v) for bad, (row, *rest), v in in_part])

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
        found = jax.device_get(self._over(arrays, structure, rows, count))
        good = min((int(row) // rows for bad, (row, *_), _ in found if bad), default=count)
        if good == count:
            return count, None
        in_batch = [
            (bad and row // rows == good, (row % rows, *rest), value)
            for bad, (row, *rest), value in found
        ]
        try:
            self._refuse(in_batch)
        except DeepkitError as error:
            return good, error
        return count, None

    def _over(self, arrays: Sequence[Any], structure: Any, rows: int, windows: int) -> Any:
        return self._run_over(self._values(), arrays, windows, rows=rows, structure=structure)

    def _values(self) -> list[Any]:
        return [variable.concrete_value() for variable in self._variables]

    def _refuse(self, found: Any) -> None:
        for check, (any_bad, place, value) in zip(self._checks, found):
            if any_bad:
                check.refuse(tuple(int(i) for i in place), value.item())

    def _trace(self, values: Sequence[Any], batch: Any) -> list[Found]:
        x, y, sample_weight = unpack_x_y_sample_weight(batch)
        model = self._model
        with (
            StatelessScope(zip(self._variables, values), collect_losses=True),
            collect_value_checks() as checks,
        ):
            y_pred = self._predictions(x)
            if self._mode != "predict" and y is not None:
                compute_loss(model, x, y, y_pred, sample_weight, training=False)
        self._checks = list(checks)
        return [_first(check) for check in checks]

    def _predictions(self, x: Any) -> Any:
        """Predictions; where no layer checks values, something of their shapes and dtypes."""
        model = self._model
        # A subclass may compute something else than what was drawn.
        is_drawn = model._graph is not None and is_default(model, "call")
        if not is_drawn or _layers_check_anything(model) or _has_unknown_sizes(model):
            return model(x, training=False)
        # The loss checks targets alone, so that the model need not be traced for it.
        rows = jax.tree.leaves(x)[0].shape[0]
        return tree.map_structure(
            lambda tensor: jnp.zeros((rows, *tensor.shape[1:]), tensor.dtype), model.output
        )

    def _trace_over(
        self,
        values: Sequence[Any],
        arrays: Sequence[Any],
        windows: Any,
        rows: int,
        structure: Any,
    ) -> list[Found]:
        """The first of what is refused in so many windows of `rows` rows; two may overlap.

        The loop goes over all rows: JAX drops the arrays in which nothing is checked only from
        loops of a fixed length, and would put them on the device otherwise.
        """
        num_samples = len(arrays[0])

        def look_at(window: Any) -> list[Found]:
            start = jnp.minimum(window * rows, num_samples - rows)
            leaves = [lax.dynamic_slice_in_dim(array, start, rows) for array in arrays]
            found = self._trace(values, jax.tree.unflatten(structure, leaves))
            counts = window < windows
            return [(bad & counts, (row + start, *rest), v) for bad, (row, *rest), v in found]

        def turn(window: Any, before: list[Found]) -> list[Found]:
            return [
                jax.tree.map(functools.partial(jnp.where, old[0]), old, new)
                for old, new in zip(before, look_at(window))
            ]

        return lax.fori_loop(1, -(-num_samples // rows), turn, look_at(0))


def _first(check: ValueCheck) -> Found:
    """Whether any value is refused, and the place and value of the first such."""
    flat = check.bad.ravel()
    index = jnp.argmax(flat)
    place = jnp.unravel_index(index, check.bad.shape)
    return jnp.any(flat), place, check.values.ravel()[index]


def _layers_check_anything(model: Trainable) -> bool:
    return any(getattr(layer, "checks_values", False) for layer in model._flatten_layers())


def _has_unknown_sizes(model: Any) -> bool:
    """Whether other sizes of outputs than the number of rows depend on the inputs."""
    shapes = [tuple(tensor.shape) for tensor in tree.flatten(model.output)]
    return any(not shape or shape[0] is not None or None in shape[1:] for shape in shapes)


def _checks_anything(model: Trainable, mode: str) -> bool:
    if not is_default(model, f"{mode}_step"):
        return False
    if _layers_check_anything(model):
        return True
    loss = model._trainer.compile_loss
    if mode == "predict" or loss is None or not is_default(model, "compute_loss"):
        return False
    return any(label_spec(single) is not None for single in [term.loss for term in loss._terms])
