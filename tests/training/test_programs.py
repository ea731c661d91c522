"""How often steps are traced and handed to the device, and when programs are shared or dropped."""

import gc
import weakref

import numpy as np
import pytest

import deepkit
from deepkit.optimizers import schedules
from deepkit.training import _programs

X, Y = np.ones((22, 3), "float32"), np.ones((22, 1), "float32")


def chain(*layers, **arguments):
    model = deepkit.Sequential([deepkit.Input((3,)), *layers, deepkit.layers.Dense(1)])
    model.compile(**{"optimizer": "adam", "loss": "mse", "metrics": ["mae"], **arguments})
    return model


def programs(model):
    return list(model._trainer.programs._by_key.values())


def traces(model):
    return sum(program.traces for program in programs(model))


def fit(model, rows=22, **arguments):
    return model.fit(X[:rows], Y[:rows], **{"batch_size": 8, "verbose": 0, **arguments})


@pytest.mark.parametrize("layers", [[], [deepkit.layers.BatchNormalization()]], ids=["", "meets"])
def test_full_batches_are_traced_once_and_a_partial_one_where_rows_meet(layers):
    model = chain(*layers)
    fit(model, rows=16, epochs=3)
    assert traces(model) == 1
    fit(model, rows=22, epochs=3)
    assert traces(model) == 2 + len(layers)  # data of another length, and its partial batch


def test_fitting_again_traces_nothing():
    model = chain()
    fit(model, epochs=2, validation_data=(X, Y))
    before = traces(model)
    fit(model, epochs=3, validation_data=(X, Y), shuffle=True)
    assert traces(model) == before


@pytest.mark.parametrize("same", [{}, {"optimizer": deepkit.optimizers.Adam()}], ids=["", "object"])
def test_an_equal_compile_traces_nothing(same):
    model = chain()
    fit(model)
    before = traces(model)
    model.compile(**{"optimizer": "adam", "loss": "mse", "metrics": ["mae"], **same})
    fit(model)
    assert traces(model) == before and len(programs(model)) == 1


OTHERS = {
    "optimizer": {"optimizer": "sgd"},
    "constant": {"optimizer": deepkit.optimizers.Adam(beta_1=0.5)},
    "schedule": {"optimizer": deepkit.optimizers.Adam(schedules.ExponentialDecay(0.1, 1, 0.5))},
    "loss": {"loss": "mae"},
    "metrics": {"metrics": []},
    "function": {"loss": lambda y_true, y_pred: abs(y_true - y_pred)},
}


@pytest.mark.parametrize("other", OTHERS)
def test_another_compile_has_a_program_of_its_own(other):
    model = chain()
    fit(model)
    model.compile(**{"optimizer": "adam", "loss": "mse", "metrics": ["mae"], **OTHERS[other]})
    fit(model)
    assert len(programs(model)) == 2


def test_two_schedules_do_not_share_a_program():
    changes = []
    model = chain(optimizer="sgd")
    start = model.get_weights()
    for rate in (0.1, 0.01):
        model.set_weights(start)
        schedule = schedules.PiecewiseConstantDecay([100], [rate, rate])
        model.compile(optimizer=deepkit.optimizers.SGD(schedule), loss="mse")
        fit(model, rows=8)
        changes.append(np.abs(model.get_weights()[1] - start[1]).item())
    assert changes[0] == pytest.approx(10 * changes[1], rel=1e-4)  # one step of gradient descent
    assert len(programs(model)) == 2


def test_a_learning_rate_is_data():
    model = chain(optimizer="sgd")
    fit(model)
    before = traces(model)
    model.optimizer.learning_rate = 0.0
    weights = model.get_weights()
    fit(model)
    assert traces(model) == before
    np.testing.assert_array_equal(weights[0], model.get_weights()[0])


def test_freezing_takes_effect_without_compile():
    model = chain()
    fit(model)
    model.layers[0].trainable = False
    weights = model.get_weights()
    fit(model)
    np.testing.assert_array_equal(weights[0], model.get_weights()[0])
    model.layers[0].trainable = True
    before = traces(model)
    fit(model)
    assert traces(model) == before  # the first program serves again
    assert (weights[0] != model.get_weights()[0]).any()


def test_freezing_deep_inside_takes_effect():
    inner = deepkit.layers.Dense(1)
    layer = inner
    for _ in range(8):
        layer = deepkit.Sequential([layer])
    model = deepkit.Sequential([deepkit.Input((3,)), layer])
    model.compile(optimizer="sgd", loss="mse")
    fit(model)
    inner.trainable = False
    weights = model.get_weights()
    fit(model)
    np.testing.assert_array_equal(weights[0], model.get_weights()[0])


def test_a_plain_attribute_of_a_layer_is_part_of_the_program():
    class Scale(deepkit.layers.Layer):
        factor = 1.0

        def call(self, inputs):
            return inputs * self.factor

    scale = Scale()
    model = deepkit.Sequential([deepkit.Input((3,)), scale])
    assert model.predict(X, verbose=0)[0, 0] == 1.0
    scale.factor = 3.0
    assert model.predict(X, verbose=0)[0, 0] == 3.0


def test_an_epoch_is_few_dispatches(dispatches):
    model = chain()
    rows = np.ones((1024, 3), "float32"), np.ones((1024, 1), "float32")
    model.fit(*rows, batch_size=1, epochs=1, verbose=0)
    # One step, four, then growing sixteenfold at most: 1 + 4 + 64 + 955; slow machines need more.
    assert set(dispatches) == {"many"} and len(dispatches) <= 24


def test_steps_per_execution_is_kept_to(dispatches):
    model = chain(steps_per_execution=4)
    fit(model, rows=22, batch_size=2)
    assert dispatches == ["many"] * 3  # 4, 4 and 3 of 11 steps
    assert int(model.optimizer.iterations) == 11


def test_batch_hooks_make_single_steps(dispatches):
    seen = []
    model = chain(deepkit.layers.BatchNormalization())
    hook = deepkit.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(batch)
    )
    fit(model, callbacks=hook)
    assert dispatches == ["many", "many", "one"] and seen == [0, 1, 2]


def test_programs_go_with_their_model():
    model = chain()
    fit(model, validation_data=(X, Y))
    model.predict(X, verbose=0)
    gone = [weakref.ref(model), *(weakref.ref(program) for program in programs(model))]
    del model
    gc.collect()
    assert [reference() for reference in gone] == [None] * len(gone)


def test_a_model_keeps_few_programs():
    model = chain(metrics=[])
    for beta in range(20):
        optimizer = deepkit.optimizers.SGD(momentum=beta / 40)
        model.compile(optimizer=optimizer, loss="mse")
        model.train_on_batch(X, Y)
    assert len(programs(model)) == _programs._MAX_PROGRAMS
