"""Checks x, y and sample_weight as a whole before anything runs."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from deepkit.core import config, tree
from deepkit.core.errors import ArgumentError, DataError

from ._conversion import Array, convert_structure, place_of

_LISTED = 12


def check_data(
    x: Any, y: Any = None, sample_weight: Any = None, *, allow_empty: bool = False, where: str = ""
) -> tuple[Any, Any, Any]:
    """x, y and sample_weight as structures of arrays of one length.

    Args:
        x: an array-like, a list of numbers, or a structure of them.
        y: the same, or `None`.
        sample_weight: the same, or `None`. For several targets, weights with one number a sample
            serve them all.
        allow_empty: whether zero samples are fine, as they are to `predict`.
        where: what errors add to names, such as `" of batch 3"`.

    Returns:
        A tuple of three structures; a part that was not given is `None`.

    Raises:
        DataError: a part is no array of numbers, lengths differ, or there are no samples.
    """
    if x is None:
        raise DataError(f"Expected x{where} to be data, received None.")
    x = convert_structure(x, "x", where)
    y = convert_structure(y, "y", where)
    sample_weight = _weights_for(y, convert_structure(sample_weight, "sample_weight", where), where)
    parts = {"x": x, "y": y, "sample_weight": sample_weight}
    _check_lengths(parts, where, allow_empty)
    return x, y, sample_weight


def check_finite(x: Any, y: Any = None, sample_weight: Any = None, *, where: str = "") -> None:
    """Raise if an array of x, y or sample_weight holds NaN or an infinity.

    Args:
        x: an array or a structure of them.
        y: the same, or `None`.
        sample_weight: the same, or `None`.
        where: what errors add to names, such as `" of batch 3"`.

    Raises:
        DataError: names the part, the first such sample and how many values are not finite.
    """
    for argument, part in {"x": x, "y": y, "sample_weight": sample_weight}.items():
        for path, array in tree.flatten_with_path(part):
            if array is None or not jnp.issubdtype(array.dtype, jnp.floating):
                continue
            bad = ~np.isfinite(np.asarray(array))
            if bad.any():
                first = int(np.argmax(bad.reshape(len(bad), -1).any(axis=1)))
                raise DataError(
                    f"Expected finite numbers in {place_of(argument, path, where)}, received "
                    f"{int(bad.sum())} NaN or infinite values, the first in sample {first}."
                )


def named_arrays(parts: dict[str, Any], where: str = "") -> list[tuple[str, Array]]:
    """The arrays of several structures, each with the name that errors use."""
    return [
        (place_of(argument, path, where), array)
        for argument, part in parts.items()
        for path, array in tree.flatten_with_path(part)
        if array is not None
    ]


def _check_lengths(parts: dict[str, Any], where: str, allow_empty: bool) -> None:
    arrays = named_arrays(parts, where)
    if not any(name.startswith("x") for name, _ in arrays):
        raise DataError(f"Expected x{where} to hold at least one array, received none.")
    if len({array.shape[0] for _, array in arrays}) > 1:
        lengths = [f"{name} has {array.shape[0]}" for name, array in arrays]
        if len(lengths) > _LISTED:
            lengths = [*lengths[:_LISTED], f"and {len(lengths) - _LISTED} more arrays"]
        raise DataError(
            f"Expected all parts of the data to have the same number of samples, received: "
            f"{', '.join(lengths)}."
        )
    if not allow_empty and arrays[0][1].shape[0] == 0:
        raise DataError(f"Expected at least one sample, received {arrays[0][0]} with none.")


def _weights_for(y: Any, sample_weight: Any, where: str) -> Any:
    """Weights as floats, in the structure of the targets."""
    if sample_weight is None:
        return None
    sample_weight = tree.map_structure(_as_float, sample_weight, none_is_leaf=False)
    if not tree.is_nested(y) or tree.is_nested(sample_weight):
        _check_structure(y, sample_weight, where)
        return sample_weight
    shape = sample_weight.shape
    if len(shape) > 1 and shape[1:] != (1,):
        raise DataError(
            f"Expected one weight a sample in sample_weight{where}, as y holds several targets, "
            f"received the shape {tuple(shape)}. Give one array for each target in the structure "
            f"of y."
        )
    return tree.map_structure(lambda target: None if target is None else sample_weight, y)


def _check_structure(y: Any, sample_weight: Any, where: str) -> None:
    if y is None:
        return
    try:
        tree.assert_same_structure(y, sample_weight)
    except ArgumentError as error:
        raise DataError(
            f"Expected sample_weight{where} to have the structure of y: one array for each target. "
            f"{error}"
        ) from error


def _as_float(weights: Array) -> Array:
    if jnp.issubdtype(weights.dtype, jnp.floating):
        return weights
    return weights.astype(config.floatx())
