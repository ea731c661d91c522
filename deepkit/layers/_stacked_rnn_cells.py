"""StackedRNNCells: several recurrent cells, one upon the other, as one."""

from collections.abc import Iterable
from typing import Any

from deepkit.core import registry, tree
from deepkit.layers._call_signature import call_signature
from deepkit.layers._cell_checks import check_cell, initial_state, output_size, part_config
from deepkit.layers._layer import Layer


class StackedRNNCells(Layer):
    """Several cells as one: each takes the output of the one before as its input.

    `RNN([cell_1, cell_2])` makes one by itself.

    Args:
        cells: recurrent cells; see `RNN`.

    Call arguments:
        inputs: of one time step.
        states: a list of the states of each cell.
        training: passed on to the cells that take it.

    Raises:
        ArgumentTypeError: one of them is no cell.

    Example:
        >>> import deepkit
        >>> cells = [deepkit.layers.LSTMCell(4), deepkit.layers.GRUCell(3)]
        >>> layer = deepkit.layers.RNN(deepkit.layers.StackedRNNCells(cells))
        >>> layer(deepkit.ops.ones((2, 5, 6))).shape
        (2, 3)
    """

    def __init__(self, cells: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cells = [check_cell(cell, f"the layer '{self.name}'") for cell in cells]

    @property
    def state_size(self) -> list[Any]:
        """The state sizes of the cells."""
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> Any:
        """The size of the last cell's output."""
        return output_size(self.cells[-1])

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        """The states that the cells start from."""
        return [initial_state(cell, batch_size, self.compute_dtype) for cell in self.cells]

    def build(self, input_shape: Any) -> None:
        for cell in self.cells:
            build_cell(cell, input_shape)
            input_shape = (input_shape[0], output_size(cell))

    def call(self, inputs: Any, states: Any, training: Any = False) -> tuple[Any, list[Any]]:
        """One step of each cell in turn."""
        after = []
        for cell, state in zip(self.cells, states):
            inputs, new = call_cell(cell, inputs, as_list(state), training)
            after.append(tree.pack_sequence_as(state, tree.flatten(new)))
        return inputs, after

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        cells = [part_config(cell) for cell in self.cells]
        return {**super().get_config(), "cells": cells}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "StackedRNNCells":
        """A layer from what `get_config` returned."""
        with registry.optional_scope(custom_objects):
            return super().from_config(config)


def as_list(states: Any) -> list[Any]:
    """States as the list in which cells expect them."""
    return list(states) if tree.is_nested(states) else [states]


def build_cell(cell: Any, input_shape: Any) -> None:
    """Make the weights of a cell for one time step of this shape, if it is a layer with `build`.

    One without `build` makes them when it is called.
    """
    if isinstance(cell, Layer) and not cell.built and type(cell).build is not Layer.build:
        cell.build(input_shape)


def call_cell(cell: Any, inputs: Any, states: list[Any], training: Any) -> tuple[Any, Any]:
    """One step of any cell, told about `training` if it takes that."""
    call = cell if callable(cell) else cell.call
    takes_training = isinstance(cell, Layer) and call_signature(type(cell).call).takes_training
    return call(inputs, states, training=training) if takes_training else call(inputs, states)
