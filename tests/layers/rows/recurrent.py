"""Rows of recurrent layers, their cells and their wrappers."""

import numpy as np

import deepkit
from tests.layers.row import Row
from tests.oracle import keras

_SHAPE = (2, 4, 3)
# A mask with a masked start, middle and end.
_MASK = np.array([[False, True, False, True], [True, True, True, False]])
_STATE = np.random.default_rng(7).normal(size=(2, 3)).astype("float32")


class _Composed(Row):
    """A row whose parts are made under the dtype policy of the whole."""

    def make(self, layers, **extra):
        before = deepkit.config.dtype_policy(), keras.config.dtype_policy()
        for config in (deepkit.config, keras.config):
            config.set_dtype_policy(extra.get("dtype", "float32"))
        try:
            return super().make(layers, **extra)
        finally:
            deepkit.config.set_dtype_policy(before[0])
            keras.config.set_dtype_policy(before[1])


def _stacked(layers):
    return {"cell": [layers.LSTMCell(3, seed=1), layers.GRUCell(2, seed=2)], "return_state": True}


def _different(layers):
    return {
        "layer": layers.GRU(3, seed=1, return_state=True),
        "backward_layer": layers.SimpleRNN(3, seed=2, return_state=True, go_backwards=True),
        "merge_mode": None,
    }


# Options that one kind of layer shares with the others are compared in `test_recurrent.py`.
ROWS = [
    Row("SimpleRNNCell", {"units": 3, "seed": 1}, (2, 3), call={"states": [_STATE]}),
    Row("LSTMCell", {"units": 3, "seed": 1}, (2, 3), call={"states": [_STATE, -_STATE]}),
    Row("GRUCell", {"units": 3, "seed": 1}, (2, 3), call={"states": _STATE}),
    _Composed(
        "StackedRNNCells",
        lambda layers: {"cells": [layers.GRUCell(3, seed=1), layers.LSTMCell(3, seed=2)]},
        (2, 3),
        call={"states": [[_STATE], [_STATE, -_STATE]]},
    ),
    Row("SimpleRNN", {"units": 3, "seed": 1, "go_backwards": True}, _SHAPE, call={"mask": _MASK}),
    Row(
        "LSTM",
        {"units": 3, "seed": 1, "return_sequences": True, "return_state": True},
        _SHAPE,
        call={"initial_state": [_STATE, -_STATE], "mask": _MASK},
    ),
    Row("GRU", {"units": 3, "seed": 1}, _SHAPE),
    Row("GRU", {"units": 3, "seed": 1, "reset_after": False}, _SHAPE, label="reset-before"),
    _Composed("RNN", _stacked, _SHAPE, call={"mask": _MASK}),
    _Composed(
        "Bidirectional",
        lambda layers: {"layer": layers.LSTM(3, seed=1, return_sequences=True)},
        _SHAPE,
    ),
    _Composed(
        "Bidirectional",
        _different,
        _SHAPE,
        call={"initial_state": [_STATE, 2 * _STATE], "mask": _MASK},
        label="different",
    ),
    _Composed("TimeDistributed", lambda layers: {"layer": layers.Dense(2)}, _SHAPE),
    _Composed(
        "TimeDistributed",
        lambda layers: {"layer": layers.LSTM(2, seed=1)},
        (2, 2, 4, 3),
        label="sequences",
        call={"mask": np.stack([_MASK, ~_MASK], axis=1)},
    ),
]
