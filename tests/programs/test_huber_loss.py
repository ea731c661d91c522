"""A Huber loss of one's own: a function, a closure with a threshold, a `Loss` with a config."""

import numpy as np
import pytest

import deepkit
from deepkit import ops
from tests.programs.data import regression
from tests.programs.running import assert_goes_through_files, assert_trains_like_keras


def huber_fn(y_true, y_pred):
    error = y_true - y_pred
    is_small = ops.abs(error) < 1
    return ops.where(is_small, ops.square(error) / 2, ops.abs(error) - 0.5)


def create_huber(threshold=1.0, k=deepkit):
    def huber_fn(y_true, y_pred):
        error = y_true - y_pred
        is_small = k.ops.abs(error) < threshold
        squared = k.ops.square(error) / 2
        linear = threshold * k.ops.abs(error) - threshold**2 / 2
        return k.ops.where(is_small, squared, linear)

    return huber_fn


class HuberLoss(deepkit.losses.Loss):
    def __init__(self, threshold=1.0, **kwargs):
        self.threshold = threshold
        super().__init__(**kwargs)

    def call(self, y_true, y_pred):
        error = y_true - y_pred
        is_small = ops.abs(error) < self.threshold
        squared = ops.square(error) / 2
        linear = self.threshold * ops.abs(error) - self.threshold**2 / 2
        return ops.where(is_small, squared, linear)

    def get_config(self):
        return {**super().get_config(), "threshold": self.threshold}


Y_TRUE = np.array([[0.0], [1.0], [2.0], [3.0]], "float32")
Y_PRED = np.array([[0.5], [1.0], [5.0], [-1.0]], "float32")
# By hand: errors -0.5, 0, -3, 4.
AT_1 = [0.125, 0.0, 2.5, 3.5]
AT_2 = [0.125, 0.0, 4.0, 6.0]


@pytest.mark.parametrize(
    ("function", "expected"),
    [(huber_fn, AT_1), (create_huber(2.0), AT_2), (HuberLoss(2.0, reduction=None), AT_2)],
    ids=["function", "closure", "class"],
)
def test_values(function, expected):
    np.testing.assert_array_equal(np.ravel(function(Y_TRUE, Y_PRED)), expected)


def test_the_class_reduces_and_weighs():
    loss = HuberLoss(2.0)
    assert float(loss(Y_TRUE, Y_PRED)) == 10.125 / 4
    weights = np.array([1.0, 1.0, 0.0, 2.0], "float32")
    assert float(loss(Y_TRUE, Y_PRED, sample_weight=weights)) == 12.125 / 4


def test_the_config_brings_the_threshold_back():
    loss = HuberLoss.from_config(HuberLoss(2.0, name="mine").get_config())
    assert (loss.threshold, loss.name) == (2.0, "mine")


@pytest.mark.parametrize("threshold", [1.0, 2.0])
def test_training_with_a_closure_is_that_of_keras(threshold):
    def program(k):
        model = k.Sequential([k.layers.Dense(6, activation="relu"), k.layers.Dense(1)])
        model.compile(
            loss=create_huber(threshold, k), optimizer=k.optimizers.Nadam(0.01), metrics=["mae"]
        )
        return model

    assert_trains_like_keras(program, *regression())


def test_training_with_the_class_is_that_with_keras_own_huber():
    def program(k):
        loss = HuberLoss(2.0) if k is deepkit else k.losses.Huber(2.0)
        model = k.Sequential([k.layers.Dense(6, activation="relu"), k.layers.Dense(1)])
        model.compile(loss=loss, optimizer=k.optimizers.SGD(0.01))
        return model

    assert_trains_like_keras(program, *regression())


@pytest.mark.parametrize(
    ("loss", "custom_objects"),
    [
        (huber_fn, {"huber_fn": huber_fn}),
        (create_huber(2.0), {"huber_fn": create_huber(2.0)}),
        (HuberLoss(2.0), {"HuberLoss": HuberLoss}),
    ],
    ids=["function", "closure", "class"],
)
def test_files(tmp_path, loss, custom_objects):
    x, y = regression()
    model = deepkit.Sequential(
        [deepkit.layers.Dense(6, activation="relu"), deepkit.layers.Dense(1)]
    )
    model.compile(loss=loss, optimizer="nadam", metrics=["mae"])
    model.fit(x, y, epochs=1, verbose=0)
    assert_goes_through_files(model, tmp_path, custom_objects, x, y)


def test_the_loaded_loss_keeps_its_threshold(tmp_path):
    x, y = regression()
    model = deepkit.Sequential([deepkit.Input((8,)), deepkit.layers.Dense(1)])
    model.compile(loss=HuberLoss(2.0), optimizer="sgd")
    model.save(tmp_path / "model.keras")
    loaded = deepkit.models.load_model(
        tmp_path / "model.keras", custom_objects={"HuberLoss": HuberLoss}
    )
    assert loaded.loss.threshold == 2.0
    expected = np.mean(create_huber(2.0)(y, loaded.predict(x, verbose=0)))
    np.testing.assert_allclose(loaded.evaluate(x, y, verbose=0), expected, rtol=1e-6)
