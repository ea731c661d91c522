"""RNN: any recurrent cell, over time."""

from typing import Any

from deepkit.core import registry
from deepkit.layers._cell_checks import part_config
from deepkit.layers._recurrent_layer import RecurrentLayer
from deepkit.layers._stacked_rnn_cells import StackedRNNCells


class RNN(RecurrentLayer):
    """Step a cell, or several, through the time axis of the inputs.

    For `LSTM`, `GRU` and `SimpleRNN` there are layers; this one is for cells of your own and for
    stacks. A cell is a layer, or any object, with

    - `call(inputs, states)`, which returns `output, new_states` for one time step; it may take
      `training` too;
    - `state_size`, an integer, or a list of them for several states;
    - `output_size`, if that is not the size of the first state;
    - `get_initial_state(batch_size)`, if it does not start from zeros.

    The step is compiled once for all, by `ops.scan`, and may assign variables, draw random numbers
    and add losses.

    Args:
        cell: the cell, or a list of cells, which is stacked.
        return_sequences: whether to return the outputs of all steps instead of the last one's.
        return_state: whether to return the last states too.
        go_backwards: whether to start at the end; outputs come in the order in which they are made.
        stateful: whether a call starts from the states at the end of the call before. The batch
            size must stay the same then; `reset_state` starts anew.
        unroll: whether to compile each step for itself; for short sequences.
        zero_output_for_mask: whether outputs of masked steps are 0 instead of those before them.

    Call arguments:
        sequences: of shape (batch, time, ...).
        initial_state: a list of the states to start from.
        mask: booleans of shape (batch, time). In steps where it is false, the states and the
            output stay as they are.
        training: passed on to the cell.

    Output shape:
        `(batch, ...)`, or `(batch, time, ...)` with `return_sequences`; with `return_state`, a
        tuple of this and the states.

    Raises:
        ArgumentTypeError: `cell` has no `call` or no `state_size`.
        ShapeError: the cell returns states of other shapes; a mask does not fit; batch sizes of a
            stateful layer differ.

    Example:
        >>> import deepkit
        >>> class Adder(deepkit.layers.Layer):
        ...     state_size = 3
        ...
        ...     def call(self, inputs, states):
        ...         total = states[0] + inputs
        ...         return total, [total]
        >>> layer = deepkit.layers.RNN(Adder(), return_sequences=True)
        >>> layer(deepkit.ops.ones((1, 2, 3))).tolist()
        [[[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]]]
    """

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            StackedRNNCells(cell) if isinstance(cell, list | tuple) else cell,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            zero_output_for_mask=zero_output_for_mask,
            **kwargs,
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "cell": part_config(self.cell)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "RNN":
        """A layer from what `get_config` returned."""
        with registry.optional_scope(custom_objects):
            return super().from_config(config)
