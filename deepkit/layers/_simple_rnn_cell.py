"""SimpleRNNCell: the plain recurrent cell."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from deepkit import activations
from deepkit.layers._recurrence import Arrays, Recurrence, UnitwiseRecurrence
from deepkit.layers._recurrent_cell import RecurrentCell


@dataclasses.dataclass(frozen=True)
class _SimpleRecurrence(Recurrence):
    activation: Callable[..., Any]

    def combine(self, z: jax.Array, states: Arrays, rest: Any) -> Arrays:
        return (self.activation(z),)


@dataclasses.dataclass(frozen=True)
class _TanhRecurrence(UnitwiseRecurrence):
    def combine_and_keep(self, z: jax.Array, states: Arrays) -> tuple[Arrays, Arrays]:
        after = jnp.tanh(z)
        return (after,), (after,)

    def slopes(self, kept: Arrays) -> Arrays:
        (after,) = kept
        return (1 - after * after,)

    def push(self, slopes: Arrays, d_z: jax.Array, d_states: Arrays) -> Arrays:
        return (slopes[0] * d_z,)


class SimpleRNNCell(RecurrentCell):
    """One step of a `SimpleRNN`.

    `h_t = activation(x_t @ kernel + h_{t-1} @ recurrent_kernel + bias)`
    (Elman, 1990, Cognitive Science 14).

    Args:
        units: size of the output, which is the state too.
        activation: a function or its name.
        use_bias: whether a bias is added.
        kernel_initializer: of the kernel, of shape (features, units).
        recurrent_initializer: of the recurrent kernel, of shape (units, units).
        bias_initializer: of the bias, of shape (units,).
        kernel_regularizer: a penalty on the kernel.
        recurrent_regularizer: a penalty on the recurrent kernel.
        bias_regularizer: a penalty on the bias.
        kernel_constraint: applied to the kernel after each update.
        recurrent_constraint: applied to the recurrent kernel after each update.
        bias_constraint: applied to the bias after each update.
        dropout: the part of the inputs that is dropped in training, from 0 to 1.
        recurrent_dropout: the part of the state that is dropped in training, from 0 to 1.
        seed: an integer for the same dropout masks each time the program runs.

    Call arguments:
        inputs: of shape (batch, features).
        states: of shape (batch, units), or a list with it.
        training: whether to drop. A layer uses the same masks in all steps of a sequence; by
            itself, each call of the cell draws new ones.

    Raises:
        ArgumentError: `units` is no integer of at least 1, or a rate is not from 0 to 1.

    Example:
        >>> import deepkit
        >>> cell = deepkit.layers.SimpleRNNCell(3)
        >>> output, states = cell(deepkit.ops.ones((2, 4)), cell.get_initial_state(2))
        >>> output.shape
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
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
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
            **kwargs,
        )

    def _recurrence(self) -> Recurrence:
        if self.activation is activations.tanh:
            return _TanhRecurrence()
        return _SimpleRecurrence(self.activation)
