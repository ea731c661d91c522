"""A variational autoencoder: `add_loss` inside of a layer, and a loop by hand that counts it.

The layer that draws codes adds what they tell about the image. `model.losses` holds that in a loop
by hand, eagerly or in a `deepkit.function`, as in `fit`.
"""

import numpy as np

import deepkit
from deepkit import layers, ops

deepkit.utils.set_random_seed(0)
CODE = 6  # numbers that stand for an image of 64


class Sampling(layers.Layer):
    """Draws a code from the normal distribution that it is given mean and log variance of."""

    def call(self, inputs):
        mean, log_variance = inputs
        # The Kullback-Leibler divergence from the standard normal distribution.
        divergence = (ops.square(mean) + ops.exp(log_variance) - 1 - log_variance) / 2
        self.add_loss(ops.mean(ops.sum(divergence, axis=-1)))
        noise = deepkit.random.normal(mean.shape)
        return mean + ops.exp(log_variance / 2) * noise


inputs = deepkit.Input((64,))
hidden = layers.Dense(128, "relu")(inputs)
mean, log_variance = layers.Dense(CODE)(hidden), layers.Dense(CODE)(hidden)
encoder = deepkit.Model(inputs, [mean, log_variance, Sampling()([mean, log_variance])])
decoder = deepkit.Sequential(
    [deepkit.Input((CODE,)), layers.Dense(128, "relu"), layers.Dense(64, "sigmoid")]
)
vae = deepkit.Model(inputs, decoder(encoder(inputs)[2]))
optimizer = deepkit.optimizers.Adam(0.002)
means = [deepkit.metrics.Mean(name=name) for name in ("reconstruction", "divergence")]


def reconstruction(x, y):
    return 64 * deepkit.losses.BinaryCrossentropy()(x, y)


@deepkit.function
def step(x):
    with deepkit.GradientTape() as tape:
        error = reconstruction(x, vae(x, training=True))
        (divergence,) = vae.losses
        loss = error + divergence
    variables = vae.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
    for metric, value in zip(means, (error, divergence)):
        metric.update_state(value)


(x_train, _), (x_test, y_test) = deepkit.datasets.digits.load_data()
x_train, x_test = (x.reshape(-1, 64).astype("float32") / 16 for x in (x_train, x_test))
for epoch in range(1, 61):
    order = np.random.permutation(len(x_train))
    for start in range(0, len(order) - 63, 64):
        step(x_train[order[start : start + 64]])
    if epoch in (1, 20, 60):
        print(
            f"epoch {epoch}:", {metric.name: round(float(metric.result()), 2) for metric in means}
        )
    for metric in means:
        metric.reset_state()
blind = float(reconstruction(x_test, np.broadcast_to(x_train.mean(axis=0), x_test.shape)))
print(f"Error on new digits {float(reconstruction(x_test, vae(x_test))):.2f}, ", end="")
print(f"of the mean digit {blind:.2f}")
codes = np.asarray(encoder(x_test)[0])
gaps = np.linalg.norm(codes[:, None] - codes[None], axis=-1) + 1e9 * np.eye(len(codes))
print(f"Neighbours of the same class {np.mean(y_test == y_test[gaps.argmin(axis=1)]):.2f}")
