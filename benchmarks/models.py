"""The models and data of the benchmarks, in the part of the API that Keras and deepkit share."""

import numpy as np


def tab(k):
    """A small dense net for a table: 8 → 30 → 1."""
    model = k.Sequential([k.Input((8,)), *_two_dense(k, 30, 1)])
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return model


def mlp(k):
    """784 → 128 → 10 with accuracy."""
    return _classifier(k, k.Sequential([k.Input((784,)), *_two_dense(k, 128, 10)]))


def _two_dense(k, hidden, outputs):
    dense = k.layers.Dense
    return dense(hidden, activation="relu", name="hidden"), dense(outputs, name="outputs")


def cnn(k, dropout=0.5):
    """Two convolutions with pooling on 28×28×1."""
    layers = k.layers
    model = k.Sequential(
        [
            k.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu", name="conv1"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu", name="conv2"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(dropout),
            layers.Dense(10, name="outputs"),
        ]
    )
    return _classifier(k, model)


def convnet(k, blocks=1, size=32):
    """A residual net on 32×32×3 with batch normalization, widths 32 to 128."""
    inputs = k.Input((size, size, 3))
    x = _conv(k, inputs, "stem", 3, 32)
    for width in (32, 64, 128):
        for block in range(blocks):
            name = f"block{width}_{block}"
            strides = 2 if width > 32 and block == 0 else 1
            short = x
            x = _conv(k, x, f"{name}_conv1", 3, width, strides)
            x = k.layers.ReLU()(_norm(k, x, f"{name}_norm1"))
            x = _conv(k, x, f"{name}_conv2", 3, width)
            x = _norm(k, x, f"{name}_norm2")
            if short.shape[-1] != width:
                short = _conv(k, short, f"{name}_short", 1, width, strides)
            x = k.layers.ReLU()(k.layers.Add()([x, short]))
    return _classifier(k, k.Model(inputs, _classes(k, x, 10)))


def resnet50(k, size=224, width=64, blocks=(3, 4, 6, 3), classes=1000):
    """ResNet-50 (He et al., 2015), with strides in the 3×3 convolutions."""
    inputs = k.Input((size, size, 3))
    x = _conv(k, inputs, "stem", 7, width, 2)
    x = k.layers.ReLU()(_norm(k, x, "stem_norm"))
    x = k.layers.MaxPooling2D(3, 2, padding="same")(x)
    for stage, count in enumerate(blocks):
        for block in range(count):
            strides = 2 if stage > 0 and block == 0 else 1
            x = _bottleneck(k, x, f"stage{stage}_{block}", width * 2**stage, strides)
    return _classifier(k, k.Model(inputs, _classes(k, x, classes)))


def _bottleneck(k, x, name, filters, strides):
    short = x
    x = _conv(k, x, f"{name}_conv1", 1, filters)
    x = k.layers.ReLU()(_norm(k, x, f"{name}_norm1"))
    x = _conv(k, x, f"{name}_conv2", 3, filters, strides)
    x = k.layers.ReLU()(_norm(k, x, f"{name}_norm2"))
    x = _conv(k, x, f"{name}_conv3", 1, 4 * filters)
    x = _norm(k, x, f"{name}_norm3")
    if short.shape[-1] != 4 * filters:
        short = _conv(k, short, f"{name}_short", 1, 4 * filters, strides)
        short = _norm(k, short, f"{name}_short_norm")
    return k.layers.ReLU()(k.layers.Add()([x, short]))


def _conv(k, x, name, size, filters, strides=1):
    layer = k.layers.Conv2D(filters, size, strides, padding="same", use_bias=False, name=name)
    return layer(x)


def _norm(k, x, name):
    return k.layers.BatchNormalization(name=name)(x)


def _classes(k, x, count):
    x = k.layers.Dense(count, name="outputs")(k.layers.GlobalAveragePooling2D()(x))
    return k.layers.Activation("linear", dtype="float32")(x)


def lstm(k):
    """64 steps of 32 numbers into an LSTM of 64 units."""
    outputs = k.layers.Dense(1, name="outputs")
    model = k.Sequential([k.Input((64, 32)), k.layers.LSTM(64, name="lstm"), outputs])
    model.compile(optimizer="adam", loss="mse")
    return model


def transformer(k, width=128, tokens=64, vocabulary=1000):
    """Two causal blocks of width 128 over 64 tokens of 1000 kinds."""
    inputs = k.Input((tokens,), dtype="int32")
    x = k.layers.Embedding(vocabulary, width, name="embedding")(inputs)
    for i in range(2):
        x = _block(k, x, f"block{i}", width, 4)
    return _classifier(k, k.Model(inputs, k.layers.Dense(vocabulary, name="outputs")(x)))


def decoder(k, depth=12, width=768, heads=12, vocabulary=50304, tokens=1024):
    """A decoder of GPT-2's size (Radford et al., 2019): one table embeds and gives logits."""
    table = _vocabulary(k, vocabulary, tokens, width)
    inputs = k.Input((tokens,), dtype="int32")
    x = table(inputs)
    for i in range(depth):
        x = _block(k, x, f"block{i}", width, heads)
    x = table(k.layers.LayerNormalization(name="norm")(x), logits=True)
    return _classifier(k, k.Model(inputs, k.layers.Activation("linear", dtype="float32")(x)))


def _block(k, x, name, width, heads):
    layers = k.layers
    normed = layers.LayerNormalization(name=f"{name}_norm1")(x)
    attention = layers.MultiHeadAttention(heads, width // heads, name=f"{name}_attention")
    x = layers.Add()([x, attention(normed, normed, use_causal_mask=True)])
    normed = layers.LayerNormalization(name=f"{name}_norm2")(x)
    hidden = layers.Dense(4 * width, activation="gelu", name=f"{name}_hidden")(normed)
    return layers.Add()([x, layers.Dense(width, name=f"{name}_outputs")(hidden)])


def _vocabulary(k, size, tokens, width):
    class Vocabulary(k.layers.Layer):
        """Embeds tokens and their places; the same table gives logits."""

        def build(self, input_shape):
            normal = k.initializers.RandomNormal(stddev=0.02, seed=0)
            self.table = self.add_weight(shape=(size, width), initializer=normal, name="table")
            self.places = self.add_weight(shape=(tokens, width), initializer=normal, name="places")

        def call(self, x, logits=False):
            if logits:
                return k.ops.matmul(x, k.ops.transpose(self.table))
            return k.ops.take(self.table, x, axis=0) + self.places

    return Vocabulary(name="vocabulary")


def wide(k, width=5000):
    """25 million weights."""
    return k.Sequential([k.Input((width,)), k.layers.Dense(width, use_bias=False)])


def _classifier(k, model):
    loss = k.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    return model


def data(name, rows, size=32):
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
    shape = {"mlp": (784,), "cnn": (28, 28, 1)}.get(name, (size, size, 3))
    # Not `normal`, whose float64 would be the peak of the memory that is measured.
    x = generator.standard_normal((rows, *shape), dtype="float32")
    return x, generator.integers(0, 10, rows).astype("int32")
