"""Weights of `CuDNNLSTM` and `CuDNNGRU` of Keras 2, which are `LSTM` and `GRU` today.

cuDNN kept two biases for each gate, one of the input and one of the state. That tells its layers:
the bias is twice as long as that of an `LSTM`, and has one axis where that of a `GRU` has two. The
kernels have today's shapes, but the numbers of each gate lie in the order of its transpose.
"""

import warnings
from collections.abc import Sequence

import numpy as np

from deepkit.saving._formats._inspection import DatasetInfo
from deepkit.saving._formats._older._layouts import Change, OlderLayout
from deepkit.tensors import Variable

_NAMES = ["kernel", "recurrent_kernel", "bias"]


def cudnn_layouts(
    variables: Sequence[Variable], saved: Sequence[DatasetInfo]
) -> dict[int, OlderLayout]:
    """The layouts of a layer's or model's weights that cuDNN laid out, by the variables' ids.

    Args:
        variables: the weights, those of one recurrent layer in a row.
        saved: the array of each.
    """
    found: dict[int, OlderLayout] = {}
    for start in range(len(variables) - 2):
        three = variables[start : start + 3]
        shapes = [info.shape for info in saved[start : start + 3]]
        layouts = _layouts_of_layer(three, shapes)
        found.update((id(variable), layout) for variable, layout in zip(three, layouts))
    return found


def is_for_another_gru(variables: Sequence[Variable], saved: Sequence[DatasetInfo]) -> bool:
    """Whether weights of a `CuDNNGRU` meet a `GRU` that resets before it multiplies."""
    for start in range(len(variables) - 2):
        three = variables[start : start + 3]
        recurrent, bias = tuple(three[1].shape), tuple(three[2].shape)
        if [variable.name for variable in three] == _NAMES and recurrent[1:] == bias:
            is_gru = bias == (3 * recurrent[0],)
            if is_gru and saved[start + 2].shape == (2 * bias[0],):
                return True
    return False


def warn_of_biases(file: str) -> None:
    """Say that the two biases of a gate, which are one now, learned twice as fast."""
    warnings.warn(
        f"'{file}' has the state of an optimizer that trained a CuDNNLSTM, which had two biases "
        f"where LSTM has one. The state was loaded, and training goes on with steps of that bias "
        f"that are half as large as those of the two together.",
        stacklevel=2,
    )


def _layouts_of_layer(
    variables: Sequence[Variable], saved: Sequence[tuple[int, ...]]
) -> list[OlderLayout]:
    """The layouts of kernel, recurrent kernel and bias; none if they are not those of cuDNN."""
    shapes = [tuple(variable.shape) for variable in variables]
    if [variable.name for variable in variables] != _NAMES or saved[:2] != shapes[:2]:
        return []
    if len(shapes[1]) != 2:
        return []
    units, width = shapes[1]
    if not units or saved[2] != (2 * width,):
        return []
    if shapes[2] == (4 * units,) == (width,):
        bias = OlderLayout(shapes[2], _sum_of_halves, _mean_of_halves, is_exact_for_slots=False)
    elif shapes[2] == (2, 3 * units) == (2, width):
        bias = OlderLayout(shapes[2], lambda array: array.reshape(2, -1))
    else:
        return []
    gates = width // units
    return [
        OlderLayout(shapes[0], _for_each_gate(gates, _from_columns)),
        OlderLayout(shapes[1], _for_each_gate(gates, np.transpose)),
        bias,
    ]


def _for_each_gate(count: int, change: Change) -> Change:
    def changed(array: np.ndarray) -> np.ndarray:
        return np.concatenate([change(gate) for gate in np.split(array, count, axis=1)], axis=1)

    return changed


def _from_columns(kernel: np.ndarray) -> np.ndarray:
    """A kernel whose numbers were written row by row of its transpose."""
    return kernel.reshape(kernel.shape[::-1]).T


def _sum_of_halves(array: np.ndarray) -> np.ndarray:
    first, second = np.split(array, 2)
    return first + second


def _mean_of_halves(array: np.ndarray) -> np.ndarray:
    """Both biases had the same gradient."""
    first, second = np.split(array, 2)
    return (first + second) / 2
