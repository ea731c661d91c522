"""The small dense nets."""

from typing import Any

import jax
import jax.numpy as jnp

from ._layers import crossentropy, dense, dense_init
from ._training import Net


def tab() -> Net:
    """8 → 30 → 1 with the mean squared error, and the mean absolute one as metric."""

    def loss(params: Any, moving: Any, key: Any, x: Any, y: Any) -> Any:
        error = _outputs(params, x) - y
        return jnp.mean(error**2), (moving, (jnp.mean(jnp.abs(error)),))

    return Net(_init(8, 30, 1), loss)


def mlp() -> Net:
    """784 → 128 → 10 with accuracy."""

    def loss(params: Any, moving: Any, key: Any, x: Any, y: Any) -> Any:
        value, accuracy = crossentropy(_outputs(params, x), y)
        return value, (moving, (accuracy,))

    return Net(_init(784, 128, 10), loss)


def _init(inputs: int, hidden: int, outputs: int) -> Any:
    def init(key: Any) -> tuple[Any, Any]:
        keys = jax.random.split(key)
        layers = {
            "hidden": dense_init(keys[0], inputs, hidden),
            "outputs": dense_init(keys[1], hidden, outputs),
        }
        return layers, {}

    return init


def _outputs(params: Any, x: Any) -> Any:
    return dense(jax.nn.relu(dense(x, *params["hidden"])), *params["outputs"])
