"""A callback that moves the learning rate at each step: 1cycle, beside a rate that stays."""

import numpy as np

import deepkit
from deepkit import layers


class OneCycle(deepkit.callbacks.Callback):
    """The rate rises to its maximum until half time, falls back, and ends close to zero."""

    def __init__(self, steps, max_rate):
        super().__init__()
        places = [0, 0.45 * steps, 0.9 * steps, steps]
        self.rates = np.interp(
            np.arange(steps), places, [max_rate / 10, max_rate, max_rate / 10, max_rate / 1e4]
        )
        self.step = 0

    def on_train_batch_begin(self, batch, logs=None):
        self.model.optimizer.learning_rate = self.rates[self.step]
        self.step += 1


def train(callbacks):
    deepkit.utils.set_random_seed(0)
    model = deepkit.Sequential(
        [
            deepkit.Input((8, 8)),
            layers.Flatten(),
            layers.Rescaling(1 / 16),
            layers.Dense(100, activation="selu", kernel_initializer="lecun_normal"),
            layers.Dense(100, activation="selu", kernel_initializer="lecun_normal"),
            layers.AlphaDropout(0.1),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        optimizer=deepkit.optimizers.SGD(0.01, momentum=0.9),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(x_train, y_train, epochs=10, callbacks=callbacks, verbose=0)
    return model.evaluate(x_test, y_test, verbose=0, return_dict=True)


(x_train, y_train), (x_test, y_test) = deepkit.datasets.digits.load_data()
print("A rate that stays:", train([]))
print("1cycle:           ", train([OneCycle(10 * -(-len(x_train) // 32), max_rate=0.1)]))
