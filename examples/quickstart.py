"""Train a model with parts of your own on handwritten digits, save it, load it elsewhere, use it.

python examples/quickstart.py [folder for what it writes]
"""

import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

import deepkit
from deepkit import layers, ops


class Residual(layers.Layer):
    """A dense layer whose input is added to its output."""

    def __init__(self, activation="relu", **kwargs):
        super().__init__(**kwargs)
        self.activation = deepkit.activations.get(activation)

    def build(self, input_shape):
        size = input_shape[-1]
        self.kernel = self.add_weight("kernel", shape=(size, size), initializer="he_normal")
        self.bias = self.add_weight("bias", shape=(size,), initializer="zeros")

    def call(self, x):
        return x + self.activation(x @ self.kernel + self.bias)


class SmoothedCrossentropy(deepkit.losses.Loss):
    """Cross-entropy with integer labels of which a part is spread over all classes."""

    def __init__(self, smoothing=0.05, **kwargs):
        super().__init__(**kwargs)
        self.smoothing = smoothing

    def call(self, y_true, y_pred):
        classes = y_pred.shape[-1]
        target = ops.one_hot(y_true, classes)
        target = target * (1 - self.smoothing) + self.smoothing / classes
        return -ops.sum(target * ops.log_softmax(y_pred), axis=-1)

    def get_config(self):
        return {**super().get_config(), "smoothing": self.smoothing}


class Confidence(deepkit.metrics.Metric):
    """The mean probability that the model gives to the right class, over all batches so far."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.total = self.add_weight("total", initializer="zeros")
        self.count = self.add_weight("count", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        right = ops.one_hot(y_true, y_pred.shape[-1]) * ops.softmax(y_pred)
        self.total.assign_add(ops.sum(right))
        self.count.assign_add(float(y_pred.shape[0]))

    def result(self):
        return self.total / ops.maximum(self.count, 1.0)


CUSTOM_OBJECTS = {
    "Residual": Residual,
    "SmoothedCrossentropy": SmoothedCrossentropy,
    "Confidence": Confidence,
}


def load_digits():
    (x_train, y_train), (x_test, y_test) = deepkit.datasets.digits.load_data()
    return (x_train.reshape(-1, 64), y_train), (x_test.reshape(-1, 64), y_test)


def train(path, curves):
    deepkit.utils.set_random_seed(1)
    (x_train, y_train), (x_test, y_test) = load_digits()
    model = deepkit.Sequential(
        [
            deepkit.Input((64,)),
            layers.Rescaling(1 / 16),
            layers.Dense(128, activation="relu"),
            Residual(),
            layers.Dropout(0.2),
            layers.Dense(10),
        ]
    )
    model.compile(optimizer="adam", loss=SmoothedCrossentropy(), metrics=["accuracy", Confidence()])
    model.summary()
    history = model.fit(
        x_train, y_train, epochs=40, batch_size=64, validation_data=(x_test, y_test)
    )
    draw(history.history, curves)
    model.save(path)


def draw(history, path):
    try:
        import matplotlib
    except ImportError:
        print("matplotlib is not installed, so no learning curves are drawn.")
        return
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    for axis, name in zip(axes, ("loss", "accuracy")):
        axis.plot(history[name], label="training")
        axis.plot(history[f"val_{name}"], label="test")
        axis.set(xlabel="epoch", ylabel=name)
        axis.grid(alpha=0.3)
    axes[0].legend()
    figure.savefig(path, dpi=120)
    print(f"Learning curves: {path}")


def evaluate(path):
    model = deepkit.models.load_model(path, custom_objects=CUSTOM_OBJECTS)
    _, (x_test, y_test) = load_digits()
    results = model.evaluate(x_test, y_test, verbose=0, return_dict=True)
    guesses = np.argmax(model.predict(x_test[:10], verbose=0), axis=-1)
    print(f"Loaded from {path.name} in a new process: {results}")
    print(f"First ten digits: {y_test[:10].tolist()}, predicted: {guesses.tolist()}")
    assert results["accuracy"] > 0.97, results


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--evaluate":
        evaluate(pathlib.Path(sys.argv[2]))
        return
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    path = folder / "digits.h5"
    train(path, folder / "learning_curves.png")
    subprocess.run([sys.executable, __file__, "--evaluate", str(path)], check=True)
    print(f"Everything took {time.perf_counter() - start:.1f} s. Files are in {folder}.")


if __name__ == "__main__":
    main()
