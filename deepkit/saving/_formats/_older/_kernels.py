"""Kernels of convolutions of older Keras: another order of axes, and Theano's turned ones.

Theano computes convolutions by the book, with the kernel turned around; all other engines, and
Keras on them, correlate. Keras 1 ordered the axes of kernels by where inputs had their channels.
"""

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from deepkit.saving._formats._inspection import DatasetInfo
from deepkit.saving._formats._older._layouts import Change, OlderLayout
from deepkit.saving._formats._reader import Hdf5Reader
from deepkit.saving._saveable import places_of
from deepkit.tensors import Variable

_PLAIN = ("Conv1D", "Conv2D", "Conv3D")
_TRANSPOSED = ("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
# Depthwise kernels were stored for correlation, whatever computed with them.
_DEPTHWISE = ("DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D")
_ALL = (*_PLAIN, *_TRANSPOSED, *_DEPTHWISE)
_KERNELS = ("kernel", "depthwise_kernel", "pointwise_kernel")
_LAYERS, _OPTIMIZER = "model_weights", "optimizer_weights/"


class OlderKernels:
    """What is known of the kernels of a model and of the file that they are in."""

    def __init__(self, model: Any, reader: Hdf5Reader, version: str) -> None:
        self._is_first = version.startswith("1")
        backend = reader.text("", "backend") or reader.text(_LAYERS, "backend")
        self._is_theano = backend == "theano" or (backend is None and _has_no_names_of_tf(reader))
        self._owners = dict(_kernels_of(model)) if self._is_first or self._is_theano else {}
        if self._is_theano:
            _warn_of_padding(model, reader.file)
            if backend is None and any(map(_is_turned, self._owners.values())):
                _warn_of_guess(reader.file)

    def layout(self, variable: Variable, info: DatasetInfo) -> OlderLayout | None:
        """How a weight lies in the file; `None` if as today."""
        owner = self._owners.get(id(variable))
        if owner is None or len(info.shape) < 3 or 0 in info.shape:
            return None
        kind = _kind_of(owner)
        steps: list[Change] = []
        if self._is_first and (order := _order_in_keras_1(kind, owner, variable, info)):
            steps.append(order)
        if self._is_theano and _is_turned(owner):
            steps.append(_turned)
        change = _in_turn(steps)
        # No memory is taken for this one.
        shape = change(np.broadcast_to(np.float32(0), info.shape)).shape
        return OlderLayout(shape, change) if steps else None


def _warn_of_padding(model: Any, file: str) -> None:
    """Say which layers compute something else than Theano, which pads evenly for "same"."""
    layers = [place.saveable for place in places_of(model) if _pads_otherwise(place.saveable)]
    if layers:
        warnings.warn(
            f"'{file}' was written by Keras on Theano, which pads otherwise for padding='same' "
            f"where a kernel is even, steps are larger than 1, or windows are pooled: the results "
            f"of {sorted({layer.name for layer in layers})} will differ at the edges.",
            stacklevel=2,
        )


def _warn_of_guess(file: str) -> None:
    """Say that a file does not tell which engine its kernels are for."""
    warnings.warn(
        f"'{file}' does not say which engine wrote it. Its weights lack the ':0' of TensorFlow's "
        f"names, so it was read as one of Theano, and kernels of convolutions were turned around. "
        f"If that is wrong, set the attribute `backend` of the file to 'tensorflow' with h5py.",
        stacklevel=2,
    )


def _pads_otherwise(layer: Any) -> bool:
    if getattr(layer, "padding", None) != "same":
        return False
    is_pool = hasattr(layer, "pool_size")
    sizes, steps = getattr(layer, "kernel_size", ()), getattr(layer, "strides", ())
    return is_pool or any(size % 2 == 0 for size in sizes) or any(step != 1 for step in steps)


def _names_of(layer: Any) -> list[str]:
    return [cls.__name__ for cls in type(layer).__mro__]


def _kind_of(layer: Any) -> str:
    return next(name for name in _names_of(layer) if name in _ALL)


def _is_turned(layer: Any) -> bool:
    return _kind_of(layer) not in _DEPTHWISE


def _kernels_of(model: Any) -> Iterator[tuple[int, Any]]:
    """The ids of all kernels of convolutions, with their layers."""
    for place in places_of(model):
        if any(name in _ALL for name in _names_of(place.saveable)):
            for name in _KERNELS:
                kernel = getattr(place.saveable, name, None)
                if isinstance(kernel, Variable):
                    yield id(kernel), place.saveable


def _has_no_names_of_tf(reader: Hdf5Reader) -> bool:
    """Whether no weight has a name of TensorFlow's, all of which end in a number."""
    weights = [path for path in reader.datasets if not path.startswith(_OPTIMIZER)]
    return not any(path.endswith(":0") for path in weights)


def _order_in_keras_1(
    kind: str, layer: Any, variable: Variable, info: DatasetInfo
) -> Change | None:
    """Brings the axes of a kernel of Keras 1 into today's order."""
    if kind == "Conv1D":
        return _order_of_sequences(tuple(variable.shape), info.shape)
    *size, channels, filters = range(len(info.shape))
    is_first = getattr(layer, "data_format", None) == "channels_first"
    if is_first:
        sides = range(2, len(info.shape))
        return _moved(*sides, *((0, 1) if kind in _TRANSPOSED else (1, 0)))
    return _moved(*size, filters, channels) if kind in _TRANSPOSED else None


def _order_of_sequences(shape: tuple[int, ...], saved: tuple[int, ...]) -> Change | None:
    """A convolution over sequences was one over pictures of a single column."""
    length, channels, filters = shape
    if saved == (length, 1, channels, filters):
        return lambda array: array[:, 0]
    if saved == (filters, channels, length, 1):  # before 1.2
        return lambda array: array[..., 0].transpose(2, 1, 0)
    return None


def _moved(*axes: int) -> Change:
    return lambda array: array.transpose(axes)


def _turned(array: np.ndarray) -> np.ndarray:
    """The kernel turned around in space; the last two axes are channels and filters."""
    return np.flip(array, range(array.ndim - 2))


def _in_turn(steps: Sequence[Change]) -> Change:
    def changed(array: np.ndarray) -> np.ndarray:
        for step in steps:
            array = step(array)
        return array

    return changed
