"""The arrays of HDF5 files, told apart into weights, states of optimizers, and seeds."""

from collections.abc import Iterator

from deepkit.saving._formats._reader import Hdf5Reader
from deepkit.saving._inspector._report import OPTIMIZER, SEEDS, WEIGHTS, ArrayReport

_SEED_STEPS = ("seed_generator", "_random_generator", "deepkit_seeds")


def arrays_of(reader: Hdf5Reader) -> Iterator[ArrayReport]:
    """All arrays of a file; of those that are linked to, the first in the file's order stands."""
    seen: dict[object, str] = {}
    for path, info in sorted(reader.datasets.items()):
        first = seen.setdefault(info.dataset.id, path)
        yield ArrayReport(
            path=path,
            kind=_kind(path, reader),
            shape=info.shape,
            dtype=None if info.dtype is None else info.dtype.name,
            nbytes=info.nbytes,
            same_as=None if first == path else first,
        )


def _kind(path: str, reader: Hdf5Reader) -> str:
    group, _, _ = path.rpartition("/")
    steps = path.split("/")
    owner = reader.text(group, "class_name")
    if owner == "SeedGenerator" or any(step in _SEED_STEPS for step in steps):
        return SEEDS
    if owner is not None or any(_is_of_optimizer(step) for step in steps):
        return OPTIMIZER
    return WEIGHTS


def _is_of_optimizer(step: str) -> bool:
    return step in ("optimizer", "optimizer_weights") or step.endswith("_optimizer")
