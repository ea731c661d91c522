"""Errors and Ctrl-C at any moment leave a model that can go on."""

import os
import signal

import numpy as np
import pytest

import deepkit

X, Y = np.ones((20, 3), "float32"), np.ones((20, 1), "float32")
HOOKS = [
    "on_train_begin",
    "on_epoch_begin",
    "on_train_batch_begin",
    "on_train_batch_end",
    "on_test_begin",
    "on_test_batch_begin",
    "on_test_batch_end",
    "on_test_end",
    "on_epoch_end",
    "on_train_end",
]


class Strike(Exception):
    """Raised by the callbacks below."""


def strike_at(hook, error):
    def strike(self, *args, **kwargs):
        raise error

    return type("StrikeAt", (deepkit.callbacks.Callback,), {hook: strike})()


@pytest.fixture(scope="module")
def model():
    model = deepkit.Sequential(
        [
            deepkit.Input((3,)),
            deepkit.layers.Dense(2),
            deepkit.layers.BatchNormalization(),
            deepkit.layers.Dense(1),
        ]
    )
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return model


def assert_usable(model):
    """All state can be read, and training goes on."""
    for variable in model._trainer.state():
        assert np.isfinite(variable.numpy()).all()
    steps = int(model.optimizer.iterations)
    model.fit(X, Y, batch_size=8, verbose=0)
    assert int(model.optimizer.iterations) == steps + 3
    assert np.isfinite(model.evaluate(X, Y, batch_size=8, verbose=0)).all()
    assert np.isfinite(model.predict(X, batch_size=8, verbose=0)).all()


@pytest.mark.parametrize("error", [Strike, KeyboardInterrupt])
@pytest.mark.parametrize("hook", HOOKS)
def test_an_error_in_a_hook_of_fit(model, hook, error):
    with pytest.raises(error):
        model.fit(
            X,
            Y,
            batch_size=8,
            epochs=2,
            verbose=0,
            validation_data=(X, Y),
            callbacks=strike_at(hook, error),
        )
    assert_usable(model)


@pytest.mark.parametrize("hook", ["on_predict_begin", "on_predict_batch_end", "on_predict_end"])
def test_an_error_in_a_hook_of_predict(model, hook):
    with pytest.raises(Strike):
        model.predict(X, batch_size=8, verbose=0, callbacks=strike_at(hook, Strike))
    assert_usable(model)


def test_an_error_in_a_stream(model):
    def batches():
        yield X, Y
        raise Strike

    with pytest.raises(Strike):
        model.fit(batches(), verbose=0)
    assert_usable(model)


def interrupt():
    os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_while_a_program_runs_waits_for_its_result(model, monkeypatch):
    model.fit(X, Y, batch_size=8, verbose=0)
    (program,) = {p for p in model._trainer.programs._by_key.values() if p._donates}
    steps = int(model.optimizer.iterations)
    compiled = program._many

    def interrupted(*args, **kwargs):
        result = compiled(*args, **kwargs)
        interrupt()
        # Without the delay the result would be lost here, and with it the only copy of the state.
        return result

    monkeypatch.setattr(program, "_many", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, batch_size=8, verbose=0)
    monkeypatch.undo()
    assert int(model.optimizer.iterations) > steps
    assert_usable(model)


def test_ctrl_c_strikes_at_once_while_a_step_is_traced():
    reached = []

    class Slow(deepkit.Model):
        def __init__(self):
            super().__init__()
            self.dense = deepkit.layers.Dense(1)

        def call(self, inputs):
            return self.dense(inputs)

        def train_step(self, data):
            if len(reached) == 1:  # the first run is on shapes alone
                reached.append("traced")
                interrupt()
                reached.append("after")
            reached.append("step")
            return super().train_step(data)

    model = Slow()
    model.compile(optimizer="sgd", loss="mse")
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, verbose=0)
    assert reached == ["step", "traced"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    model.fit(X, Y, verbose=0)


def test_an_error_while_a_step_is_traced_leaves_the_state():
    class Failing(deepkit.Model):
        fails = True

        def __init__(self):
            super().__init__()
            self.dense = deepkit.layers.Dense(1)

        def call(self, inputs, training=False):
            if training and self.fails:
                raise Strike
            return self.dense(inputs)

    model = Failing()
    model.compile(optimizer="sgd", loss="mse")
    for method in (model.fit, model.train_on_batch):
        with pytest.raises(Strike) as raised:
            method(X, Y)
        assert "Failing" in raised.value.__notes__[0]
    model.fails = False
    assert len(model.fit(X, Y, verbose=0).history["loss"]) == 1
