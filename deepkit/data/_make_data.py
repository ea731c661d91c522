"""Chooses how to read what was given as data."""

from collections.abc import Iterable, Iterator
from typing import Any

from deepkit.core import tree
from deepkit.core.errors import DataError

from ._arguments import check_class_weight, check_positive_int, check_shuffle, refuse
from ._array_data import ArrayData
from ._checks import check_finite
from ._conversion import is_array_like
from ._data import Data
from ._packing import unpack_x_y_sample_weight
from ._py_dataset import PyDataset
from ._py_dataset_data import PyDatasetData
from ._stream_data import GeneratorData, IterableData


def make_data(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int | None = None,
    steps: int | None = None,
    shuffle: bool | str = False,
    class_weight: dict[int, float] | None = None,
    allow_empty: bool = False,
    finite: bool = False,
) -> Data:
    """The data of fit, evaluate or predict as batches, all of its arguments checked.

    Args:
        x: arrays (NumPy, JAX, PyTorch, data frames, lists of numbers) or structures of them; a
            `PyDataset`; a generator; or anything that can be iterated for batches.
        y: targets, only with arrays.
        sample_weight: weights, only with arrays.
        batch_size: samples a batch, only with arrays; by default 32.
        steps: steps an epoch; with arrays and no `batch_size` it sets the batch size.
        shuffle: `True`, `False` or `"batch"`; without effect on generators and iterables.
        class_weight: weights by integer class.
        allow_empty: whether arrays may have zero samples.
        finite: whether NaN and infinities are refused; in streams when their batch comes.

    Raises:
        ArgumentError: an argument has a bad value or does not go with this kind of data.
        DataError: the data cannot be used.
    """
    check_positive_int(steps, "steps")
    check_positive_int(batch_size, "batch_size")
    class_weight = check_class_weight(class_weight)
    shuffle = check_shuffle(shuffle)
    if x is None:
        raise DataError("Expected x to be data, received None.")
    if tree.is_nested(x) or is_array_like(x):
        arrays = ArrayData(
            x,
            y,
            sample_weight,
            batch_size=batch_size,
            steps=steps,
            shuffle=shuffle,
            class_weight=class_weight,
            allow_empty=allow_empty,
        )
        if finite:
            check_finite(*unpack_x_y_sample_weight(arrays.rows(slice(None))))
        return arrays
    kind = _kind_of(x)
    refuse("y", y, kind, "Let it yield `(x, y)`.")
    refuse("sample_weight", sample_weight, kind, "Let it yield `(x, y, sample_weight)`.")
    refuse("batch_size", batch_size, kind, "Its batches come as they are.")
    stream = _make_stream(x, shuffle, class_weight)
    stream.checks_finite = bool(finite)
    return stream


def _make_stream(x: Any, shuffle: bool | str, class_weight: dict[int, float] | None) -> Data:
    if isinstance(x, Data):
        return x
    if isinstance(x, PyDataset):
        return PyDatasetData(x, shuffle, class_weight)
    if isinstance(x, Iterator):
        return GeneratorData(x, class_weight)
    return IterableData(x, class_weight)


def _kind_of(x: Any) -> str:
    if isinstance(x, Data):
        return "data that is already made"
    if isinstance(x, PyDataset):
        return "a PyDataset"
    if isinstance(x, Iterator):
        return "a generator"
    if isinstance(x, Iterable) and not isinstance(x, str | bytes):
        return f"a {type(x).__name__}"
    raise DataError(
        f"Expected x to be arrays, a PyDataset, a generator or an iterable of batches, "
        f"received a {type(x).__name__}."
    )
