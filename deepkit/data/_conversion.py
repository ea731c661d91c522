"""Turns what users hand over as data into arrays, or says which part of it is none."""

import dataclasses
import numbers
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core import config, tree
from deepkit.core.errors import DataError

Array = np.ndarray | jax.Array


@dataclasses.dataclass(frozen=True)
class _Numbers:
    """A list of numbers, or of lists of them, that is one array and no structure."""

    values: list[Any] | tuple[Any, ...]


def is_array_like(value: Any) -> bool:
    """Whether a value is an array, a tensor, a data frame or a series."""
    return hasattr(value, "__array__") or hasattr(value, "to_numpy")


def is_plain_numbers(value: Any) -> bool:
    """Whether a list or tuple holds scalars (perhaps in lists of lists) and not arrays."""
    if not isinstance(value, list | tuple) or hasattr(value, "_fields"):
        return False
    while isinstance(value, list | tuple):
        if not value:
            return True
        value = value[0]
    return isinstance(value, numbers.Number | np.generic | str | bytes)


def place_of(argument: str, path: tuple[Any, ...], where: str = "") -> str:
    """`"x['image'][0] of batch 3"`: how errors name a part of the data."""
    return argument + "".join(f"[{key!r}]" for key in path) + where


def convert_structure(value: Any, argument: str, where: str = "") -> Any:
    """The same lists, tuples and dicts with a NumPy or JAX array for each leaf; `None`s stay.

    float64 becomes `floatx()`; int64 and uint64 become their 32-bit kinds unless JAX's x64 mode
    is on. All other dtypes stay as they are.

    Args:
        value: an array-like, a list of numbers, or a structure of them.
        argument: its name in errors.
        where: what errors add to that name, such as `" of batch 3"`.

    Raises:
        DataError: a leaf is no array of numbers with a batch axis.
    """

    if value is None or isinstance(value, np.ndarray | jax.Array):
        return None if value is None else to_array(value, place_of(argument, (), where))

    def mark(part: Any) -> Any:
        return _Numbers(part) if is_plain_numbers(part) else None

    marked = tree.traverse(mark, value)
    leaves = [
        None if leaf is None else to_array(leaf, place_of(argument, path, where))
        for path, leaf in tree.flatten_with_path(marked)
    ]
    return tree.pack_sequence_as(marked, leaves)


def to_array(value: Any, place: str) -> Array:
    """One leaf as a NumPy array, or the JAX array that it is.

    Raises:
        DataError: it is no array of numbers with a batch axis.
    """
    array = _raw_array(value, place)
    _check_dtype(array, place)
    if array.ndim == 0:
        raise DataError(
            f"Expected {place} to have a first axis that counts samples, received a scalar. "
            f"A single sample becomes a batch of one by `[None]` or `np.expand_dims`."
        )
    return _narrow(array, place)


def _raw_array(value: Any, place: str) -> Array:
    if isinstance(value, jax.Array | np.ndarray):
        return value
    if isinstance(value, _Numbers):
        return _from_list(value.values, place)
    if hasattr(value, "detach"):  # a torch tensor, which may need a gradient or be on a GPU
        return np.asarray(value.detach().cpu())
    if hasattr(value, "to_numpy"):
        return np.asarray(value.to_numpy())
    if hasattr(value, "__array__"):
        return np.asarray(value)
    advice = "Convert it to a NumPy array first"
    if hasattr(value, "toarray") or hasattr(value, "todense"):
        advice = "Make a sparse matrix dense first, by `.toarray()` or `.todense()`"
    raise DataError(
        f"Expected {place} to be an array of numbers, received a {type(value).__name__}. {advice}."
    )


def _from_list(values: list[Any] | tuple[Any, ...], place: str) -> np.ndarray:
    try:
        return np.asarray(values)
    except ValueError as error:
        raise DataError(
            f"Expected the lists in {place} to have one length, received a ragged list. "
            f"`deepkit.utils.pad_sequences` brings sequences to one length."
        ) from error


def _check_dtype(array: Array, place: str) -> None:
    dtype = array.dtype
    if jnp.issubdtype(dtype, jnp.floating) or jnp.issubdtype(dtype, jnp.integer):
        return
    if jnp.issubdtype(dtype, jnp.bool_):
        return
    if dtype.kind == "O":
        raise DataError(
            f"Expected {place} to hold numbers, received dtype object{_first_foreign(array)}."
        )
    advice = "Split it into real and imaginary parts"
    if not jnp.issubdtype(dtype, jnp.complexfloating):
        advice = "Turn it into numbers first, for example with a preprocessing layer"
    raise DataError(f"Expected {place} to hold real numbers, received dtype {dtype}. {advice}.")


def _first_foreign(array: np.ndarray) -> str:
    """Where the first element lies that is no number, and its type; never its value."""
    for position, element in np.ndenumerate(array):
        if not isinstance(element, numbers.Real | np.generic):
            return f", with a {type(element).__name__} at {list(position)}"
    return ". Choose a dtype with `.astype('float32')`"


def _narrow(array: Array, place: str) -> Array:
    dtype = np.dtype(array.dtype)
    if dtype == np.float64:
        return array.astype(config.floatx()) if config.floatx() != "float64" else array
    if dtype in (np.int64, np.uint64) and not jax.config.jax_enable_x64:
        return _narrow_integers(array, np.dtype(dtype.name[:-2] + "32"), place)
    if not dtype.isnative:
        return array.astype(dtype.newbyteorder("="))
    return array


def _narrow_integers(array: Array, dtype: np.dtype, place: str) -> Array:
    limits = np.iinfo(dtype)
    if array.size and (array.min() < limits.min or array.max() > limits.max):
        outside = (array < limits.min) | (array > limits.max)
        position = [int(i) for i in np.unravel_index(np.argmax(outside), array.shape)]
        raise DataError(
            f"Expected the integers in {place} to fit {dtype}, received "
            f"{int(array[tuple(position)])} at {position}. Map large identifiers to small "
            f"indices, or turn on 64-bit types with `jax.config.update('jax_enable_x64', True)`."
        )
    return array.astype(dtype)
