"""Bidirectional: a recurrent layer from the start and one from the end."""

from typing import Any

import jax.numpy as jnp

from deepkit.core import registry, tree
from deepkit.core.errors import ArgumentError, ArgumentTypeError, StateError
from deepkit.layers._arguments import check_choice
from deepkit.layers._call_signature import call_signature
from deepkit.layers._cell_checks import part_config
from deepkit.layers._layer import Layer
from deepkit.layers._recurrent_layer import split_states

_MERGES = {
    "concat": lambda ahead, back: jnp.concatenate([ahead, back], axis=-1),
    "sum": lambda ahead, back: ahead + back,
    "ave": lambda ahead, back: (ahead + back) / 2,
    "mul": lambda ahead, back: ahead * back,
    None: lambda ahead, back: (ahead, back),
}
_SHARED = ("stateful", "return_sequences", "return_state")


class Bidirectional(Layer):
    """Read a sequence from its start and from its end, with two layers of the same kind.

    The outputs of both are put together, step by step where there are sequences of them
    (Schuster and Paliwal, 1997, IEEE Transactions on Signal Processing 45). Outputs of masked steps
    are 0 then.

    Args:
        layer: a recurrent layer; both directions are made from its config, with new weights. Any
            other layer will do that takes sequences and has `go_backwards`, `return_sequences`,
            `return_state` and `stateful`.
        merge_mode: how outputs are put together: `"concat"`, `"sum"`, `"mul"`, `"ave"` (their
            mean), or `None` for both of them.
        weights: first weights, in the order of `get_weights()`.
        backward_layer: the layer that reads from the end, if it is to differ; used as it is.

    Call arguments:
        sequences: of shape (batch, time, ...).
        initial_state: a list of the states to start from, the forward layer's first.
        mask: booleans of shape (batch, time).
        training: passed on.

    Output shape:
        That of the layer, with its last axis twice as long for `"concat"`; with `return_state`, a
        tuple of this and the states, the forward layer's first.

    Raises:
        ArgumentTypeError: one of the layers is none, or is no recurrent one.
        ArgumentError: `merge_mode` is none of the above, or the layers do not fit one another.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.Bidirectional(deepkit.layers.LSTM(3, return_sequences=True))
        >>> layer(deepkit.ops.ones((2, 5, 4))).shape
        (2, 5, 6)
    """

    def __init__(
        self,
        layer: Any,
        merge_mode: str | None = "concat",
        weights: Any = None,
        backward_layer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._check_layer("layer", layer)
        self.merge_mode = check_choice("merge_mode", merge_mode, tuple(_MERGES), self)
        self.forward_layer = _copy(layer, "forward_")
        if backward_layer is None:
            self.backward_layer = _copy(layer, "backward_", go_backwards=True)
        else:
            self._check_layer("backward_layer", backward_layer)
            self.backward_layer = backward_layer
        self._check_pair()
        for direction in (self.forward_layer, self.backward_layer):
            if hasattr(direction, "zero_output_for_mask"):
                direction.zero_output_for_mask = direction.return_sequences
        self._first_weights = None if weights is None else _Weights(weights)
        self.stateful = layer.stateful
        self.return_sequences = layer.return_sequences
        self.return_state = layer.return_state
        self.supports_masking = True
        self.input_spec = layer.input_spec

    def _owner(self) -> str:
        return f"the layer '{self.name}' (Bidirectional)"

    def _check_layer(self, argument: str, layer: Any) -> None:
        missing = [name for name in ("go_backwards", *_SHARED) if not hasattr(layer, name)]
        if not isinstance(layer, Layer) or missing:
            raise ArgumentTypeError(
                f"Expected `{argument}` of {self._owner()} to be a recurrent layer, such as "
                f"LSTM(...) or RNN(cell), received {layer!r}, which "
                + (f"has no `{missing[0]}`." if isinstance(layer, Layer) else "is no layer.")
            )

    def _check_pair(self) -> None:
        ahead, back = self.forward_layer, self.backward_layer
        if ahead.go_backwards == back.go_backwards:
            raise ArgumentError(
                f"Expected the layers of {self._owner()} to differ in `go_backwards`, but both "
                f"have `go_backwards={ahead.go_backwards}`."
            )
        for name in _SHARED:
            values = getattr(ahead, name), getattr(back, name)
            if values[0] != values[1]:
                raise ArgumentError(
                    f"Expected both layers of {self._owner()} to have the same `{name}`, received "
                    f"{values[0]} forward and {values[1]} backward."
                )

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer.build(sequences_shape)
        if self._first_weights is not None:
            self.set_weights(self._first_weights.values)

    def __call__(self, sequences: Any, *args: Any, **kwargs: Any) -> Any:
        sequences, args, kwargs = split_states(sequences, args, kwargs)
        return super().__call__(sequences, *args, **kwargs)

    def call(
        self, sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = None
    ) -> Any:
        half = 0 if initial_state is None else len(initial_state) // 2
        starts = (initial_state[:half], initial_state[half:]) if half else (None, None)
        directions = (self.forward_layer, self.backward_layer)
        results = [
            self._run_direction(layer, sequences, start, mask, training)
            for layer, start in zip(directions, starts)
        ]
        states = [state for _, own in results for state in own]
        outputs = [output.astype(self.compute_dtype) for output, _ in results]
        if self.return_sequences:
            outputs = [
                jnp.flip(output, axis=1) if layer.go_backwards else output
                for layer, output in zip(directions, outputs)
            ]
        merged = _MERGES[self.merge_mode](*outputs)
        if not self.return_state:
            return merged
        return (*merged, *states) if self.merge_mode is None else (merged, *states)

    def _run_direction(
        self, layer: Layer, sequences: Any, start: Any, mask: Any, training: Any
    ) -> tuple[Any, list[Any]]:
        """The output of one direction, and its states."""
        takes = call_signature(type(layer).call)
        options = {"initial_state": start} if start is not None else {}
        if takes.takes_training:
            options["training"] = training
        if takes.takes_mask:
            options["mask"] = mask
        result = layer(sequences, **options)
        return (result[0], list(result[1:])) if self.return_state else (result, [])

    @property
    def states(self) -> Any:
        """The states of stateful layers, the forward one's first, or `None`."""
        ahead, back = self.forward_layer.states, self.backward_layer.states
        return None if ahead is None or back is None else (*ahead, *back)

    def reset_state(self) -> None:
        """Let the next call of stateful layers start anew.

        Raises:
            StateError: the layers are not stateful.
        """
        if not self.stateful:
            raise StateError(f"Expected stateful layers in `reset_state` of {self._owner()}.")
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    reset_states = reset_state

    def compute_mask(self, sequences: Any, previous_mask: Any) -> Any:
        """The mask of the inputs for outputs that have a time axis, none for states."""
        mask = tree.flatten(previous_mask)[0] if self.return_sequences else None
        masks = [mask, mask] if self.merge_mode is None else [mask]
        if self.return_state:
            masks += [None] * 2 * len(tree.flatten(self.forward_layer.state_size))
        return masks if len(masks) > 1 else mask

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "merge_mode": self.merge_mode,
            "layer": part_config(self.forward_layer),
            "backward_layer": part_config(self.backward_layer),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "Bidirectional":
        """A layer from what `get_config` returned."""
        with registry.optional_scope(custom_objects):
            return super().from_config(config)


class _Weights:
    """First weights, out of sight of the bookkeeping of layers."""

    def __init__(self, values: Any) -> None:
        self.values = list(values)


def _copy(layer: Any, prefix: str, **changes: Any) -> Any:
    """A new layer from the config of one, with a prefix to its name and other changes."""
    classes = {type(part) for part in layer._flatten_layers()}
    own = {c.__name__: c for c in classes if registry.public_module(c) is None}
    name = f"{prefix}{layer.name.removeprefix(prefix)}"
    with registry.optional_scope(own):
        return type(layer).from_config({**layer.get_config(), **changes, "name": name})
