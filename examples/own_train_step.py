"""A training step of one's own: learn from inputs that are moved to where the loss is larger."""

import jax
import numpy as np

import deepkit
from deepkit import layers, ops


class Robust(deepkit.Model):
    def __init__(self, radius, **kwargs):
        super().__init__(**kwargs)
        self.radius = radius
        self.hidden = layers.Dense(100, activation="relu")
        self.scores = layers.Dense(10)

    def call(self, inputs):
        return self.scores(self.hidden(inputs))

    def attack(self, x, y, radius):
        """The inputs, each moved by `radius` in the direction that raises the loss most."""
        uphill = jax.grad(lambda x: self.compute_loss(y=y, y_pred=self(x, training=False)))(x)
        return x + radius * ops.sign(uphill)

    def train_step(self, data):
        x, y = data
        return super().train_step((self.attack(x, y, self.radius), y))


(x_train, y_train), (x_test, y_test) = deepkit.datasets.digits.load_data()
x_train, x_test = (x.reshape(-1, 64).astype("float32") / 16 for x in (x_train, x_test))
for radius in (0.0, 0.1):
    deepkit.utils.set_random_seed(0)
    model = Robust(radius)
    loss = deepkit.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=20, verbose=0)
    clean = model.evaluate(x_test, y_test, verbose=0, return_dict=True)["accuracy"]
    scores = model.predict(model.attack(x_test, y_test, 0.1), verbose=0)
    attacked = np.mean(np.argmax(scores, axis=-1) == y_test)
    print(f"Trained at radius {radius}: accuracy {clean:.3f}, under attack {attacked:.3f}")
