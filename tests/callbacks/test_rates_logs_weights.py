"""Schedules of the learning rate, CSV files, averaged weights."""

import types

import jax.numpy as jnp
import numpy as np
import pytest

from deepkit.callbacks import CallbackList, CSVLogger, LearningRateScheduler, SwapEMAWeights
from deepkit.core.errors import ArgumentError, ArgumentTypeError
from deepkit.optimizers import SGD
from deepkit.tensors import Variable
from tests.callbacks.fakes import EmaOptimizer, FakeModel, FakeOptimizer
from tests.oracle import keras, oracle

SCHEDULES = [
    (lambda epoch, rate: rate * 0.5, 0.125),
    (lambda epoch: 0.25 / (epoch + 1), 0.125),
    (lambda epoch, rate=0: rate * 0.5, 0.125),
    (lambda epoch, rate: jnp.float32(0.25), 0.25),
    (lambda epoch: np.float64(0.25), 0.25),
    (lambda epoch: 1, 1.0),
    (max, 1.0),
]


@pytest.mark.parametrize(("schedule", "last"), SCHEDULES)
def test_schedules(schedule, last):
    model = FakeModel(FakeOptimizer(0.5))
    callbacks = CallbackList(LearningRateScheduler(schedule), model=model, add_history=True)
    callbacks.on_train_begin()
    for epoch in range(2):
        callbacks.on_epoch_begin(epoch)
        callbacks.on_epoch_end(epoch, {"loss": 1.0})
    assert model.optimizer.learning_rate == last
    assert callbacks.history.history["learning_rate"][-1] == last


def test_schedule_says_the_rate(capsys):
    several = types.SimpleNamespace(optimizers=[FakeOptimizer(name="a"), FakeOptimizer(name="b")])
    for optimizer in (FakeOptimizer(), several):
        callback = LearningRateScheduler(lambda epoch: 0.1, verbose=1)
        callback.set_model(FakeModel(optimizer))
        callback.on_epoch_begin(4)
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "Epoch 5: LearningRateScheduler sets the learning rate to 0.1.",
        "Epoch 5: LearningRateScheduler sets the a learning rate to 0.1.",
        "Epoch 5: LearningRateScheduler sets the b learning rate to 0.1.",
    ]


def test_errors_inside_a_schedule_are_not_hidden():
    def schedule(epoch, rate):
        raise TypeError("inside")

    callback = LearningRateScheduler(schedule)
    callback.set_model(FakeModel(FakeOptimizer()))
    with pytest.raises(TypeError, match="inside"):
        callback.on_epoch_begin(0)


@pytest.mark.parametrize("result", [None, True, "0.1", np.ones(2)])
def test_schedules_must_return_numbers(result):
    callback = LearningRateScheduler(lambda epoch: result)
    callback.set_model(FakeModel(FakeOptimizer()))
    with pytest.raises(ArgumentError, match="Expected `schedule` to return a number, received"):
        callback.on_epoch_begin(0)


def test_schedule_must_be_a_function():
    with pytest.raises(
        ArgumentTypeError, match="the epoch and the learning rate, received a float"
    ):
        LearningRateScheduler(0.1)


EPOCHS = [
    [{"loss": 1.5, "acc": 0.25}, {"loss": 1.0, "acc": 0.5}],
    [{"loss": 1.5}, {"loss": 1.0, "val_loss": 2.0}],
    [{"loss": 1.5, "val_loss": 2.0}, {"loss": 1.0}, {"loss": 1.0, "val_loss": 2.0, "new": 1.0}],
    [{"note": "a,b", "rows": np.array([1.0, 2.0])}],
    [{}],
]


def written(kind, path, epochs, **options):
    logger = kind(str(path), **options)
    logger.set_model(FakeModel())
    logger.on_train_begin()
    for epoch, logs in enumerate(epochs):
        logger.on_epoch_end(epoch, logs)
    logger.on_train_end()
    return path.read_bytes()


@pytest.mark.parametrize("epochs", EPOCHS)
@pytest.mark.parametrize("separator", [",", ";"])
def test_csv_as_keras(epochs, separator, tmp_path):
    with oracle():
        expected = written(
            keras.callbacks.CSVLogger, tmp_path / "theirs.csv", epochs, separator=separator
        )
    assert written(CSVLogger, tmp_path / "ours.csv", epochs, separator=separator) == expected


def test_csv_appends_without_a_second_header(tmp_path):
    path = tmp_path / "made" / "log.csv"
    for append in (True, True):
        written(CSVLogger, path, EPOCHS[0], append=append)
    lines = path.read_text().splitlines()
    assert lines[0] == "epoch,acc,loss,val_acc,val_loss"
    assert lines[1:] == ["0,0.25,1.5,NA,NA", "1,0.5,1.0,NA,NA"] * 2
    written(CSVLogger, path, EPOCHS[0])
    assert len(path.read_text().splitlines()) == 3


def test_csv_rows_are_on_disk_after_each_epoch(tmp_path):
    logger = CSVLogger(tmp_path / "log.csv")
    logger.on_train_begin()
    logger.on_epoch_end(0, {"loss": 1.0})
    assert (tmp_path / "log.csv").read_text().splitlines()[-1] == "0,1.0,NA"
    logger.on_train_begin()  # a run that was interrupted is followed by another
    logger.on_train_end()
    assert (tmp_path / "log.csv").read_text() == ""


def averaged(swap_on_epoch):
    variable = Variable(jnp.array([1.0, 2.0]))
    model = FakeModel(EmaOptimizer([variable]))
    return CallbackList(SwapEMAWeights(swap_on_epoch), model=model, epochs=2), variable, model


@pytest.mark.parametrize("phase", ["test", "predict"])
def test_averages_are_used_in_evaluation(phase):
    callbacks, variable, model = averaged(False)
    getattr(callbacks, f"on_{phase}_begin")()
    assert variable.numpy().tolist() == [10.0, 20.0]
    getattr(callbacks, f"on_{phase}_end")()
    assert variable.numpy().tolist() == [1.0, 2.0]
    average = model.optimizer._model_variables_moving_average[0]
    assert average.numpy().tolist() == [10.0, 20.0]


def test_averages_share_no_memory_with_weights():
    callbacks, variable, model = averaged(False)
    callbacks.on_test_begin()
    average = model.optimizer._model_variables_moving_average[0]
    assert variable.value is not average.value
    variable.value.delete()
    assert average.numpy().tolist() == [10.0, 20.0]


@pytest.mark.parametrize("swap_on_epoch", [True, False])
def test_averages_between_epochs(swap_on_epoch):
    callbacks, variable, _ = averaged(swap_on_epoch)
    callbacks.on_train_begin()
    for epoch in range(2):
        callbacks.on_epoch_begin(epoch)
        assert variable.numpy().tolist() == [1.0, 2.0]
        callbacks.on_test_begin()
        assert variable.numpy().tolist() == [10.0, 20.0]
        callbacks.on_test_end()
        callbacks.on_epoch_end(epoch, {})
        assert variable.numpy().tolist() == ([10.0, 20.0] if swap_on_epoch else [1.0, 2.0])
    callbacks.on_train_end()
    callbacks.on_test_begin()
    assert variable.numpy().tolist() == [10.0, 20.0]


def test_averages_inside_of_other_optimizers():
    variable = Variable(jnp.array([1.0]))
    several = types.SimpleNamespace(optimizers=[FakeOptimizer(), EmaOptimizer([variable])])
    model = FakeModel(types.SimpleNamespace(inner_optimizer=several))
    callbacks = CallbackList(SwapEMAWeights(), model=model)
    callbacks.on_test_begin()
    assert variable.numpy().tolist() == [10.0]


def test_averages_must_be_kept():
    callbacks = CallbackList(SwapEMAWeights(), model=FakeModel(FakeOptimizer()))
    with pytest.raises(ArgumentError, match="`use_ema=True` that has trained, for SwapEMAWeights"):
        callbacks.on_test_begin()


def test_real_optimizers():
    variable = Variable(jnp.array([1.0, 2.0]))
    optimizer = SGD(0.5, use_ema=True, ema_momentum=0.5)
    optimizer.apply([jnp.ones(2)], [variable])
    optimizer.apply([jnp.ones(2)], [variable])
    callbacks = CallbackList(
        [SwapEMAWeights(), LearningRateScheduler(lambda epoch, rate: rate / 2)],
        model=FakeModel(optimizer),
    )
    callbacks.on_epoch_begin(0)
    assert float(optimizer.learning_rate) == 0.25
    callbacks.on_test_begin()
    assert variable.numpy().tolist() == [0.25, 1.25]
    callbacks.on_test_end()
    assert variable.numpy().tolist() == [0.0, 1.0]
