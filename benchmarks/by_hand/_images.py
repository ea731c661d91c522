"""Convolutional nets."""

from typing import Any

import jax
import jax.numpy as jnp

from ._layers import batch_normalize, convolve, crossentropy, dense, dense_init, glorot, max_pool
from ._training import Net


def cnn(dropout: float = 0.5) -> Net:
    """Two convolutions with pooling and dropout on 28×28×1."""

    def init(key: Any) -> tuple[Any, Any]:
        keys = jax.random.split(key, 3)
        layers = {
            "conv1": (glorot(keys[0], 3, 3, 1, 32), jnp.zeros(32)),
            "conv2": (glorot(keys[1], 3, 3, 32, 64), jnp.zeros(64)),
            "outputs": dense_init(keys[2], 1600, 10),
        }
        return layers, {}

    def loss(params: Any, moving: Any, key: Any, x: Any, y: Any) -> Any:
        for name in ("conv1", "conv2"):
            kernel, bias = params[name]
            x = max_pool(jax.nn.relu(convolve(x, kernel, padding="VALID") + bias))
        x = x.reshape(len(x), -1)
        kept = jax.random.bernoulli(key, 1 - dropout, x.shape)
        x = jnp.where(kept, x / (1 - dropout), 0)
        value, accuracy = crossentropy(dense(x, *params["outputs"]), y)
        return value, (moving, (accuracy,))

    return Net(init, loss, scanned=False)


class _Weights:
    """The weights of a net with batch normalization: made if there is a key, else used.

    Layers are named, so that the same few lines say which weights there are and what they do.
    """

    def __init__(self, params: Any, moving: Any, key: Any = None) -> None:
        self.params, self.moving, self._key = params, moving, key

    def convolve(self, x: Any, name: str, size: int, filters: int, strides: int = 1) -> Any:
        """A convolution without a bias."""
        if self._key is not None:
            self._key, used = jax.random.split(self._key)
            self.params[name] = (glorot(used, size, size, x.shape[-1], filters),)
        return convolve(x, *self.params[name], strides=strides)

    def normalize(self, x: Any, name: str) -> Any:
        """Batch normalization."""
        if self._key is not None:
            one, zero = jnp.ones(x.shape[-1]), jnp.zeros(x.shape[-1])
            self.params[name], self.moving[name] = (one, zero), (zero, one)
            return x
        x, moving = batch_normalize(x, self.params[name], self.moving[name])
        self.moving = {**self.moving, name: moving}
        return x

    def classify(self, x: Any, classes: int) -> Any:
        """Logits from the means of the channels."""
        x = jnp.mean(x, axis=(1, 2))
        if self._key is not None:
            self.params["outputs"] = dense_init(self._key, x.shape[-1], classes)
        return dense(x, *self.params["outputs"])


def _classifier(forward: Any, size: int, dtype: str) -> Net:
    def init(key: Any) -> tuple[Any, Any]:
        weights = _Weights({}, {}, key)
        forward(weights, jnp.zeros((1, size, size, 3)))
        return weights.params, weights.moving

    def loss(params: Any, moving: Any, key: Any, x: Any, y: Any) -> Any:
        weights = _Weights(params, moving)
        value, accuracy = crossentropy(forward(weights, x.astype(dtype)), y)
        return value, (weights.moving, (accuracy,))

    return Net(init, loss, scanned=False)


def convnet(blocks: int = 1, size: int = 32) -> Net:
    """A residual net with widths 32 to 128."""

    def forward(net: _Weights, x: Any) -> Any:
        x = net.convolve(x, "stem", 3, 32)
        for width in (32, 64, 128):
            for block in range(blocks):
                name = f"block{width}_{block}"
                strides = 2 if width > 32 and block == 0 else 1
                short = x
                x = net.convolve(x, f"{name}_conv1", 3, width, strides)
                x = jax.nn.relu(net.normalize(x, f"{name}_norm1"))
                x = net.convolve(x, f"{name}_conv2", 3, width)
                x = net.normalize(x, f"{name}_norm2")
                if short.shape[-1] != width:
                    short = net.convolve(short, f"{name}_short", 1, width, strides)
                x = jax.nn.relu(x + short)
        return net.classify(x, 10)

    return _classifier(forward, size, "float32")


def resnet50(
    size: int = 224,
    width: int = 64,
    blocks: tuple[int, ...] = (3, 4, 6, 3),
    classes: int = 1000,
    dtype: str = "float32",
) -> Net:
    """ResNet-50 (He et al., 2015), with strides in the 3×3 convolutions."""

    def forward(net: _Weights, x: Any) -> Any:
        x = net.convolve(x, "stem", 7, width, 2)
        x = jax.nn.relu(net.normalize(x, "stem_norm"))
        x = max_pool(x, 3, 2, "SAME")
        for stage, count in enumerate(blocks):
            for block in range(count):
                strides = 2 if stage > 0 and block == 0 else 1
                x = bottleneck(net, x, f"stage{stage}_{block}", width * 2**stage, strides)
        return net.classify(x, classes)

    def bottleneck(net: _Weights, x: Any, name: str, filters: int, strides: int) -> Any:
        short = x
        x = net.convolve(x, f"{name}_conv1", 1, filters)
        x = jax.nn.relu(net.normalize(x, f"{name}_norm1"))
        x = net.convolve(x, f"{name}_conv2", 3, filters, strides)
        x = jax.nn.relu(net.normalize(x, f"{name}_norm2"))
        x = net.convolve(x, f"{name}_conv3", 1, 4 * filters)
        x = net.normalize(x, f"{name}_norm3")
        if short.shape[-1] != 4 * filters:
            short = net.convolve(short, f"{name}_short", 1, 4 * filters, strides)
            short = net.normalize(short, f"{name}_short_norm")
        return jax.nn.relu(x + short)

    return _classifier(forward, size, dtype)
