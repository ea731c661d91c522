"""Where nothing follows the epochs of `fit`, one is handed over while the one before it runs."""

import numpy as np
import pytest

import deepkit
from deepkit.training import _fit, _pacing, _program

X = np.random.default_rng(0).random((64, 3), "float32")
Y = X.sum(axis=1, keepdims=True)
EPOCHS = 3


def model():
    deepkit.utils.set_random_seed(1)
    made = deepkit.Sequential(
        [deepkit.Input((3,)), deepkit.layers.Dropout(0.3), deepkit.layers.Dense(1)]
    )
    made.compile("adam", loss="mse", metrics=["mae"])
    return made


def fit(made, *callbacks, **arguments):
    options = {"batch_size": 8, "epochs": EPOCHS, "verbose": 0, **arguments}
    return made.fit(X, Y, callbacks=list(callbacks), **options)


@pytest.fixture
def events(monkeypatch):
    """When epochs are handed over, and when their logs are waited for."""
    found = []
    steps, to_host = _program.Binding.steps, _fit.to_host

    def noted_steps(self, arrays, order, start, stop, *rest):
        if start == 0 and self.program._donates:
            found.append("begin")
        return steps(self, arrays, order, start, stop, *rest)

    def noted_to_host(logs):
        found.append("end")
        return to_host(logs)

    monkeypatch.setattr(_program.Binding, "steps", noted_steps)
    monkeypatch.setattr(_fit, "to_host", noted_to_host)
    return found


class Follower(deepkit.callbacks.Callback):
    """Looks at each epoch."""

    def on_epoch_end(self, epoch, logs=None):
        self.last = epoch, logs["loss"], int(self.model.optimizer.iterations)


class BatchFollower(deepkit.callbacks.Callback):
    """Does something after a number of batches."""

    def __init__(self, count, action):
        super().__init__()
        self.left, self.action = count, action

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            self.action(self.model)


def test_the_next_epoch_begins_before_the_logs_are_there(events):
    fit(model())
    assert events == ["begin", "begin", "end", "begin", "end", "end"]


@pytest.mark.parametrize(
    "arguments", [{}, {"validation_data": (X, Y)}, {"verbose": 2}], ids=["", "validation", "bar"]
)
def test_what_follows_epochs_sees_each_at_its_end(arguments, events):
    follower = Follower()
    fit(model(), *([] if arguments else [follower]), **arguments)
    assert events == ["begin", "end"] * EPOCHS
    if not arguments:
        assert follower.last[0] == EPOCHS - 1 and follower.last[2] == EPOCHS * 8


def test_numbers_are_the_same():
    ahead = model()
    history = fit(ahead).history
    followed = model()
    assert fit(followed, Follower()).history == history and len(history["loss"]) == EPOCHS
    for one, other in zip(ahead.get_weights(), followed.get_weights()):
        np.testing.assert_array_equal(one, other)


def test_epochs_that_were_done_are_recorded_when_training_is_interrupted():
    def interrupt(made):
        raise KeyboardInterrupt

    made = model()
    with pytest.raises(KeyboardInterrupt):
        fit(made, BatchFollower(12, interrupt))
    assert made.history.epoch == [0]
    assert made.history.history["loss"] == fit(model(), epochs=1).history["loss"]


def test_a_callback_of_batches_ends_training_after_the_epoch():
    def stop(made):
        made.stop_training = True

    assert fit(model(), BatchFollower(8, stop)).epoch == [0]


def test_a_later_fit_hands_whole_epochs_over_at_once(dispatches, monkeypatch):
    # Longer than any epoch here takes on a busy machine.
    monkeypatch.setattr(_pacing, "_SECONDS", 100.0)
    made = model()
    fit(made)
    dispatches.clear()
    fit(made)
    assert dispatches == ["many"] * EPOCHS


def test_what_fit_leaves_on_a_model_does_not_make_it_another_one():
    made = model()
    fit(made)
    snapshot = made._trainer.snapshot("train")
    assert fit(made) is made.history
    assert made._trainer.snapshot("train") is snapshot
