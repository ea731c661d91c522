"""The models and data of the benchmarks, in the part of the API that Keras and deepkit share."""

import numpy as np


def tab(k):
    """A small dense net for a table: 8 → 30 → 1."""
    model = k.Sequential([k.Input((8,)), k.layers.Dense(30, activation="relu"), k.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return model


def mlp(k):
    """784 → 128 → 10 with accuracy."""
    model = k.Sequential(
        [k.Input((784,)), k.layers.Dense(128, activation="relu"), k.layers.Dense(10)]
    )
    return _classifier(k, model)


def cnn(k):
    """Two convolutions with pooling on 28×28×1."""
    layers = k.layers
    model = k.Sequential(
        [
            k.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10),
        ]
    )
    return _classifier(k, model)


def convnet(k, blocks=1, size=32):
    """A residual net on 32×32×3 with batch normalization, widths 32 to 128."""
    layers = k.layers
    inputs = k.Input((size, size, 3))
    x = layers.Conv2D(32, 3, padding="same", use_bias=False)(inputs)
    for width in (32, 64, 128):
        for block in range(blocks):
            strides = 2 if width > 32 and block == 0 else 1
            short = x
            x = layers.Conv2D(width, 3, strides=strides, padding="same", use_bias=False)(x)
            x = layers.ReLU()(layers.BatchNormalization()(x))
            x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
            x = layers.BatchNormalization()(x)
            if short.shape[-1] != width:
                short = layers.Conv2D(width, 1, strides=strides, use_bias=False)(short)
            x = layers.ReLU()(layers.Add()([x, short]))
    outputs = layers.Dense(10)(layers.GlobalAveragePooling2D()(x))
    return _classifier(k, k.Model(inputs, outputs))


def deep_convnet(k):
    """The same with 24 convolutions."""
    return convnet(k, blocks=3)


def lstm(k):
    """64 steps of 32 numbers into an LSTM of 64 units."""
    model = k.Sequential([k.Input((64, 32)), k.layers.LSTM(64), k.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    return model


def transformer(k, width=128, tokens=64, vocabulary=1000):
    """Two causal blocks of width 128 over 64 tokens of 1000 kinds."""
    layers = k.layers
    inputs = k.Input((tokens,), dtype="int32")
    x = layers.Embedding(vocabulary, width)(inputs)
    for _ in range(2):
        normed = layers.LayerNormalization()(x)
        attended = layers.MultiHeadAttention(4, width // 4)(normed, normed, use_causal_mask=True)
        x = layers.Add()([x, attended])
        hidden = layers.Dense(4 * width, activation="gelu")(layers.LayerNormalization()(x))
        x = layers.Add()([x, layers.Dense(width)(hidden)])
    return _classifier(k, k.Model(inputs, layers.Dense(vocabulary)(x)))


def wide(k):
    """25 million weights."""
    return k.Sequential([k.Input((5000,)), k.layers.Dense(5000, use_bias=False)])


def _classifier(k, model):
    loss = k.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    return model


def data(name, rows):
    """Random inputs and targets for a model."""
    generator = np.random.default_rng(0)
    if name == "tab":
        x = generator.normal(size=(rows, 8)).astype("float32")
        return x, x.sum(axis=1, keepdims=True)
    if name == "lstm":
        x = generator.normal(size=(rows, 64, 32)).astype("float32")
        return x, x.mean(axis=(1, 2))[:, None]
    if name == "transformer":
        tokens = generator.integers(0, 1000, (rows, 65)).astype("int32")
        return tokens[:, :-1], tokens[:, 1:]
    shape = {"mlp": (784,), "cnn": (28, 28, 1)}.get(name, (32, 32, 3))
    # Not `normal`, whose float64 would be the peak of the memory that is measured.
    x = generator.standard_normal((rows, *shape), dtype="float32")
    return x, generator.integers(0, 10, rows).astype("int32")
