"""How PyTorch lays out the weights of layers, for `load_weights_from(..., layout="torch")`.

| here | PyTorch | what is done |
|---|---|---|
| `Dense`: (in, out) | `Linear`: (out, in) | transposed |
| `Conv1D` …: (size, in, out) | `Conv1d` …: (out, in, size) | axes moved |
| `Conv1DTranspose` …: (size, out, in) | `ConvTranspose1d` …: (in, out, size) | axes moved |
| `DepthwiseConv1D` …: (size, in, times) | (in · times, 1, size) | split, axes moved |
| gamma, beta, moving_mean, … of normalizations | `weight`, `bias`, `running_mean`, … | nothing |
| `LSTM`, `SimpleRNN`: (in, gates · units) | `weight_ih_l0`: (gates · units, in) | transposed |
| their bias | `bias_ih_l0`, `bias_hh_l0` | added up |
| `GRU`: gates z, r, h | gates r, z, n | put in order |
| `MultiHeadAttention`: (in, heads, size) | `in_proj_weight`: (3 · heads · size, in) | split, … |
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from deepkit.core.errors import ArgumentError
from deepkit.layers._base_conv import BaseConv
from deepkit.layers._base_conv_transpose import BaseConvTranspose
from deepkit.layers._base_depthwise_conv import BaseDepthwiseConv
from deepkit.layers._base_separable_conv import BaseSeparableConv
from deepkit.layers._batch_normalization import BatchNormalization
from deepkit.layers._bidirectional import Bidirectional
from deepkit.layers._dense import Dense
from deepkit.layers._embedding import Embedding
from deepkit.layers._group_normalization import GroupNormalization
from deepkit.layers._gru import GRU
from deepkit.layers._gru_cell import GRUCell
from deepkit.layers._layer_normalization import LayerNormalization
from deepkit.layers._lstm import LSTM
from deepkit.layers._lstm_cell import LSTMCell
from deepkit.layers._multi_head_attention import MultiHeadAttention
from deepkit.layers._prelu import PReLU
from deepkit.layers._rms_normalization import RMSNormalization
from deepkit.layers._simple_rnn import SimpleRNN
from deepkit.layers._simple_rnn_cell import SimpleRNNCell
from deepkit.saving._foreign._layouts import Layout, Rule, Way, provide_layout

_GATES = {LSTMCell: (0, 1, 2, 3), GRUCell: (1, 0, 2), SimpleRNNCell: (0,)}
_CELLS = tuple(_GATES)
_RECURRENT = (LSTM, GRU, SimpleRNN)


def torch_layout(layer: Any) -> Layout | None:
    """How PyTorch lays out the weights of a layer; `None` if it does so as deepkit.

    Raises:
        ArgumentError: the layer computes something else than PyTorch's.
    """
    for classes, layout_of in _LAYOUTS:
        if isinstance(layer, classes) and layer.built:
            return layout_of(layer)
    return None


def _rule(
    layer: Any, name: str, source: str, convert: Callable[..., np.ndarray] | None = None
) -> list[Rule]:
    """A variable that is made of one array, which may also have the variable's own name."""
    variable = getattr(layer, name, None)
    if variable is None:
        return []
    arguments = () if convert is None else (convert,)
    return [Rule(variable, tuple(Way((key,), *arguments) for key in dict.fromkeys((source, name))))]


def _dense(layer: Any) -> Layout:
    return Layout([*_rule(layer, "kernel", "weight", np.transpose), *_rule(layer, "bias", "bias")])


def _embedding(layer: Any) -> Layout:
    return Layout(_rule(layer, "embeddings", "weight"))


def _convolution(layer: Any) -> Layout:
    return Layout([*_rule(layer, "kernel", "weight", _size_first), *_rule(layer, "bias", "bias")])


def _size_first(weight: np.ndarray) -> np.ndarray:
    """(first, second, *size) -> (*size, second, first)."""
    return np.transpose(weight, (*range(2, weight.ndim), 1, 0))


def _depthwise(layer: Any) -> Layout:
    def split(weight: np.ndarray) -> np.ndarray:
        return _split_channels(weight, layer.depth_multiplier)

    return Layout([*_rule(layer, "kernel", "weight", split), *_rule(layer, "bias", "bias")])


def _split_channels(weight: np.ndarray, times: int) -> np.ndarray:
    """(channels · times, 1, *size) -> (*size, channels, times)."""
    apart = weight.reshape(-1, times, *weight.shape[2:])
    return np.transpose(apart, (*range(2, apart.ndim), 0, 1))


def _separable(layer: Any) -> Layout:
    def split(weight: np.ndarray) -> np.ndarray:
        return _split_channels(weight, layer.depth_multiplier)

    return Layout(
        [
            *_rule(layer, "depthwise_kernel", "depthwise.weight", split),
            *_rule(layer, "pointwise_kernel", "pointwise.weight", _size_first),
            *_rule(layer, "bias", "pointwise.bias"),
        ]
    )


def _normalization(layer: Any) -> Layout:
    return Layout(
        [
            *_rule(layer, "gamma", "weight"),
            *_rule(layer, "beta", "bias"),
            *_rule(layer, "moving_mean", "running_mean"),
            *_rule(layer, "moving_variance", "running_var"),
        ],
        ignored=("num_batches_tracked",),
    )


def _rms_normalization(layer: Any) -> Layout:
    return Layout(_rule(layer, "scale", "weight"))


def _prelu(layer: Any) -> Layout:
    shape = tuple(layer.alpha.shape)
    return Layout(_rule(layer, "alpha", "weight", lambda weight: weight.reshape(shape)))


# Recurrent layers: PyTorch has the gates in rows, and two biases where one is enough.


def _recurrent(layer: Any) -> Layout:
    return Layout(_cell_rules(layer.cell, ("_l0", "")), covers_inner=True)


def _cell(layer: Any) -> Layout:
    return Layout(_cell_rules(layer, ("",)))


def _bidirectional(layer: Any) -> Layout | None:
    if not isinstance(layer.forward_layer, _RECURRENT):
        return None
    rules = [
        *_cell_rules(layer.forward_layer.cell, ("_l0",)),
        *_cell_rules(layer.backward_layer.cell, ("_l0_reverse",)),
    ]
    return Layout(rules, covers_inner=True)


def _cell_rules(cell: Any, endings: tuple[str, ...]) -> list[Rule]:
    order = next(gates for cls, gates in _GATES.items() if isinstance(cell, cls))

    def columns(weight: np.ndarray) -> np.ndarray:
        """(gates · units, inputs) -> (inputs, gates · units), the gates in our order."""
        parts = np.split(weight, len(order))
        return np.concatenate([parts[gate] for gate in order]).T

    def bias(of_inputs: np.ndarray, of_state: np.ndarray) -> np.ndarray:
        both = [columns(of_inputs[:, None])[0], columns(of_state[:, None])[0]]
        return np.stack(both) if isinstance(cell, GRUCell) else np.add(*both)

    _check_reset(cell)
    made = [
        Rule(cell.kernel, tuple(Way((f"weight_ih{end}",), columns) for end in endings)),
        Rule(cell.recurrent_kernel, tuple(Way((f"weight_hh{end}",), columns) for end in endings)),
    ]
    if cell.bias is not None:
        ways = [Way((f"bias_ih{end}", f"bias_hh{end}"), bias) for end in endings]
        made.append(Rule(cell.bias, tuple(ways)))
    return made


def _check_reset(cell: Any) -> None:
    if isinstance(cell, GRUCell) and not cell.reset_after:
        raise ArgumentError(
            f"Expected `reset_after=True` of the layer '{cell.name}' for weights of PyTorch, whose "
            f"GRU resets after the product with the state."
        )


# Attention: PyTorch has the projections of queries, keys and values below one another.


def _attention(layer: Any) -> Layout:
    heads = ("query", "key", "value")
    parts = [layer._query_dense, layer._key_dense, layer._value_dense]
    rules = []
    for index, (name, part) in enumerate(zip(heads, parts)):
        kernel = Way((f"{name[0]}_proj_weight",), _transposed_to(part.kernel))
        rules.append(Rule(part.kernel, (Way(("in_proj_weight",), _third(index, part)), kernel)))
        if part.bias is not None:
            rules.append(Rule(part.bias, (Way(("in_proj_bias",), _third_of_bias(index, part)),)))
    output = layer._output_dense
    from_heads = _transposed_to(output.kernel)
    rules.append(Rule(output.kernel, (Way(("out_proj.weight",), from_heads),)))
    if output.bias is not None:
        rules.append(Rule(output.bias, (Way(("out_proj.bias",)),)))
    return Layout(rules, covers_inner=True)


def _transposed_to(kernel: Any) -> Callable[[np.ndarray], np.ndarray]:
    """(outputs, inputs) -> (inputs, outputs), where either may be apart in heads."""
    shape = tuple(kernel.shape)
    return lambda weight: weight.T.reshape(shape)


def _third(index: int, part: Any) -> Callable[[np.ndarray], np.ndarray]:
    to_heads = _transposed_to(part.kernel)
    return lambda weight: to_heads(np.split(weight, 3)[index])


def _third_of_bias(index: int, part: Any) -> Callable[[np.ndarray], np.ndarray]:
    shape = tuple(part.bias.shape)
    return lambda bias: np.split(bias, 3)[index].reshape(shape)


_LAYOUTS: tuple[tuple[Any, Callable[[Any], Layout | None]], ...] = (
    (Dense, _dense),
    (Embedding, _embedding),
    ((BaseConv, BaseConvTranspose), _convolution),
    (BaseDepthwiseConv, _depthwise),
    (BaseSeparableConv, _separable),
    ((BatchNormalization, LayerNormalization, GroupNormalization), _normalization),
    (RMSNormalization, _rms_normalization),
    (PReLU, _prelu),
    (_RECURRENT, _recurrent),
    (_CELLS, _cell),
    (Bidirectional, _bidirectional),
    (MultiHeadAttention, _attention),
)

provide_layout("torch", torch_layout)
