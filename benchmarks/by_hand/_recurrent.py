"""The LSTM (Hochreiter and Schmidhuber, 1997)."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from ._layers import dense, dense_init, glorot
from ._training import Net


def lstm(features: int = 32, units: int = 64) -> Net:
    """Steps of some numbers into an LSTM, and one number out."""

    def init(key: Any) -> tuple[Any, Any]:
        keys = jax.random.split(key, 3)
        bias = jnp.zeros(4 * units).at[units : 2 * units].set(1)
        kernels = glorot(keys[0], features, 4 * units), glorot(keys[1], units, 4 * units)
        return {"lstm": (*kernels, bias), "outputs": dense_init(keys[2], units, 1)}, {}

    def loss(params: Any, moving: Any, key: Any, x: Any, y: Any) -> Any:
        outputs = dense(last_output(x, *params["lstm"]), *params["outputs"])
        return jnp.mean((outputs - y) ** 2), (moving, ())

    return Net(init, loss)


def last_output(x: Any, kernel: Any, recurrent_kernel: Any, bias: Any) -> Any:
    """The output of the last step; all inputs are projected at once before the loop."""
    projected = jnp.swapaxes(x, 0, 1) @ kernel + bias  # (time, batch, 4 * units)

    def step(carry: Any, inputs: Any) -> tuple[Any, None]:
        h, c = carry
        i, f, g, o = jnp.split(inputs + h @ recurrent_kernel, 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

    zeros = jnp.zeros((x.shape[0], recurrent_kernel.shape[0]))
    (h, _), _ = lax.scan(step, (zeros, zeros), projected)
    return h
