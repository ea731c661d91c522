"""`compile(optimizer={...})`: models of which each part has an optimizer of its own."""

import copy
import pickle

import numpy as np
import pytest

import deepkit
from deepkit import callbacks, layers, optimizers
from deepkit.core import errors

X = np.random.default_rng(0).normal(size=(22, 3)).astype("float32")
Y = X @ np.array([[1.0], [-2.0], [0.5]], "float32")


def parts():
    deepkit.utils.set_random_seed(1)
    x = deepkit.Input((3,))
    hidden = layers.Dense(4, activation="tanh")(x)
    encoder = deepkit.Model(x, layers.BatchNormalization()(hidden), name="encoder")
    return encoder, layers.Dense(1, name="head")


def drawn(cls=deepkit.Model):
    encoder, head = parts()
    x = deepkit.Input((3,))
    return cls(x, head(encoder(x)))


def chained():
    encoder, head = parts()
    return deepkit.Sequential([encoder, head])


def subclassed():
    class Model(deepkit.Model):
        def __init__(self):
            super().__init__()
            self.body = deepkit.Sequential(
                [layers.Dense(4, activation="tanh"), layers.BatchNormalization()], name="encoder"
            )
            self.out = layers.Dense(1, name="head")

        def call(self, x, training=None):
            return self.out(self.body(x, training=training))

    deepkit.utils.set_random_seed(1)
    return Model()


def by_path(**options):
    return {
        "encoder/.*": optimizers.Adam(0.01, clipnorm=0.1, **options),
        ".*": optimizers.SGD(0.05, momentum=0.9, **options),
    }


class Split(deepkit.Model):
    """Trained by two optimizers with variables that are split by hand."""

    def train_step(self, data):
        x, y = data
        first, second = (self.get_layer(name).trainable_variables for name in ("encoder", "head"))
        loss, gradients = deepkit.autodiff.value_and_grad(
            lambda: self.compute_loss(x=x, y=y, y_pred=self(x, training=True)), [*first, *second]
        )()
        self.encoder_optimizer.apply(gradients[: len(first)], first)
        self.head_optimizer.apply(gradients[len(first) :], second)
        return {"loss": loss}


def fit(model, **arguments):
    return model.fit(X, Y, **{"batch_size": 8, "shuffle": False, "verbose": 0, **arguments})


def values(model):
    return [variable.numpy() for variable in model.weights]


def compare(received, expected):
    """Two orders of the same sums and programs: a few units in the last place."""
    for left, right in zip(received, expected, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-5, atol=1e-6)


@pytest.fixture(scope="module")
def expected():
    model = drawn(Split)
    model.encoder_optimizer, model.head_optimizer = by_path().values()
    model.compile(loss="mse")
    fit(model, epochs=2)
    return values(model)


@pytest.mark.parametrize("make", [drawn, chained, subclassed])
def test_trains_as_separate_optimizers(make, expected):
    model = make()
    model.compile(by_path(), "mse")
    fit(model, epochs=2)
    compare(values(model), expected)
    slots = [type(o).__name__ + str(len(o.variables)) for o in model.optimizer.optimizers]
    assert slots == ["Adam10", "SGD4"]


def test_layers_go_by_their_attributes_too():
    class Model(deepkit.Model):
        def __init__(self):
            super().__init__(name="net")
            self.blocks = [layers.Dense(3, name="one"), layers.Dense(3, name="two")]
            self.by_key = {"out": layers.Dense(1, name="three")}
            self.scale = self.add_weight((1,), initializer="ones", name="scale")

        def call(self, x):
            for block in self.blocks:
                x = block(x)
            return self.by_key["out"](x) * self.scale

    model = Model()
    model.compile(
        {"blocks/0/.*": "sgd", "two/.*": "adam", "by_key/out/kernel": "lion", ".*": "nadam"}
    )
    model.build((None, 3))
    model.optimizer.build(model.trainable_variables)
    parts = [[v.path for v in o._trainable_variables] for o in model.optimizer.optimizers]
    assert parts == [
        ["net/one/kernel", "net/one/bias"],
        ["net/two/kernel", "net/two/bias"],
        ["net/three/kernel"],
        ["net/scale", "net/three/bias"],
    ]
    assert model._trainer.paths()[id(model.weights[1])] == [
        "net/one/kernel",
        "one/kernel",
        "blocks/0/kernel",
    ]


def test_full_batches_are_one_program():
    model = drawn()
    model.compile(by_path(), "mse")
    fit(model, epochs=3)
    programs = model._trainer.programs._by_key.values()
    assert [program.traces for program in programs] == [2]  # one is for the partial batch
    model.compile(by_path(), "mse")
    fit(model)
    assert [program.traces for program in model._trainer.programs._by_key.values()] == [2]


@pytest.mark.parametrize("pairs", [False, True])
def test_own_steps(pairs, expected):
    class Own(deepkit.Model):
        def train_step(self, data):
            x, y = data
            with deepkit.GradientTape() as tape:
                loss = self.compute_loss(x=x, y=y, y_pred=self(x, training=True))
            gradients = tape.gradient(loss, self.trainable_variables)
            if pairs:
                self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
            else:
                self.optimizer.apply(gradients, self.trainable_variables)
            return {"loss": loss}

    model = drawn(Own)
    model.compile(by_path(), "mse")
    fit(model, epochs=2)
    compare(values(model), expected)


def test_single_batches(expected):
    model = drawn()
    model.compile(by_path(), "mse")
    for start in (0, 8, 16) * 2:
        model.train_on_batch(X[start : start + 8], Y[start : start + 8])
    compare(values(model), expected)


def test_float16():
    deepkit.config.set_dtype_policy("mixed_float16")
    try:
        model = chained()
    finally:
        deepkit.config.set_dtype_policy("float32")
    model.compile(by_path(), "mse")
    assert type(model.optimizer) is optimizers.LossScaleOptimizer
    before = model.evaluate(X, Y, verbose=0)
    log = fit(
        model, epochs=20, callbacks=[callbacks.LearningRateScheduler(lambda epoch, rate: rate)]
    )
    assert model.evaluate(X, Y, verbose=0) < before / 2
    assert 50 < int(model.optimizer.iterations) <= 60  # without the steps that found the scale
    rates = {key: log.history[key][-1] for key in log.history if key.startswith("learning_rate")}
    assert list(rates.values()) == pytest.approx([0.01, 0.05])


def test_averages():
    model = drawn()
    model.compile(by_path(use_ema=True, ema_momentum=0.5), "mse")
    fit(model)
    for inner in model.optimizer.optimizers:
        for variable in inner._trainable_variables:
            average = inner._model_variables_moving_average[inner._get_variable_index(variable)]
            np.testing.assert_array_equal(variable, average)


def test_rates_go_by_their_own_schedules_and_callbacks():
    model = drawn()
    decay = optimizers.schedules.ExponentialDecay(0.1, 3, 0.5)
    model.compile({"encoder/.*": optimizers.SGD(decay), ".*": "sgd"}, "mse")
    fit(model, epochs=2)
    rates = [float(np.asarray(o.learning_rate)) for o in model.optimizer.optimizers]
    assert rates == pytest.approx([0.025, 0.01])
    model.compile(by_path(), "mse")
    halve = callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    log = fit(model, epochs=2, callbacks=[halve]).history
    names = [inner.name for inner in model.optimizer.optimizers]
    assert log[f"learning_rate_{names[0]}"] == pytest.approx([0.005, 0.0025])
    assert log[f"learning_rate_{names[1]}"] == pytest.approx([0.025, 0.0125])
    plateau = callbacks.ReduceLROnPlateau("loss", factor=0.1, patience=1, min_delta=100.0)
    log = fit(model, epochs=3, callbacks=[plateau]).history
    rates = [float(np.asarray(o.learning_rate)) for o in model.optimizer.optimizers]
    assert rates == pytest.approx([0.000025, 0.000125])


def test_unfreezing():
    model = drawn()
    encoder = model.get_layer("encoder")
    encoder.trainable = False
    model.compile(by_path(), "mse")
    before = encoder.get_weights()
    fit(model)
    compare(encoder.get_weights(), before)
    adam, sgd = model.optimizer.optimizers
    momentum = sgd.momentums[0].numpy()
    assert len(adam.variables) == 2
    encoder.trainable = True
    model.train_on_batch(X[:8], Y[:8])
    assert len(adam.variables) == 10 and int(adam.iterations) == 1 and int(sgd.iterations) == 4
    assert np.abs(momentum).max() > 1e-3
    # Adam's first step has the size of its rate, but for its epsilon beside small gradients.
    moved = np.abs(encoder.layers[1].kernel.numpy() - before[0])
    np.testing.assert_allclose(moved, 0.01, rtol=2e-2)


@pytest.mark.parametrize("whole", [True, False], ids=["model", "weights"])
def test_files(tmp_path, whole):
    model = drawn()
    model.compile(by_path(), "mse")
    fit(model)
    if whole:
        model.save(tmp_path / "model.keras")
        again = deepkit.models.load_model(tmp_path / "model.keras")
        assert again.optimizer.get_config() == model.optimizer.get_config()
    else:
        model.save_weights(tmp_path / "model.weights.h5")
        again = drawn()
        again.compile(by_path(), "mse")
        again.optimizer.build(again.trainable_variables)
        again.load_weights(tmp_path / "model.weights.h5")
    compare(again.optimizer.get_weights(), model.optimizer.get_weights())
    for each in (model, again):
        fit(each)
    compare(values(again), values(model))


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])
def test_copies_of_the_optimizer(duplicate):
    model = drawn()
    model.compile(by_path(), "mse")
    fit(model)
    compare(duplicate(model.optimizer).get_weights(), model.optimizer.get_weights())


def test_an_optimizer_set_later_knows_the_paths():
    model = drawn()
    model.compile("sgd", "mse")
    model.optimizer = optimizers.MultiOptimizer(by_path())
    fit(model)
    assert [len(o.variables) for o in model.optimizer.optimizers] == [10, 4]


def test_a_pattern_without_variables():
    model = drawn()
    model.compile({"encodr/.*": "adam", ".*": "sgd"}, "mse")
    with pytest.raises(errors.ArgumentError, match=r"'encodr/.*' matches .* no .*'encoder/dense"):
        fit(model)
