"""Layers that are frozen and unfrozen between two calls of `fit`, with no `compile` in between."""

import numpy as np
import optax
import pytest

import deepkit
from deepkit import layers, optimizers

X = np.random.default_rng(0).normal(size=(16, 3)).astype("float32")
Y = X @ np.array([[1.0, -2.0], [0.5, 0.0], [0.0, 1.0]], "float32")

OPTIMIZERS = {
    "momentum": lambda: optimizers.SGD(0.05, momentum=0.9),
    "adam": lambda: optimizers.Adam(0.01, amsgrad=True, weight_decay=0.01),
    "nadam": lambda: optimizers.Nadam(0.01),
    "adafactor": lambda: optimizers.Adafactor(0.01),
    "accumulated": lambda: optimizers.SGD(0.05, momentum=0.9, gradient_accumulation_steps=3),
    "scaled": lambda: optimizers.LossScaleOptimizer(optimizers.Adam(0.01), initial_scale=4.0),
    "several": lambda: optimizers.MultiOptimizer(
        optimizers.OptimizerMap(optimizers.Adam(0.01), {"body": optimizers.SGD(0.1, momentum=0.5)})
    ),
    "optax": lambda: optimizers.get(optax.adam(0.01)),
}


def make_model(step=None):
    class Model(deepkit.Sequential):
        if step is not None:
            train_step = step

    deepkit.utils.set_random_seed(1)
    body = layers.Dense(4, activation="tanh", name="body")
    return Model([deepkit.Input((3,)), body, layers.Dense(2, name="head")])


def fit(model):
    model.fit(X, Y, batch_size=4, epochs=1, shuffle=False, verbose=0)


def own_step(self, data):
    x, y = data
    with_loss = deepkit.autodiff.value_and_grad(
        lambda: self.compute_loss(x=x, y=y, y_pred=self(x, training=True)),
        self.trainable_variables,
    )
    loss, gradients = with_loss()
    self.optimizer.apply(gradients, self.trainable_variables)
    return {"loss": loss}


@pytest.mark.parametrize("step", [None, own_step], ids=["default step", "own step"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_goes_on_as_if_all_had_been_known(name, step):
    """Beside an optimizer that had slots for all weights from the start."""
    found = []
    for knows_all in (False, True):
        model = make_model(step)
        optimizer = OPTIMIZERS[name]()
        if knows_all:
            optimizer.build(model.trainable_variables)
        model.layers[0].trainable = False
        model.compile(optimizer, "mse")
        before = model.layers[0].kernel.numpy()
        fit(model)
        np.testing.assert_array_equal(model.layers[0].kernel, before)
        model.layers[0].trainable = True
        fit(model)
        assert np.abs(model.layers[0].kernel - before).max() > 1e-3
        found.append([v.numpy() for v in (*model.variables, *model.optimizer.variables)])
    counts = [sum(v.size for v in values) for values in found]
    assert counts[0] == counts[1]
    by_size = [sorted(values, key=lambda v: (v.size, v.sum())) for values in found]
    for ours, expected in zip(*by_size):
        np.testing.assert_array_equal(ours, expected)


def test_averages_of_weights_that_join_late_start_from_their_values():
    model = make_model()
    model.layers[0].trainable = False
    model.compile(optimizers.SGD(0.05, use_ema=True, ema_momentum=0.5), "mse")
    fit(model)
    frozen = model.layers[0].kernel.numpy()
    model.layers[0].trainable = True
    model.train_on_batch(X[:4], Y[:4])
    after = model.layers[0].kernel.numpy()
    average = model.optimizer._model_variables_moving_average[0]
    np.testing.assert_allclose(average, (frozen + after) / 2, rtol=1e-6)
    model.layers[0].trainable = False
    fit(model)
    np.testing.assert_array_equal(model.layers[0].kernel, after)


def test_an_optimizer_for_a_part_of_the_model_stays_one():
    def step(self, data):
        x, y = data
        variables = self.layers[1].trainable_variables
        loss, gradients = deepkit.autodiff.value_and_grad(
            lambda: self.compute_loss(x=x, y=y, y_pred=self(x, training=True)), variables
        )()
        self.optimizer.apply(gradients, variables)
        return {"loss": loss}

    model = make_model(step)
    model.compile(optimizers.SGD(0.05, momentum=0.9), "mse")
    fit(model)
    count = len(model.optimizer.variables)
    model.layers[0].trainable = False
    fit(model)
    model.layers[0].trainable = True
    fit(model)
    assert len(model.optimizer.variables) == count == 4


def test_an_optimizer_of_ones_own():
    class Momentum(optimizers.Optimizer):
        def build(self, variables):
            super().build(variables)
            self.slots = self.add_optimizer_variables(variables, "slot")

        def update_step(self, gradient, variable, learning_rate):
            slot = self.slots[self._get_variable_index(variable)]
            self.assign_add(slot, gradient)
            self.assign_sub(variable, learning_rate * slot)

    first, second = deepkit.Variable(1.0, name="a"), deepkit.Variable(1.0, name="b")
    optimizer = Momentum(1.0)
    optimizer.apply([2.0], [second])
    with pytest.raises(deepkit.errors.ArgumentError, match=r"'a' .* `optimizer.rebuild"):
        optimizer.apply([1.0, 1.0], [first, second])
    optimizer.rebuild([first, second])
    optimizer.apply([1.0, 1.0], [first, second])
    assert (float(first), float(second)) == (0.0, -4.0)
    assert [v.path.split("/")[-1] for v in optimizer.variables] == [
        "iteration",
        "learning_rate",
        "a_slot",
        "b_slot",
    ]
    assert int(optimizer.iterations) == 2
