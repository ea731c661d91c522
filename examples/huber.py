"""A loss and a streaming metric of one's own, saved with the model and found again."""

import tempfile

import numpy as np

import deepkit
from deepkit import layers, ops


def huber(error, threshold):
    linear = threshold * ops.abs(error) - threshold**2 / 2
    return ops.where(ops.abs(error) < threshold, ops.square(error) / 2, linear)


class HuberLoss(deepkit.losses.Loss):
    def __init__(self, threshold=1.0, **kwargs):
        super().__init__(**kwargs)
        self.threshold = threshold

    def call(self, y_true, y_pred):
        return huber(y_true - y_pred, self.threshold)

    def get_config(self):
        return {**super().get_config(), "threshold": self.threshold}


class HuberMetric(deepkit.metrics.Metric):
    def __init__(self, threshold=1.0, **kwargs):
        super().__init__(**kwargs)
        self.threshold = threshold
        self.total = self.add_weight("total", initializer="zeros")
        self.count = self.add_weight("count", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.total.assign_add(ops.sum(huber(y_true - y_pred, self.threshold)))
        self.count.assign_add(float(y_true.size))

    def result(self):
        return self.total / self.count


deepkit.utils.set_random_seed(0)
rng = np.random.default_rng(0)
x = rng.normal(size=(2000, 4)).astype("float32")
y = np.sin(2 * x[:, :1]) + x[:, 1:2] * x[:, 2:3] + 0.1 * rng.standard_cauchy((2000, 1))
model = deepkit.Sequential([layers.Dense(64, "relu"), layers.Dense(64, "relu"), layers.Dense(1)])
model.compile("nadam", loss=HuberLoss(1.0), metrics=[HuberMetric(2.0, name="huber")])
model.fit(x[:1600], y[:1600], epochs=30, verbose=0)

own = {"HuberLoss": HuberLoss, "HuberMetric": HuberMetric}
with tempfile.TemporaryDirectory() as folder:
    model.save(f"{folder}/huber.keras")
    loaded = deepkit.models.load_model(f"{folder}/huber.keras", custom_objects=own)
print("Before saving:", model.evaluate(x[1600:], y[1600:], verbose=0, return_dict=True))
print("After loading:", loaded.evaluate(x[1600:], y[1600:], verbose=0, return_dict=True))
