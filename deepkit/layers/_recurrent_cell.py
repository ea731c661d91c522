"""The base of the library's recurrent cells: arguments, weights, dropout and both ways to run."""

import abc
from typing import Any

import jax
import jax.numpy as jnp

from deepkit import activations, constraints, initializers, random, regularizers
from deepkit.layers._arguments import check_positive, check_rate
from deepkit.layers._dropout_keys import mask_keys
from deepkit.layers._layer import Layer
from deepkit.layers._recurrence import CellWeights, DropoutMasks, Recurrence
from deepkit.layers._recurrent_loop import run_sequence, run_sequence_compiled, run_step
from deepkit.tensors import AutocastScope


class RecurrentCell(Layer, abc.ABC):
    """Base of cells with a kernel, a recurrent kernel and a bias, the gates of which lie together.

    Args:
        units: size of the output and of each state.
        activation: of what is new in a step.
        use_bias: whether a bias is added.
        kernel_initializer: of the kernel, of shape (features, gates * units).
        recurrent_initializer: of the recurrent kernel, of shape (units, gates * units).
        bias_initializer: of the bias.
        kernel_regularizer: a penalty on the kernel.
        recurrent_regularizer: a penalty on the recurrent kernel.
        bias_regularizer: a penalty on the bias.
        kernel_constraint: applied to the kernel after each update.
        recurrent_constraint: applied to the recurrent kernel after each update.
        bias_constraint: applied to the bias after each update.
        dropout: the part of the inputs that is dropped in training.
        recurrent_dropout: the part of the state that is dropped in training.
        seed: an integer for the same dropout masks each time the program runs.
    """

    gates = 1

    def __init__(
        self,
        units: int,
        *,
        activation: Any,
        use_bias: bool,
        kernel_initializer: Any,
        recurrent_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: Any,
        recurrent_regularizer: Any,
        bias_regularizer: Any,
        kernel_constraint: Any,
        recurrent_constraint: Any,
        bias_constraint: Any,
        dropout: float,
        recurrent_dropout: float,
        seed: int | None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("implementation", None)  # Keras's choice among forms of the same computation
        super().__init__(**kwargs)
        self.units = check_positive("units", units, self)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = regularizers.get(recurrent_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.recurrent_constraint = constraints.get(recurrent_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.dropout = check_rate("dropout", dropout, self)
        self.recurrent_dropout = check_rate("recurrent_dropout", recurrent_dropout, self)
        self.seed = seed
        self.seed_generator = random.SeedGenerator(seed)

    @property
    def state_size(self) -> Any:
        """The size of the state, or a list of sizes."""
        return self.units

    @property
    def output_size(self) -> int:
        """The size of the output."""
        return self.units

    def get_initial_state(self, batch_size: int | None = None) -> list[jax.Array]:
        """Zeros, for each state an array of shape (batch_size, units)."""
        count = len(self.state_size) if isinstance(self.state_size, list) else 1
        return [jnp.zeros((batch_size, self.units), self.compute_dtype) for _ in range(count)]

    # Weights

    def build(self, input_shape: Any) -> None:
        columns = self.gates * self.units
        self.kernel = self.add_weight(
            name="kernel",
            shape=(input_shape[-1], columns),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.recurrent_kernel = self.add_weight(
            name="recurrent_kernel",
            shape=(self.units, columns),
            initializer=self.recurrent_initializer,
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=self._bias_shape(),
                initializer=self._start_bias,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def _bias_shape(self) -> tuple[int, ...]:
        return (self.gates * self.units,)

    def _start_bias(self, shape: Any, dtype: Any = None) -> jax.Array:
        return self.bias_initializer(shape, dtype=dtype)

    def _read_weights(self) -> CellWeights:
        with AutocastScope(self.compute_dtype):
            bias = None if self.bias is None else self.bias.value
            return CellWeights(self.kernel.value, self.recurrent_kernel.value, bias)

    # Dropout

    @property
    def mask_count(self) -> int:
        """How many dropout masks a call in training draws."""
        return self._masks_each * ((self.dropout > 0) + (self.recurrent_dropout > 0))

    @property
    def _masks_each(self) -> int:
        # With recurrent dropout each gate has masks of its own, as in Keras.
        return self.gates if self.recurrent_dropout else 1

    def _draw_masks(self, batch: int, features: int, training: Any) -> DropoutMasks:
        if not training or not self.mask_count:
            return DropoutMasks()
        keys = mask_keys(self)

        def draw(rate: float, size: int) -> tuple[jax.Array, ...]:
            ones = jnp.ones((batch, size), self.compute_dtype)
            count = self._masks_each if rate else 0
            return tuple(random.dropout(ones, rate, seed=next(keys)) for _ in range(count))

        return DropoutMasks(draw(self.dropout, features), draw(self.recurrent_dropout, self.units))

    # Running

    @abc.abstractmethod
    def _recurrence(self) -> Recurrence:
        """The arithmetic of a step."""

    def call(self, inputs: Any, states: Any, training: Any = False) -> tuple[Any, Any]:
        """One step; the library's layers run all steps of a sequence by `run` instead."""
        is_list = isinstance(states, list | tuple)
        before = tuple(states) if is_list else (states,)
        inputs = jnp.asarray(inputs, self.compute_dtype)
        masks = self._draw_masks(*inputs.shape, training)
        after = run_step(self._recurrence(), self._read_weights(), inputs, before, masks)
        return after[0], list(after) if is_list else after[0]

    @property
    def runs_sequences(self) -> bool:
        """Whether `run` does what `call` does step by step: it does unless `call` was changed."""
        return type(self).call is RecurrentCell.call and self.activity_regularizer is None

    def run(
        self,
        sequence: jax.Array,
        states: list[jax.Array],
        keep: jax.Array | None,
        training: Any,
        **options: bool,
    ) -> tuple[list[jax.Array], jax.Array | None]:
        """All steps of a sequence; see `run_sequence`."""
        sequence = sequence.astype(self.compute_dtype)  # (time, batch, features)
        recurrence = self._recurrence()
        # A function of the user's may read variables, which must not be compiled in.
        is_pure = all(map(_is_builtin, vars(recurrence).values()))
        run = run_sequence_compiled if is_pure else run_sequence
        masks = self._draw_masks(*sequence.shape[1:], training)
        after, outputs = run(
            recurrence, self._read_weights(), sequence, tuple(states), masks, keep, **options
        )
        return list(after), outputs

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "recurrent_initializer": initializers.serialize(self.recurrent_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "recurrent_regularizer": regularizers.serialize(self.recurrent_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "recurrent_constraint": constraints.serialize(self.recurrent_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "seed": self.seed,
        }


def _is_builtin(activation: Any) -> bool:
    name = getattr(activation, "__name__", "")
    return getattr(activations, name, None) is activation
