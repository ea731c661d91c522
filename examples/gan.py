"""A GAN: a `train_step` with a tape and two optimizers, compiled by `fit` like the default one.

Printed are distances from each digit that was made to the closest real one, and the other way.
"""

import numpy as np

import deepkit
from deepkit import layers, ops

cross_entropy = deepkit.losses.BinaryCrossentropy(from_logits=True)


class GAN(deepkit.Model):
    def __init__(self):
        super().__init__()
        self.maker = deepkit.Sequential([layers.Dense(128, "relu"), layers.Dense(64, "sigmoid")])
        self.judge = deepkit.Sequential(
            [layers.Dense(128, "leaky_relu"), layers.Dropout(0.3), layers.Dense(1)]
        )
        self.optimizers = [deepkit.optimizers.Adam(0.001, beta_1=0.5) for _ in range(2)]

    def call(self, noise):
        return self.maker(noise)

    def train_step(self, real):
        with deepkit.GradientTape(persistent=True) as tape:
            made = self.maker(deepkit.random.normal((len(real), 16)))
            on_real, on_made = self.judge(real, training=True), self.judge(made, training=True)
            zeros, ones = ops.zeros_like(on_made), ops.ones_like(on_made)
            judge_loss = cross_entropy(0.9 * ones, on_real) + cross_entropy(zeros, on_made)
            maker_loss = cross_entropy(ones, on_made)
        parts = [(self.judge, judge_loss), (self.maker, maker_loss)]
        for (part, loss), optimizer in zip(parts, self.optimizers):
            variables = part.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        return {"judge": judge_loss, "maker": maker_loss}


deepkit.utils.set_random_seed(0)
(digits, _), _ = deepkit.datasets.digits.load_data()
digits = digits.reshape(-1, 64).astype("float32") / 16
gan = GAN()
gan.compile()
for epochs in (0, 200):
    gan.fit(digits, batch_size=32, epochs=epochs, verbose=0)
    made = gan.predict(deepkit.random.normal((300, 16)), verbose=0)
    gaps = np.linalg.norm(made[:, None] - digits[None], axis=-1)
    nearest, covered = gaps.min(axis=1).mean(), gaps.min(axis=0).mean()
    print(f"{epochs} epochs: made to real {nearest:.2f}, real to made {covered:.2f}")
