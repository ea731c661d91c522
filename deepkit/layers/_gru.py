"""GRU: gated recurrent unit."""

from typing import Any

from deepkit.layers._cell_layer import CellLayer, of_cell
from deepkit.layers._gru_cell import GRUCell


class GRU(CellLayer):
    """Gated recurrent unit: a recurrent layer with two gates and one state.

    With gates `z` and `r`, both `s(x_t @ W + h_{t-1} @ R + b)` with their parts of the kernels:
    `h_t = z * h_{t-1} + (1 - z) * a(x_t @ W_h + b_h + r * (h_{t-1} @ R_h + c_h))`, where `a` is
    `activation` and `s` is `recurrent_activation`. Without `reset_after`, the last product is
    `(r * h_{t-1}) @ R_h`, as in the paper (Cho et al., 2014, arXiv:1406.1078).
    The products of all inputs are one, before the loop over time.

    Args:
        units: size of the output and of the state.
        activation: of the candidate for the next state.
        recurrent_activation: of the update and reset gates.
        use_bias: whether biases are added.
        kernel_initializer: of the kernel, of shape (features, 3 * units).
        recurrent_initializer: of the recurrent kernel, of shape (units, 3 * units).
        bias_initializer: of the biases, of shape (2, 3 * units), those of inputs and state; of
            shape (3 * units,) without `reset_after`.
        kernel_regularizer: a penalty on the kernel.
        recurrent_regularizer: a penalty on the recurrent kernel.
        bias_regularizer: a penalty on the biases.
        activity_regularizer: a penalty on the outputs.
        kernel_constraint: applied to the kernel after each update.
        recurrent_constraint: applied to the recurrent kernel after each update.
        bias_constraint: applied to the biases after each update.
        dropout: the part of the inputs that is dropped in training, from 0 to 1.
        recurrent_dropout: the part of the state that is dropped in training, from 0 to 1.
        seed: an integer for the same dropout masks each time the program runs.
        return_sequences: whether to return the outputs of all steps instead of the last one's.
        return_state: whether to return the last state too.
        go_backwards: whether to start at the end; outputs come in the order in which they are made.
        stateful: whether a call starts from the state at the end of the call before. The batch
            size must stay the same then; `reset_state` starts anew.
        unroll: whether to compile each step for itself; for short sequences.
        reset_after: whether the reset gate acts after the product with the state; faster.
        use_cudnn: accepted for Keras's signature; one compiled program serves all devices.

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
        >>> layer = deepkit.layers.GRU(3, return_sequences=True)
        >>> layer(deepkit.ops.ones((2, 5, 4))).shape
        (2, 5, 3)
    """

    recurrent_activation = of_cell("recurrent_activation", "The activation of the gates.")
    reset_after = of_cell("reset_after", "Whether the reset gate acts after the product.")

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
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
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        reset_after: bool = True,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        cell = GRUCell(
            units,
            activation=activation,
            recurrent_activation=recurrent_activation,
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
            reset_after=reset_after,
            seed=seed,
            name="gru_cell",
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
