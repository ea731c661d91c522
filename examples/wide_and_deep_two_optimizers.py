"""A wide and deep model whose two parts learn by optimizers of their own."""

import numpy as np

import deepkit
from deepkit import layers


class WideAndDeep(deepkit.Model):
    """A linear part and a deep one, whose outputs are added."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.wide = layers.Dense(1)
        self.deep = deepkit.Sequential(
            [layers.Dense(30, "relu"), layers.Dense(30, "relu"), layers.Dense(1)]
        )

    def call(self, inputs):
        wide, deep = inputs
        return self.wide(wide) + self.deep(deep)

    def compile(self, wide_optimizer, deep_optimizer, **kwargs):
        super().compile(**kwargs)
        self.wide_optimizer, self.deep_optimizer = wide_optimizer, deep_optimizer

    def train_step(self, data):
        x, y = data
        parts = (self.wide.trainable_variables, self.deep.trainable_variables)
        with deepkit.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(x, y, y_pred)
        of_wide, of_deep = tape.gradient(loss, parts)
        self.wide_optimizer.apply_gradients(zip(of_wide, parts[0]))
        self.deep_optimizer.apply_gradients(zip(of_deep, parts[1]))
        return {**self.compute_metrics(x, y, y_pred), "loss": loss}


deepkit.utils.set_random_seed(0)
rng = np.random.default_rng(0)
x = rng.normal(size=(4000, 8)).astype("float32")
y = (x[:, 0] - 2 * x[:, 1] + np.cos(2 * x[:, 6]) * x[:, 7])[:, None]
inputs = (x[:, :5], x[:, 2:])
model = WideAndDeep()
model.compile(
    # As in the paper, https://arxiv.org/abs/1606.07792
    wide_optimizer=deepkit.optimizers.Ftrl(0.1, l1_regularization_strength=0.01),
    deep_optimizer=deepkit.optimizers.Adam(0.003),
    loss="mse",
    metrics=[deepkit.metrics.R2Score()],
)
history = model.fit(inputs, y, epochs=20, validation_split=0.2, verbose=0).history
print({name: round(values[-1], 3) for name, values in history.items()})
first, second = (float(weight) for weight in model.wide.kernel[:2, 0])
print(f"Weights of what only the wide part sees: {first:.2f} and {second:.2f}")
