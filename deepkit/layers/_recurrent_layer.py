"""The base of recurrent layers: states, masks, order and form of the outputs around a cell."""

import abc
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core import naming, tree
from deepkit.core.errors import ArgumentError, ShapeError, StateError
from deepkit.layers._cell_checks import check_cell, initial_state
from deepkit.layers._cell_loop import run_cell
from deepkit.layers._layer import Layer
from deepkit.layers._stacked_rnn_cells import as_list, build_cell
from deepkit.tensors import Variable, cast_floats


class RecurrentLayer(Layer, abc.ABC):
    """Base of layers that step a cell through the second axis of their inputs.

    Args:
        cell: the cell.
        return_sequences: whether to return the outputs of all steps instead of the last one's.
        return_state: whether to return the last states too.
        go_backwards: whether to start at the end; outputs come in the order in which they are made.
        stateful: whether a call starts from the states at the end of the call before.
        unroll: whether to compile each step for itself.
        zero_output_for_mask: whether outputs of masked steps are 0 instead of those before them.
    """

    def __init__(
        self,
        cell: Any,
        *,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        time_major = kwargs.pop("time_major", False)
        super().__init__(**kwargs)
        if time_major:
            raise ArgumentError(
                f"Expected inputs of shape (batch, time, features) for {self._owner()}; "
                f"`time_major=True` is no longer offered. Swap the first two axes with "
                f"`ops.swapaxes(x, 0, 1)`."
            )
        self.cell = check_cell(cell, self._owner())
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.zero_output_for_mask = zero_output_for_mask
        self.supports_masking = True
        self._keep_variables(None)

    def _owner(self) -> str:
        return f"the layer '{self.name}' ({type(self).__name__})"

    @property
    def state_size(self) -> list[Any]:
        """The sizes of the states, in a list."""
        size = self.cell.state_size
        return list(size) if isinstance(size, list | tuple) else [size]

    # States

    @property
    def states(self) -> Any:
        """The variables that keep the states of a stateful layer between calls, or `None`."""
        return self._state_variables

    def _keep_variables(self, variables: Any) -> None:
        # Past the bookkeeping of attributes: states are neither weights nor saved.
        object.__setattr__(self, "_state_variables", variables)

    def _passing_variables(self) -> list[Variable]:
        own = [v for v in tree.flatten(self.states) if v is not None]
        return [*super()._passing_variables(), *own]

    def get_initial_state(self, batch_size: int) -> list[Any]:
        """The states that a call starts from if it is given none."""
        dtype = getattr(self.cell, "compute_dtype", self.compute_dtype)
        return as_list(initial_state(self.cell, batch_size, dtype))

    def reset_state(self, states: Any = None) -> None:
        """Let the next call of a stateful layer start anew.

        Args:
            states: arrays to start from; the initial state if `None`.

        Raises:
            StateError: the layer is not stateful, or not built.
            ArgumentError: the number of states is wrong.
        """
        if self.states is None:
            raise StateError(
                f"Expected a stateful layer that was called before in `reset_state`, but "
                f"{self._owner()} has `stateful={self.stateful}` and no states yet."
            )
        variables = tree.flatten(self.states)
        if states is None:
            states = self.get_initial_state(variables[0].shape[0])
        for variable, value in zip(variables, self._flat_states(states)):
            variable.assign(value)

    reset_states = reset_state

    def _flat_states(self, states: Any) -> list[Any]:
        flat, count = tree.flatten(states), len(tree.flatten(self.state_size))
        if len(flat) != count:
            raise ArgumentError(
                f"Expected {count} state{'s' * (count != 1)} for {self._owner()}, one for each of "
                f"the sizes {self.state_size}, received {len(flat)}."
            )
        return flat

    # Building

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        build_cell(self.cell, (sequences_shape[0], *sequences_shape[2:]))
        if self.stateful and self.states is None:
            self._make_states(sequences_shape)
        inside = self.cell._flatten_layers() if isinstance(self.cell, Layer) else []
        if not all(layer.built for layer in inside):
            self._build_by_call((self._symbols(sequences_shape),), {})

    def _make_states(self, sequences_shape: Any) -> None:
        if sequences_shape[0] is None:
            raise ShapeError(
                f"Expected a known batch size for {self._owner()}, because it is stateful, "
                f"received the shape {tuple(sequences_shape)}. Use "
                f"`Input(batch_shape=(batch, time, features))`."
            )

        def variable(value: jax.Array) -> Variable:
            dtype = self.variable_dtype if _is_float(value) else value.dtype.name
            return Variable(value, dtype=dtype, trainable=False, name="rnn_state")

        with naming.name_scope(self.name, caller=self):
            start = self.get_initial_state(sequences_shape[0])
            self._keep_variables(tree.map_structure(variable, start))

    # Calling

    def __call__(self, sequences: Any, *args: Any, **kwargs: Any) -> Any:
        sequences, args, kwargs = split_states(sequences, args, kwargs)
        return super().__call__(sequences, *args, **kwargs)

    def call(
        self, sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = False
    ) -> Any:
        sequence = jnp.swapaxes(sequences, 0, 1)  # (time, batch, ...)
        keep = self._time_major_mask(mask, sequences.shape)
        states = self._start(initial_state, sequences.shape[0])
        outputs, last, states = run_cell(
            self.cell,
            sequence,
            states,
            keep,
            training,
            reverse=self.go_backwards,
            unroll=self.unroll,
            stack=self.return_sequences,
        )
        states = tree.map_structure(lambda s: cast_floats(s, self.compute_dtype), states)
        if self.stateful:
            for variable, value in zip(tree.flatten(self.states), tree.flatten(states)):
                variable.assign(value)
        output = self._returned(outputs, last, keep)
        return (output, *states) if self.return_state else output

    def _start(self, given: Any, batch: int) -> list[Any]:
        """The states at the start, in the form in which the cell has them."""
        if self.stateful:
            self._check_batch(batch)
        start = self.get_initial_state(batch)
        if given is None and self.stateful:
            given = tree.map_structure(lambda variable: variable.value, self.states)
        if given is not None:
            start = tree.pack_sequence_as(start, self._flat_states(given))
        dtype = getattr(self.cell, "compute_dtype", self.compute_dtype)
        return tree.map_structure(lambda s: cast_floats(jnp.asarray(s), dtype), start)

    def _check_batch(self, batch: int) -> None:
        expected = tree.flatten(self.states)[0].shape[0]
        if batch != expected:
            raise ShapeError(
                f"Expected batches of {expected} samples in {self._owner()}, because it is "
                f"stateful and was built for them, received {batch}."
            )

    def _time_major_mask(self, mask: Any, shape: tuple[int, ...]) -> jax.Array | None:
        if tree.is_nested(mask):
            mask = tree.flatten(mask)[0]
        if mask is None:
            return None
        if mask.ndim == 3 and mask.shape[-1] == 1:
            mask = mask[..., 0]
        if tuple(mask.shape) != tuple(shape[:2]):
            raise ShapeError(
                f"Expected a mask of shape {tuple(shape[:2])}, (batch, time), in {self._owner()}, "
                f"received shape {tuple(mask.shape)}."
            )
        return jnp.swapaxes(mask, 0, 1).astype(bool)  # (time, batch)

    def _returned(self, outputs: Any, last: jax.Array, keep: jax.Array | None) -> jax.Array:
        """All outputs, batch-major and in the order in which they were made, or the last one."""
        backwards = self.go_backwards
        if not self.return_sequences:
            if keep is not None:
                keep = keep[0 if backwards else -1]
            return self._zero_masked(last, keep).astype(self.compute_dtype)
        outputs = self._zero_masked(outputs, keep).astype(self.compute_dtype)
        outputs = jnp.flip(outputs, axis=0) if backwards else outputs
        return jnp.swapaxes(outputs, 0, 1)  # (batch, time, ...)

    def _zero_masked(self, outputs: jax.Array, keep: jax.Array | None) -> jax.Array:
        if keep is None or not self.zero_output_for_mask:
            return outputs
        keep = keep.reshape(keep.shape + (1,) * (outputs.ndim - keep.ndim))
        return jnp.where(keep, outputs, jnp.zeros((), outputs.dtype))

    def compute_mask(self, sequences: Any, previous_mask: Any) -> Any:
        """The mask of the inputs for outputs that have a time axis, none for states."""
        mask = tree.flatten(previous_mask)[0] if self.return_sequences else None
        if not self.return_state:
            return mask
        return [mask, *(None for _ in tree.flatten(self.state_size))]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, but the cell."""
        return {
            **super().get_config(),
            "return_sequences": self.return_sequences,
            "return_state": self.return_state,
            "go_backwards": self.go_backwards,
            "stateful": self.stateful,
            "unroll": self.unroll,
            "zero_output_for_mask": self.zero_output_for_mask,
        }


def split_states(
    sequences: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    """The arguments of a call with `[sequences, *states]`, Keras 2's form, taken apart."""
    given = args[0] if args else kwargs.get("initial_state")
    if not isinstance(sequences, list | tuple) or given is not None:
        return sequences, args, kwargs
    states = list(sequences[1:]) or None
    return sequences[0], args[1:], {**kwargs, "initial_state": states}


def _is_float(value: jax.Array) -> bool:
    return bool(jnp.issubdtype(value.dtype, jnp.floating))
