"""LSTMCell: long short-term memory."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from deepkit import activations
from deepkit.layers._recurrence import (
    Arrays,
    Recurrence,
    UnitwiseRecurrence,
    acts_as_usual,
)
from deepkit.layers._recurrent_cell import RecurrentCell
from deepkit.ops._constants import maker_of


@dataclasses.dataclass(frozen=True)
class _LSTMRecurrence(Recurrence):
    activation: Callable[..., Any]
    recurrent_activation: Callable[..., Any]

    def combine(self, z: jax.Array, states: Arrays, rest: Any) -> Arrays:
        _, carry = states
        i, f, g, o = jnp.split(z, 4, axis=-1)
        i, f, o = map(self.recurrent_activation, (i, f, o))
        carry = f * carry + i * self.activation(g)
        return o * self.activation(carry), carry


@dataclasses.dataclass(frozen=True)
class _UsualRecurrence(UnitwiseRecurrence):
    """With `tanh` and `sigmoid`."""

    def combine_and_keep(self, z: jax.Array, states: Arrays) -> tuple[Arrays, Arrays]:
        _, carry = states
        gates = _activate_gates(z)
        i, f, g, o = jnp.split(gates, 4, axis=-1)
        after = f * carry + i * g
        shown = jnp.tanh(after)
        return (o * shown, after), (gates, carry, shown)

    def slopes(self, kept: Arrays) -> Arrays:
        gates, carry, shown = kept
        i, f, g, o = jnp.split(gates, 4, axis=-1)
        of_z = (g * i * (1 - i), carry * f * (1 - f), i * (1 - g * g), shown * o * (1 - o))
        return jnp.concatenate(of_z, axis=-1), f, o * (1 - shown * shown)

    def push(self, slopes: Arrays, d_z: jax.Array, d_states: Arrays) -> Arrays:
        of_z, of_carry, of_output = slopes
        _, d_carry = d_states
        i, f, g, o = jnp.split(of_z * d_z, 4, axis=-1)
        d_carry = of_carry * d_carry + i + f + g
        return of_output * d_carry + o, d_carry


def _activate_gates(z: jax.Array) -> jax.Array:
    """`tanh` of the candidate and `sigmoid(x) = tanh(x / 2) / 2 + 1 / 2` of the gates, as one."""
    xp = maker_of(z.shape[-1])
    scale = xp.repeat(xp.asarray([0.5, 0.5, 1.0, 0.5], z.dtype), z.shape[-1] // 4)
    shift = xp.where(scale == 1, 0, 0.5).astype(z.dtype)
    return jnp.tanh(z * scale) * scale + shift


class LSTMCell(RecurrentCell):
    """One step of an `LSTM`.

    With `z = x_t @ kernel + h_{t-1} @ recurrent_kernel + bias`, split into `z_i, z_f, z_c, z_o`:
    `c_t = s(z_f) * c_{t-1} + s(z_i) * a(z_c)` and `h_t = s(z_o) * a(c_t)`, where `a` is
    `activation` and `s` is `recurrent_activation`
    (Hochreiter and Schmidhuber, 1997, Neural Computation 9; forget gate by Gers et al., 2000).

    Args:
        units: size of the output and of both states, `h` and `c`.
        activation: of what is written to and read from the carry.
        recurrent_activation: of the input, forget and output gates.
        use_bias: whether a bias is added.
        kernel_initializer: of the kernel, of shape (features, 4 * units).
        recurrent_initializer: of the recurrent kernel, of shape (units, 4 * units).
        bias_initializer: of the bias, of shape (4 * units,).
        unit_forget_bias: whether the forget gate's bias starts at 1, so that the cell remembers
            at first (Jozefowicz et al., 2015, ICML).
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
        states: the list `[h, c]`, of shape (batch, units) each.
        training: whether to drop. A layer uses the same masks in all steps of a sequence; by
            itself, each call of the cell draws new ones.

    Raises:
        ArgumentError: `units` is no integer of at least 1, or a rate is not from 0 to 1.

    Example:
        >>> import deepkit
        >>> cell = deepkit.layers.LSTMCell(3)
        >>> output, (h, c) = cell(deepkit.ops.ones((2, 4)), cell.get_initial_state(2))
        >>> output.shape, c.shape
        ((2, 3), (2, 3))
    """

    gates = 4

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
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias

    @property
    def state_size(self) -> list[int]:
        """The sizes of `h` and `c`."""
        return [self.units, self.units]

    def _start_bias(self, shape: Any, dtype: Any = None) -> jax.Array:
        if not self.unit_forget_bias:
            return super()._start_bias(shape, dtype)
        parts = [
            super()._start_bias((self.units,), dtype),
            jnp.ones((self.units,), dtype),
            super()._start_bias((2 * self.units,), dtype),
        ]
        return jnp.concatenate(parts)

    def _recurrence(self) -> Recurrence:
        if acts_as_usual(self.activation, self.recurrent_activation):
            return _UsualRecurrence()
        return _LSTMRecurrence(self.activation, self.recurrent_activation)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "unit_forget_bias": self.unit_forget_bias,
        }
