"""SimpleRNN: the plain recurrent layer."""

from typing import Any

from deepkit.layers._cell_layer import CellLayer
from deepkit.layers._simple_rnn_cell import SimpleRNNCell


class SimpleRNN(CellLayer):
    """A recurrent layer whose output is fed back to it.

    `h_t = activation(x_t @ kernel + h_{t-1} @ recurrent_kernel + bias)`
    (Elman, 1990, Cognitive Science 14). It forgets fast; `LSTM` and `GRU` remember longer.

    Args:
        units: size of the output and of the state.
        activation: a function or its name.
        use_bias: whether a bias is added.
        kernel_initializer: of the kernel, of shape (features, units).
        recurrent_initializer: of the recurrent kernel, of shape (units, units).
        bias_initializer: of the bias, of shape (units,).
        kernel_regularizer: a penalty on the kernel.
        recurrent_regularizer: a penalty on the recurrent kernel.
        bias_regularizer: a penalty on the bias.
        activity_regularizer: a penalty on the outputs.
        kernel_constraint: applied to the kernel after each update.
        recurrent_constraint: applied to the recurrent kernel after each update.
        bias_constraint: applied to the bias after each update.
        dropout: the part of the inputs that is dropped in training, from 0 to 1.
        recurrent_dropout: the part of the state that is dropped in training, from 0 to 1.
        return_sequences: whether to return the outputs of all steps instead of the last one's.
        return_state: whether to return the last state too.
        go_backwards: whether to start at the end; outputs come in the order in which they are made.
        stateful: whether a call starts from the state at the end of the call before. The batch
            size must stay the same then; `reset_state` starts anew.
        unroll: whether to compile each step for itself; for short sequences.
        seed: an integer for the same dropout masks each time the program runs.

    Call arguments:
        sequences: of shape (batch, time, features).
        initial_state: the state to start from, of shape (batch, units), or a list with it.
        mask: booleans of shape (batch, time). In steps where it is false, the state and the output
            stay as they are.
        training: whether to drop; the same units in all steps of a call.

    Output shape:
        `(batch, units)`, or `(batch, time, units)` with `return_sequences`; with `return_state`, a
        tuple of this and the state.

    Raises:
        ArgumentError: `units` is no integer of at least 1, or a rate is not from 0 to 1.
        ShapeError: a mask does not fit; batch sizes of a stateful layer differ.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.SimpleRNN(3)
        >>> layer(deepkit.ops.ones((2, 5, 4))).shape
        (2, 3)
    """

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        cell = SimpleRNNCell(
            units,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            name="simple_rnn_cell",
            **self._cell_options(kwargs),
        )
        super().__init__(
            cell,
            activity_regularizer=activity_regularizer,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            **kwargs,
        )
