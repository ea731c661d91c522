"""Training that goes on from a file goes on as if it had not stopped."""

import numpy as np
import pytest

import deepkit
from tests.saving.models import FORMATS, INPUTS, TARGETS, assert_equal_values, chained


def _model():
    deepkit.utils.set_random_seed(3)
    model = chained(deepkit)
    schedule = deepkit.optimizers.schedules.ExponentialDecay(0.01, 2, 0.5)
    model.compile(deepkit.optimizers.Adam(schedule), loss="mse", metrics=["mae"])
    return model


def _fit(model, epochs, initial_epoch=0):
    return model.fit(
        INPUTS,
        TARGETS,
        batch_size=2,
        epochs=epochs,
        initial_epoch=initial_epoch,
        shuffle=False,
        verbose=0,
    ).history


def _state(model):
    return [np.asarray(v) for v in [*model.variables, *model.optimizer.variables]]


@pytest.mark.parametrize("ending", FORMATS)
def test_four_epochs_are_two_and_two(ending, tmp_path):
    whole = _model()
    expected = _fit(whole, 4)

    first = _model()
    history = _fit(first, 2)
    path = tmp_path / f"half{ending}"
    if ending == ".weights.h5":
        first.save_weights(path)
        # Another model, with other seeds and weights, whose optimizer has no slots yet.
        second = chained(deepkit)
        second.compile(first.optimizer.from_config(first.optimizer.get_config()), loss="mse")
        second.load_weights(path)
    else:
        first.save(path)
        second = deepkit.saving.load_model(path)
    assert int(second.optimizer.iterations) == 6
    rest = _fit(second, 4, initial_epoch=2)

    assert_equal_values(_state(second), _state(whole))
    assert history["loss"] + rest["loss"] == expected["loss"]


def test_dropout_goes_on_with_the_same_numbers(tmp_path):
    layer = deepkit.layers.Dropout(0.5, seed=4)
    model = deepkit.Sequential([deepkit.Input((5,)), layer])
    model(INPUTS, training=True)
    path = tmp_path / "dropout.keras"
    model.save(path)
    loaded = deepkit.saving.load_model(path)
    np.testing.assert_array_equal(loaded(INPUTS, training=True), model(INPUTS, training=True))


def test_a_model_of_several_optimizers_keeps_them_all(tmp_path):
    class Rivals(deepkit.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.one, self.two = deepkit.layers.Dense(2), deepkit.layers.Dense(2)

        def compile(self, one_optimizer, two_optimizer, **kwargs):
            super().compile(**kwargs)
            self.one_optimizer, self.two_optimizer = one_optimizer, two_optimizer
            for name in ("one", "two"):
                layer = getattr(self, name)
                getattr(self, f"{name}_optimizer").build(layer.trainable_variables)

        def call(self, x):
            return self.one(x) + self.two(x)

    def make():
        model = Rivals()
        model(INPUTS)
        model.compile(deepkit.optimizers.Adam(), deepkit.optimizers.SGD(momentum=0.9), loss="mse")
        return model

    model, other = make(), make()
    for optimizer in (model.one_optimizer, model.two_optimizer):
        optimizer.iterations.assign(7)
    path = tmp_path / "rivals.weights.h5"
    model.save_weights(path)
    other.load_weights(path)
    assert int(other.one_optimizer.iterations) == int(other.two_optimizer.iterations) == 7

    alone = Rivals()
    alone(INPUTS)
    alone.load_weights(path)
    assert_equal_values(alone.get_weights(), model.get_weights())


def test_loss_scaling_is_restored(tmp_path):
    def make():
        model = deepkit.Sequential([deepkit.Input((5,)), deepkit.layers.Dense(2)])
        model.compile(deepkit.optimizers.LossScaleOptimizer(deepkit.optimizers.Adam()), loss="mse")
        return model

    model = make()
    model.fit(INPUTS, TARGETS, verbose=0)
    model.optimizer.dynamic_scale.assign(4.0)
    for ending in (".keras", ".h5"):
        path = tmp_path / f"scaled{ending}"
        model.save(path)
        loaded = deepkit.saving.load_model(path)
        assert float(loaded.optimizer.dynamic_scale) == 4.0
        assert_equal_values(loaded.optimizer.variables, model.optimizer.variables)
