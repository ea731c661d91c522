"""Causal transformers (Vaswani et al., 2017), in the pre-normalized form."""

from typing import Any

import jax
import jax.numpy as jnp

from ._layers import crossentropy, dense, dense_init, glorot, layer_normalize
from ._training import Net


def transformer(width: int = 128, tokens: int = 64, vocabulary: int = 1000) -> Net:
    """Two causal blocks."""

    def init(key: Any) -> tuple[Any, Any]:
        keys = jax.random.split(key, 4)
        params = {
            "embedding": (jax.random.uniform(keys[0], (vocabulary, width), float, -0.05, 0.05),),
            "outputs": dense_init(keys[1], width, vocabulary),
        }
        for i in range(2):
            params |= _block_init(keys[2 + i], f"block{i}", width, 4)
        return params, {}

    def loss(params: Any, moving: Any, key: Any, x: Any, y: Any) -> Any:
        x = params["embedding"][0][x]
        for i in range(2):
            x = _block(params, f"block{i}", x)
        value, accuracy = crossentropy(dense(x, *params["outputs"]), y)
        return value, (moving, (accuracy,))

    return Net(init, loss)


def decoder(
    depth: int = 12,
    width: int = 768,
    heads: int = 12,
    vocabulary: int = 50304,
    tokens: int = 1024,
    dtype: str = "float32",
    attention: str | None = None,
) -> Net:
    """The decoder of GPT-2's size (Radford et al., 2019): one table embeds and gives logits."""

    def init(key: Any) -> tuple[Any, Any]:
        keys = jax.random.split(key, depth + 2)
        tables = [
            0.02 * jax.random.normal(k, (rows, width))
            for k, rows in zip(keys, (vocabulary, tokens))
        ]
        params = {"vocabulary": tuple(tables), "norm": (jnp.ones(width), jnp.zeros(width))}
        for i in range(depth):
            params |= _block_init(keys[2 + i], f"block{i}", width, heads)
        return params, {}

    def loss(params: Any, moving: Any, key: Any, x: Any, y: Any) -> Any:
        table, places = (array.astype(dtype) for array in params["vocabulary"])
        x = table[x] + places
        for i in range(depth):
            x = _block(params, f"block{i}", x, attention)
        value, accuracy = crossentropy(layer_normalize(x, *params["norm"]) @ table.T, y)
        return value, (moving, (accuracy,))

    return Net(init, loss)


def _block_init(key: Any, name: str, width: int, heads: int) -> dict[str, Any]:
    keys = jax.random.split(key, 4)
    one, zero = jnp.ones(width), jnp.zeros(width)
    depth = width // heads
    return {
        f"{name}_norm1": (one, zero),
        f"{name}_attention": (
            glorot(keys[0], width, 3 * width).reshape(width, 3, heads, depth),
            jnp.zeros((3, heads, depth)),
            glorot(keys[1], width, width).reshape(heads, depth, width),
            zero,
        ),
        f"{name}_norm2": (one, zero),
        f"{name}_hidden": dense_init(keys[2], width, 4 * width),
        f"{name}_outputs": dense_init(keys[3], 4 * width, width),
    }


def _block(params: Any, name: str, x: Any, attention: str | None = None) -> Any:
    normed = layer_normalize(x, *params[f"{name}_norm1"])
    x = x + _attend(normed, *params[f"{name}_attention"], attention)
    normed = layer_normalize(x, *params[f"{name}_norm2"])
    hidden = jax.nn.gelu(dense(normed, *params[f"{name}_hidden"]), approximate=False)
    return x + dense(hidden, *params[f"{name}_outputs"])


def _attend(
    x: Any, kernel: Any, bias: Any, outputs: Any, outputs_bias: Any, attention: str | None
) -> Any:
    """Queries, keys and values by one product, and a fused kernel where the device has one."""
    _, three, heads, depth = kernel.shape
    flat = dense(x, kernel.reshape(len(kernel), -1), bias.reshape(-1))
    query, key, value = jnp.moveaxis(flat.reshape(*x.shape[:2], three, heads, depth), 2, 0)
    attended = jax.nn.dot_product_attention(
        query, key, value, is_causal=True, implementation=attention
    )
    attended = attended.reshape(*x.shape[:2], heads * depth)
    return dense(attended, outputs.reshape(heads * depth, -1), outputs_bias)
