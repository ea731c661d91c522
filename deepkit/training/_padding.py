"""Padding: batches of odd numbers of rows, run by the program for another number of rows."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import jax
import numpy as np

from deepkit.core import tree
from deepkit.training._program import Binding
from deepkit.training._row_wise import is_row_wise
from deepkit.training._trainable import Trainable

# Of all rows, how many may be added to fill batches up to the largest one: one in so many.
_SHARE = 8


class Sized(NamedTuple):
    """A batch, how many of its rows, the first ones, are wanted, and whether it has others."""

    batch: Any
    rows: int
    is_wide: bool = False


def bucket(rows: int, largest: int) -> int:
    """The number of rows to run so many rows with: a power of two, or `largest` if that is less."""
    if rows & (rows - 1) == 0:
        return rows
    return max(rows, min(1 << rows.bit_length(), largest))


class Padding:
    """Adds rows to batches where that changes nothing for the other ones.

    That is proven of the program that is going to run: see `deepkit.training._row_wise`. A step of
    which it cannot be proven is left alone for good.

    Args:
        binding: the compiled step.
        is_known_code: whether the step runs nothing but deepkit's own code, which computes the
            same for any number of rows. Otherwise it is traced for both numbers, and compared.
    """

    def __init__(self, binding: Binding, is_known_code: Callable[[], bool]) -> None:
        self._binding, self._is_known_code = binding, is_known_code

    @classmethod
    def of(cls, model: Trainable, binding: Binding) -> "Padding":
        """That of a model's prediction."""
        return cls(binding, lambda: model._trainer.runs_known_code("predict"))

    def widened(self, batch: Any, rows: int, size: int) -> tuple[Any, bool]:
        """A batch of `size` rows whose first ones have the same outputs, or the batch as it is.

        Args:
            batch: the batch.
            rows: the rows that it has.
            size: the rows that it should have.

        Returns:
            The batch, and whether it has more rows now.
        """
        if size <= rows:
            return batch, False
        leaves, structure = jax.tree.flatten(batch)
        kind = structure, tuple((leaf.shape[1:], leaf.dtype) for leaf in leaves)
        proofs = self._binding.program.proofs
        known = proofs.setdefault(kind, set())
        if known is None or not all(_can_grow(leaf, rows) for leaf in leaves):
            return batch, False
        wide = jax.tree.unflatten(structure, [_grown(leaf, size) for leaf in leaves])
        if (size, None) in known or (size, rows) in known:
            return wide, True
        alone = self._is_known_code()
        if not self._is_proven(wide, None if alone else batch, len(leaves)):
            proofs[kind] = None
            return batch, False
        known.add((size, None if alone else rows))
        return wide, True

    def _is_proven(self, wide: Any, batch: Any, leaves: int) -> bool:
        """Whether the first rows of a batch have the same outputs in a wide one.

        Args:
            wide: the wide batch.
            batch: the batch, if the program for it is to be compared as well.
            leaves: how many arrays a batch is made of.
        """
        try:
            program = self._binding.traced(wide)
        except Exception:
            # There is no program of this size. If there is none of the batch's either, it raises.
            return False
        twin = None if batch is None else self._binding.traced(batch)
        if program is None or (batch is not None and twin is None):
            return False
        return is_row_wise(program, leaves, twin)

    def each(self, batches: Iterable[Any], largest: int = 0) -> Iterator[Sized]:
        """The batches of a pass, small ones filled up.

        They are filled up to the largest batch, which has a program already, as long as that is
        little beside all that is done, and else to a power of two.

        Args:
            batches: the batches.
            largest: the rows of the largest one, if that is known at the beginning.
        """
        done = added = 0
        for batch in batches:
            rows = number_of_rows(batch)
            largest = max(largest, rows)
            is_little = (added + largest - rows) * _SHARE <= done
            size = largest if is_little else bucket(rows, largest)
            wide, is_wide = self.widened(batch, rows, size)
            done += rows
            added += size - rows if is_wide else 0
            yield Sized(wide, rows, is_wide)


def number_of_rows(batch: Any) -> int:
    """The rows of a batch."""
    return next(leaf for leaf in tree.flatten(batch) if leaf is not None).shape[0]


def first_rows(outputs: Any, rows: int) -> Any:
    """The first rows of outputs, on the host."""
    return tree.map_structure(lambda leaf: np.asarray(leaf)[:rows], outputs)


def _can_grow(leaf: Any, rows: int) -> bool:
    """Whether an array has the rows of the batch, and need not stay where it is."""
    if leaf.shape[:1] != (rows,) or not isinstance(leaf.dtype, np.dtype):
        return False
    return isinstance(leaf, np.ndarray) or not leaf.committed


def _grown(leaf: Any, size: int) -> np.ndarray:
    """An array with its last row again and again: values as they may come, and no zeros."""
    leaf = np.asarray(leaf)
    grown = np.empty((size, *leaf.shape[1:]), leaf.dtype)
    grown[: len(leaf)] = leaf
    grown[len(leaf) :] = leaf[-1]
    return grown
