"""LSTM: long short-term memory."""

from typing import Any

from deepkit.layers._cell_layer import CellLayer, of_cell
from deepkit.layers._lstm_cell import LSTMCell


class LSTM(CellLayer):
    """Long short-term memory: a recurrent layer that decides by gates what it keeps.

    With `z = x_t @ kernel + h_{t-1} @ recurrent_kernel + bias`, split into `z_i, z_f, z_c, z_o`:
    `c_t = s(z_f) * c_{t-1} + s(z_i) * a(z_c)` and `h_t = s(z_o) * a(c_t)`, where `a` is
    `activation` and `s` is `recurrent_activation`
    (Hochreiter and Schmidhuber, 1997, Neural Computation 9; forget gate by Gers et al., 2000).
    The products of all inputs are one, before the loop over time.

    Args:
        units: size of the output and of both states.
        activation: of what is written to and read from the carry.
        recurrent_activation: of the input, forget and output gates.
        use_bias: whether a bias is added.
        kernel_initializer: of the kernel, of shape (features, 4 * units).
        recurrent_initializer: of the recurrent kernel, of shape (units, 4 * units).
        bias_initializer: of the bias, of shape (4 * units,).
        unit_forget_bias: whether the forget gate's bias starts at 1, so that the layer remembers
            at first (Jozefowicz et al., 2015, ICML).
        kernel_regularizer: a penalty on the kernel.
        recurrent_regularizer: a penalty on the recurrent kernel.
        bias_regularizer: a penalty on the bias.
        activity_regularizer: a penalty on the outputs.
        kernel_constraint: applied to the kernel after each update.
        recurrent_constraint: applied to the recurrent kernel after each update.
        bias_constraint: applied to the bias after each update.
        dropout: the part of the inputs that is dropped in training, from 0 to 1.
        recurrent_dropout: the part of the state that is dropped in training, from 0 to 1.
        seed: an integer for the same dropout masks each time the program runs.
        return_sequences: whether to return the outputs of all steps instead of the last one's.
        return_state: whether to return the last `h` and `c` too.
        go_backwards: whether to start at the end; outputs come in the order in which they are made.
        stateful: whether a call starts from the states at the end of the call before. The batch
            size must stay the same then; `reset_state` starts anew.
        unroll: whether to compile each step for itself; for short sequences.
        use_cudnn: accepted for Keras's signature; one compiled program serves all devices.

    Call arguments:
        sequences: of shape (batch, time, features).
        initial_state: the states `[h, c]` to start from, of shape (batch, units) each.
        mask: booleans of shape (batch, time). In steps where it is false, the state and the output
            stay as they are.
        training: whether to drop; the same units in all steps of a call.

    Output shape:
        `(batch, units)`, or `(batch, time, units)` with `return_sequences`; with `return_state`, a
        tuple of this and both states.

    Raises:
        ArgumentError: `units` is no integer of at least 1, or a rate is not from 0 to 1.
        ShapeError: a mask does not fit; batch sizes of a stateful layer differ.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.LSTM(3, return_sequences=True, return_state=True)
        >>> outputs, h, c = layer(deepkit.ops.ones((2, 5, 4)))
        >>> outputs.shape, h.shape, c.shape
        ((2, 5, 3), (2, 3), (2, 3))
    """

    recurrent_activation = of_cell("recurrent_activation", "The activation of the gates.")
    unit_forget_bias = of_cell("unit_forget_bias", "Whether the forget gate's bias starts at 1.")

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        cell = LSTMCell(
            units,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            unit_forget_bias=unit_forget_bias,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            name="lstm_cell",
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
            use_cudnn=use_cudnn,
            **kwargs,
        )
