"""Metrics that stream over batches: `Precision`, and Huber metrics of one's own."""

import numpy as np
import pytest

import deepkit
from deepkit import ops
from tests.programs.data import regression
from tests.programs.running import assert_goes_through_files


def create_huber(threshold=1.0):
    def huber_fn(y_true, y_pred):
        error = y_true - y_pred
        is_small = ops.abs(error) < threshold
        linear = threshold * ops.abs(error) - threshold**2 / 2
        return ops.where(is_small, ops.square(error) / 2, linear)

    return huber_fn


class HuberMetric(deepkit.metrics.Metric):
    def __init__(self, threshold=1.0, **kwargs):
        super().__init__(**kwargs)
        self.threshold = threshold
        self.huber_fn = create_huber(threshold)
        self.total = self.add_weight("total", initializer="zeros")
        self.count = self.add_weight("count", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        sample_metrics = self.huber_fn(y_true, y_pred)
        self.total.assign_add(ops.sum(sample_metrics))
        self.count.assign_add(ops.cast(ops.size(y_true), "float32"))

    def result(self):
        return self.total / self.count

    def get_config(self):
        return {**super().get_config(), "threshold": self.threshold}


class MeanHuber(deepkit.metrics.Mean):
    def __init__(self, threshold=1.0, name="MeanHuber", dtype=None):
        self.threshold = threshold
        self.huber_fn = create_huber(threshold)
        super().__init__(name=name, dtype=dtype)

    def update_state(self, y_true, y_pred, sample_weight=None):
        super().update_state(self.huber_fn(y_true, y_pred), sample_weight)

    def get_config(self):
        return {**super().get_config(), "threshold": self.threshold}


def test_precision_streams_over_batches():
    precision = deepkit.metrics.Precision()
    first = precision([0, 1, 1, 1, 0, 1, 0, 1], [1, 1, 0, 1, 0, 1, 0, 1])
    assert float(first) == pytest.approx(4 / 5)  # 4 of 5 that were called positive
    both = precision([0, 1, 0, 0, 1, 0, 1, 1], [1, 0, 1, 1, 0, 0, 0, 0])
    assert float(both) == 0.5  # none of 3 in the second batch: 4 of 8 in all
    assert float(precision.result()) == 0.5
    assert [v.numpy().tolist() for v in precision.variables] == [[4.0], [4.0]]
    assert [v.name for v in precision.variables] == ["true_positives", "false_positives"]
    precision.reset_state()
    assert [v.numpy().tolist() for v in precision.variables] == [[0.0], [0.0]]
    assert float(precision.result()) == 0.0


METRICS = pytest.mark.parametrize("metric_class", [HuberMetric, MeanHuber])


@METRICS
def test_a_huber_metric_streams_over_batches(metric_class):
    metric = metric_class(2.0)
    as_array = deepkit.ops.array
    assert float(metric(as_array([[2.0]]), as_array([[10.0]]))) == 14.0  # 2 * 8 - 2² / 2
    both = metric(as_array([[0.0], [5.0]]), as_array([[1.0], [9.25]]))
    assert float(both) == 7.0  # (14 + 1/2 + 2 * 4.25 - 2) / 3
    assert [float(v) for v in metric.variables] == [21.0, 3.0]
    metric.reset_state()
    assert [float(v) for v in metric.variables] == [0.0, 0.0]


@METRICS
def test_the_config_brings_the_threshold_back(metric_class):
    metric = metric_class.from_config(metric_class(2.0, name="mine").get_config())
    assert (metric.threshold, metric.name) == (2.0, "mine")


@METRICS
def test_in_a_model_and_through_files(tmp_path, metric_class):
    x, y = regression(rows=50)  # a partial batch at the end
    model = deepkit.Sequential([deepkit.Input((8,)), deepkit.layers.Dense(1)])
    metric = metric_class(2.0, name="huber")
    model.compile(loss="mse", optimizer="sgd", metrics=[metric])
    history = model.fit(x, y, epochs=1, verbose=0)
    assert list(history.history) == ["loss", "huber"]
    # Predictions are of shape (50, 1): each counts once, in whatever batch it came.
    assert float(metric.count) == 50.0
    results = model.evaluate(x, y, verbose=0, return_dict=True)
    expected = np.mean(create_huber(2.0)(y, model.predict(x, verbose=0)))
    np.testing.assert_allclose(results["huber"], expected, rtol=1e-5)
    custom_objects = {metric_class.__name__: metric_class}
    assert_goes_through_files(model, tmp_path, custom_objects, x, y)
