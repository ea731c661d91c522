"""A subclassed model: a block with a shortcut, reused, and a loss for rebuilding the inputs."""

import numpy as np

import deepkit
from deepkit import layers, ops


class ResidualBlock(layers.Layer):
    def __init__(self, n_layers, n_neurons, **kwargs):
        super().__init__(**kwargs)
        self.hidden = [
            layers.Dense(n_neurons, activation="relu", kernel_initializer="he_normal")
            for _ in range(n_layers)
        ]

    def call(self, inputs):
        Z = inputs
        for layer in self.hidden:
            Z = layer(Z)
        return inputs + Z


class ResidualRegressor(deepkit.Model):
    def __init__(self, output_dim, **kwargs):
        super().__init__(**kwargs)
        self.hidden = layers.Dense(30, activation="relu")
        self.block1 = ResidualBlock(2, 30)
        self.block2 = ResidualBlock(2, 30)
        self.out = layers.Dense(output_dim)
        self.reconstruction_mean = deepkit.metrics.Mean(name="reconstruction_error")

    def build(self, batch_input_shape):
        self.reconstruct = layers.Dense(batch_input_shape[-1])
        super().build(batch_input_shape)

    def call(self, inputs, training=False):
        Z = self.hidden(inputs)
        for _ in range(3):
            Z = self.block1(Z)  # the same weights three times
        Z = self.block2(Z)
        reconstruction_error = ops.mean(ops.square(self.reconstruct(Z) - inputs))
        self.add_loss(0.05 * reconstruction_error)
        if training:
            self.reconstruction_mean(reconstruction_error)
        return self.out(Z)


deepkit.utils.set_random_seed(0)
rng = np.random.default_rng(0)
x = rng.normal(size=(3000, 6)).astype("float32")
y = np.sin(x[:, :1]) * x[:, 1:2] + 0.5 * x[:, 2:3] ** 2
model = ResidualRegressor(1)
model.compile(optimizer="adam", loss="mse")
history = model.fit(x, y, epochs=15, validation_split=0.2, verbose=0).history
model.summary()
for name, values in history.items():
    print(f"{name}: {values[0]:.3f} in the first epoch, {values[-1]:.3f} in the last")
