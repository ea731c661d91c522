"""The arrays of files, told apart into weights, states of optimizers, and seeds."""

from collections.abc import Iterator
from typing import Any

from deepkit.saving._formats._reader import Hdf5Reader
from deepkit.saving._formats._safetensors_reader import SafetensorsReader
from deepkit.saving._formats._sharded_reader import ShardedReader
from deepkit.saving._formats._steps import (
    CLASS_ATTRIBUTE,
    OLD_SEEDS,
    OPTIMIZER_WEIGHTS,
    is_of_optimizer,
)
from deepkit.saving._formats._steps import SEEDS as SEEDS_OF_H5
from deepkit.saving._inspector._report import OPTIMIZER, SEEDS, WEIGHTS, ArrayReport

_SEED_STEPS = ("seed_generator", OLD_SEEDS, SEEDS_OF_H5)


def arrays_of(reader: Hdf5Reader | ShardedReader | SafetensorsReader) -> Iterator[ArrayReport]:
    """All arrays of a file; of those that are shared, one stands for the others."""
    if isinstance(reader, SafetensorsReader):
        aliases = reader.aliases()
        for key in [*reader.datasets, *aliases]:
            stored = aliases.get(key)
            yield _report(key, WEIGHTS, reader.datasets[stored or key], stored)
        return
    seen: dict[tuple[int, int], str] = {}
    for path, info in sorted(reader.datasets.items()):
        first = seen.setdefault(info.identity, path)
        yield _report(path, _kind(path, reader), info, None if first == path else first)


def _report(path: str, kind: str, info: Any, same_as: str | None) -> ArrayReport:
    return ArrayReport(
        path=path,
        kind=kind,
        shape=info.shape,
        dtype=None if info.dtype is None else info.dtype.name,
        nbytes=info.nbytes,
        same_as=same_as,
    )


def _kind(path: str, reader: Hdf5Reader | ShardedReader) -> str:
    group, _, _ = path.rpartition("/")
    steps = path.split("/")
    owner = reader.text(group, CLASS_ATTRIBUTE)
    if owner == "SeedGenerator" or any(step in _SEED_STEPS for step in steps):
        return SEEDS
    if owner is not None or any(s == OPTIMIZER_WEIGHTS or is_of_optimizer(s) for s in steps):
        return OPTIMIZER
    return WEIGHTS
