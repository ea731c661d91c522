"""Parts of nets that several of them share, and losses."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax


def glorot(key: Any, *shape: int) -> jax.Array:
    """A kernel of a dense layer or of a convolution (Glorot and Bengio, 2010)."""
    places = math.prod(shape[:-2])
    limit = math.sqrt(6 / (places * (shape[-2] + shape[-1])))
    return jax.random.uniform(key, shape, minval=-limit, maxval=limit)


def dense_init(key: Any, inputs: int, outputs: int) -> tuple[jax.Array, jax.Array]:
    """A kernel and a bias."""
    return glorot(key, inputs, outputs), jnp.zeros(outputs)


def dense(x: Any, kernel: Any, bias: Any) -> Any:
    """A product and a sum, in the dtype of the inputs."""
    return x @ kernel.astype(x.dtype) + bias.astype(x.dtype)


def convolve(x: Any, kernel: Any, strides: int = 1, padding: str = "SAME") -> Any:
    """A convolution of images, channels last, in the dtype of the images."""
    return lax.conv_general_dilated(
        x,
        kernel.astype(x.dtype),
        (strides, strides),
        padding,
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )


def max_pool(x: Any, size: int = 2, strides: int = 2, padding: str = "VALID") -> Any:
    """The maximum of windows."""
    window, steps = (1, size, size, 1), (1, strides, strides, 1)
    lowest = np.array(-np.inf, x.dtype)
    return lax.reduce_window(x, lowest, lax.max, window, steps, padding)


def batch_normalize(x: Any, params: Any, moving: Any) -> tuple[Any, Any]:
    """Batch normalization in training; moments in float32, in one pass over the inputs."""
    gamma, beta = params
    wide = x.astype("float32")
    mean = jnp.mean(wide, axis=(0, 1, 2))
    variance = jnp.maximum(jnp.mean(wide * wide, axis=(0, 1, 2)) - mean * mean, 0)
    factor = gamma * lax.rsqrt(variance + 1e-3)
    moving = tuple(0.99 * old + 0.01 * new for old, new in zip(moving, (mean, variance)))
    return (wide * factor + (beta - mean * factor)).astype(x.dtype), moving


def layer_normalize(x: Any, gamma: Any, beta: Any) -> Any:
    """Layer normalization; moments in float32."""
    wide = x.astype("float32")
    mean = jnp.mean(wide, axis=-1, keepdims=True)
    variance = jnp.mean(jnp.square(wide - mean), axis=-1, keepdims=True)
    return ((wide - mean) * lax.rsqrt(variance + 1e-3) * gamma + beta).astype(x.dtype)


def crossentropy(logits: Any, y: Any) -> tuple[Any, Any]:
    """The mean crossentropy of classes, and the accuracy."""
    logits = logits.astype("float32")
    chosen = jnp.take_along_axis(logits, y[..., None], axis=-1)[..., 0]
    loss = jnp.mean(jax.nn.logsumexp(logits, axis=-1) - chosen)
    return loss, jnp.mean((jnp.argmax(logits, axis=-1) == y).astype("float32"))
