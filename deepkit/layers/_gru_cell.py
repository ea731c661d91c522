"""GRUCell: gated recurrent unit."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from deepkit import activations
from deepkit.layers._recurrence import (
    Arrays,
    CellWeights,
    Recurrence,
    UnitwiseRecurrence,
    acts_as_usual,
    blockwise_product,
)
from deepkit.layers._recurrent_cell import RecurrentCell


@dataclasses.dataclass(frozen=True)
class _ResetAfter(Recurrence):
    """The reset gate acts on the candidate's product with the state."""

    activation: Callable[..., Any]
    recurrent_activation: Callable[..., Any]

    def project(self, inputs: jax.Array, weights: CellWeights, masks: Arrays) -> jax.Array:
        return _project_for_reset_after(inputs, weights, masks)

    def combine(self, z: jax.Array, states: Arrays, rest: Any) -> Arrays:
        (h,) = states
        z, r, inside, candidate = jnp.split(z, 4, axis=-1)
        z, r = self.recurrent_activation(z), self.recurrent_activation(r)
        candidate = self.activation(candidate + r * inside)
        return (z * h + (1 - z) * candidate,)


@dataclasses.dataclass(frozen=True)
class _UsualResetAfter(UnitwiseRecurrence):
    """The same with `tanh` and `sigmoid`."""

    def project(self, inputs: jax.Array, weights: CellWeights, masks: Arrays) -> jax.Array:
        return _project_for_reset_after(inputs, weights, masks)

    def combine_and_keep(self, z: jax.Array, states: Arrays) -> tuple[Arrays, Arrays]:
        (h,) = states
        gates, inside, candidate = jnp.split(z, [2 * h.shape[-1], 3 * h.shape[-1]], axis=-1)
        gates = jnp.tanh(gates * 0.5) * 0.5 + 0.5
        z, r = jnp.split(gates, 2, axis=-1)
        candidate = jnp.tanh(candidate + r * inside)
        return (z * h + (1 - z) * candidate,), (gates, inside, candidate, h)

    def slopes(self, kept: Arrays) -> Arrays:
        gates, inside, candidate, h = kept
        z, r = jnp.split(gates, 2, axis=-1)
        of_candidate = (1 - z) * (1 - candidate * candidate)
        of_reset = of_candidate * inside * r * (1 - r)
        of_z = ((h - candidate) * z * (1 - z), of_reset, of_candidate * r, of_candidate)
        return jnp.concatenate(of_z, axis=-1), z

    def push(self, slopes: Arrays, d_z: jax.Array, d_states: Arrays) -> Arrays:
        of_z, of_state = slopes
        (d_h,) = d_states
        z, r, inside, candidate = jnp.split(of_z * d_z, 4, axis=-1)
        return (of_state * d_h + z + r + inside + candidate,)


def _project_for_reset_after(inputs: jax.Array, weights: CellWeights, masks: Arrays) -> jax.Array:
    """Four columns: both gates, what joins the candidate's product, the candidate."""
    x = blockwise_product(inputs, weights.kernel, masks)
    units = x.shape[-1] // 3
    inside = jnp.zeros((units,), x.dtype)
    if weights.bias is not None:
        x = x + weights.bias[0]
        gates, inside = jnp.split(weights.bias[1], [2 * units])
        x = jnp.concatenate([x[..., : 2 * units] + gates, x[..., 2 * units :]], axis=-1)
    inside = jnp.broadcast_to(inside, (*x.shape[:-1], units))
    return jnp.concatenate([x[..., : 2 * units], inside, x[..., 2 * units :]], axis=-1)


@dataclasses.dataclass(frozen=True)
class _ResetBefore(Recurrence):
    """The reset gate acts on the state before the candidate's product."""

    activation: Callable[..., Any]
    recurrent_activation: Callable[..., Any]

    def recurrent_parts(self, weights: CellWeights, masks: Arrays) -> tuple[jax.Array, Arrays, Any]:
        kernel = weights.recurrent_kernel
        units = kernel.shape[0]
        return kernel[:, : 2 * units], masks[:2], (kernel[:, 2 * units :], masks[2:])

    def combine(self, z: jax.Array, states: Arrays, rest: Any) -> Arrays:
        (h,), (kernel, masks) = states, rest
        z, r, candidate = jnp.split(z, 3, axis=-1)
        z, r = self.recurrent_activation(z), self.recurrent_activation(r)
        candidate = self.activation(candidate + blockwise_product(r * h, kernel, masks))
        return (z * h + (1 - z) * candidate,)


class GRUCell(RecurrentCell):
    """One step of a `GRU`.

    With gates `z` and `r`, both `s(x_t @ W + h_{t-1} @ R + b)` with their parts of the kernels:
    `h_t = z * h_{t-1} + (1 - z) * a(x_t @ W_h + b_h + r * (h_{t-1} @ R_h + c_h))`, where `a` is
    `activation` and `s` is `recurrent_activation`. Without `reset_after`, the last product is
    `(r * h_{t-1}) @ R_h`, as in the paper (Cho et al., 2014, arXiv:1406.1078).

    Args:
        units: size of the output, which is the state too.
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
        kernel_constraint: applied to the kernel after each update.
        recurrent_constraint: applied to the recurrent kernel after each update.
        bias_constraint: applied to the biases after each update.
        dropout: the part of the inputs that is dropped in training, from 0 to 1.
        recurrent_dropout: the part of the state that is dropped in training, from 0 to 1.
        reset_after: whether the reset gate acts after the product with the state; faster.
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
        >>> cell = deepkit.layers.GRUCell(3)
        >>> output, states = cell(deepkit.ops.ones((2, 4)), cell.get_initial_state(2))
        >>> output.shape
        (2, 3)
    """

    gates = 3

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
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        reset_after: bool = True,
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
        self.reset_after = reset_after

    def _bias_shape(self) -> tuple[int, ...]:
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def _recurrence(self) -> Recurrence:
        functions = self.activation, self.recurrent_activation
        if not self.reset_after:
            return _ResetBefore(*functions)
        return _UsualResetAfter() if acts_as_usual(*functions) else _ResetAfter(*functions)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "reset_after": self.reset_after,
        }
