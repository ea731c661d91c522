"""Callbacks that watch a value, beside Keras's on the same runs."""

import types

import numpy as np
import pytest

from deepkit.callbacks import CallbackList, EarlyStopping, ModelCheckpoint, ReduceLROnPlateau
from deepkit.core.errors import ArgumentError, UnknownNameError
from tests.callbacks.fakes import FakeMetric, FakeModel, FakeOptimizer
from tests.oracle import keras, oracle

RUNS = [
    [3.0, 2.0, 2.5, 2.1, 2.0, 1.0, 1.5, 1.5, 1.5, 1.5, 1.5],
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
    [0.1, 0.2, 0.3, 0.2, 0.4, 0.3, 0.2, 0.1, 0.1],
    [5.0, 4.5, 4.4, 4.35, 4.34, 4.0, 3.99, 3.98, 3.97],
]


class KerasModel(FakeModel):
    """Keras compares by its own ops and reads the rate as an array."""


def run(callback, model, values, name="loss"):
    """What happens in a run: whether it is stopped after each epoch, weights, rates."""
    callback.set_model(model)
    callback.set_params({"epochs": len(values)})
    callback.on_train_begin()
    record = []
    for epoch, value in enumerate(values):
        model.weight = np.full(2, float(epoch), "float32")
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, {name: value})
        rate = float(model.optimizer.learning_rate) if model.optimizer else None
        record.append((bool(model.stop_training), rate))
        if model.stop_training:
            break
    callback.on_train_end()
    return record, model.get_weights()[0].tolist()


def compare(ours, theirs, values, name="loss", optimizer=False):
    expected_model = KerasModel(FakeOptimizer() if optimizer else None)
    with oracle():
        expected = run(theirs, expected_model, values, name)
    found_model = FakeModel(FakeOptimizer() if optimizer else None)
    found = run(ours, found_model, values, name)
    assert found[1] == expected[1]
    for (stopped, rate), (expected_stopped, expected_rate) in zip(found[0], expected[0]):
        assert stopped == expected_stopped
        # Keras compares in float32
        assert rate is expected_rate is None or rate == pytest.approx(expected_rate, rel=1e-6)
    assert len(found[0]) == len(expected[0])


STOPPING = [
    {},
    {"patience": 2},
    {"patience": 2, "restore_best_weights": True},
    {"patience": 1, "restore_best_weights": True, "baseline": 1.2},
    {"patience": 3, "baseline": 0.05, "restore_best_weights": True},
    {"patience": 1, "min_delta": 0.3},
    {"patience": 1, "min_delta": -0.3},
    {"patience": 2, "start_from_epoch": 3, "restore_best_weights": True},
    {"patience": 2, "mode": "max", "restore_best_weights": True},
    {"patience": 2, "mode": "min"},
]


@pytest.mark.parametrize("options", STOPPING)
@pytest.mark.parametrize("values", RUNS)
def test_early_stopping_as_keras(options, values):
    compare(
        EarlyStopping("loss", **options), keras.callbacks.EarlyStopping("loss", **options), values
    )


@pytest.mark.parametrize(
    "options",
    [
        {"patience": 1},
        {"patience": 2, "factor": 0.5},
        {"patience": 1, "cooldown": 2},
        {"patience": 1, "min_lr": 0.2, "factor": 0.5},
        {"patience": 2, "min_delta": 0.1},
        {"patience": 1, "mode": "max"},
        {"patience": 0},
    ],
)
@pytest.mark.parametrize("values", RUNS)
def test_reduce_lr_as_keras(options, values):
    ours = ReduceLROnPlateau("loss", **options)
    theirs = keras.callbacks.ReduceLROnPlateau("loss", **options)
    compare(ours, theirs, values, optimizer=True)


def test_early_stopping_may_run_again():
    stop = EarlyStopping("loss", patience=1)
    for _ in range(2):
        record, _ = run(stop, FakeModel(), [1.0, 2.0, 3.0])
        assert record == [(False, None), (True, None)]


def test_nan_is_never_better():
    stop = EarlyStopping("loss", patience=5)
    run(stop, FakeModel(), [float("nan"), 3.0, float("nan"), 2.0])
    assert stop.best == 2.0 and stop.best_epoch == 3


def test_best_weights_are_copies():
    model = FakeModel()
    stop = EarlyStopping("loss", restore_best_weights=True)
    stop.set_model(model)
    stop.on_train_begin()
    stop.on_epoch_end(0, {"loss": 1.0})
    model.weight[:] = 7.0
    stop.on_train_end()
    assert model.weight.tolist() == [0.0, 0.0]


def test_early_stopping_says_what_it_does(capsys):
    run(EarlyStopping("loss", verbose=1, restore_best_weights=True), FakeModel(), [1.0, 2.0])
    assert capsys.readouterr().out == (
        "Epoch 2: early stopping\nRestoring the weights of the best epoch, 1.\n"
    )


def test_reduce_lr_logs_and_says_the_rate(capsys):
    callback = ReduceLROnPlateau("loss", patience=1, verbose=1, factor=0.5)
    callback.set_model(FakeModel(FakeOptimizer()))
    logs = [{"loss": 1.0}, {"loss": 1.0}, {"loss": 1.0}]
    for epoch, entry in enumerate(logs):
        callback.on_epoch_end(epoch, entry)
    assert [entry["learning_rate"] for entry in logs] == [0.5, 0.5, 0.25]
    assert capsys.readouterr().out.splitlines()[0] == (
        "Epoch 2: ReduceLROnPlateau lowers the learning rate to 0.25."
    )


def test_reduce_lr_of_several_optimizers(capsys):
    both = [FakeOptimizer(0.5, "a"), FakeOptimizer(0.25, "b")]
    model = FakeModel(types.SimpleNamespace(optimizers=both))
    callback = ReduceLROnPlateau("loss", patience=1, min_lr=0.3, factor=0.8, verbose=1)
    callback.set_model(model)
    logs = {"loss": 1.0}
    callback.on_epoch_end(0, logs)
    callback.on_epoch_end(1, logs)
    assert [optimizer.learning_rate for optimizer in both] == [0.4, 0.25]
    assert logs["learning_rate_a"] == 0.5 and logs["learning_rate_b"] == 0.25
    assert "lowers the a learning rate to 0.4." in capsys.readouterr().out


def test_reduce_lr_needs_an_optimizer():
    callback = ReduceLROnPlateau("loss")
    callback.set_model(FakeModel())
    with pytest.raises(
        ArgumentError, match="optimizer with a `learning_rate`, received a NoneType"
    ):
        callback.on_epoch_end(0, {"loss": 1.0})


DIRECTIONS = [
    ("loss", [], "min"),
    ("val_loss", [], "min"),
    ("val_accuracy", [FakeMetric("accuracy", "up")], "max"),
    ("mean_score", [FakeMetric("mean_score", "down")], "min"),
    ("score", [FakeMetric("all", metrics=[FakeMetric("score", "up")])], "max"),
    ("out_score", [FakeMetric("score", "up")], "max"),
    ("val_my_loss", [FakeMetric("other", "up")], "min"),
    ("auc", [FakeMetric("auc")], "max"),
    ("mean_absolute_error", [], "min"),
    ("val_f1_score", [], "max"),
]


@pytest.mark.parametrize(("monitor", "metrics", "mode"), DIRECTIONS)
def test_direction(monitor, metrics, mode):
    stop = EarlyStopping(monitor, patience=9)
    run(stop, FakeModel(metrics=metrics), [2.0, 1.0, 3.0], monitor)
    assert stop.best == {"min": 1.0, "max": 3.0}[mode]


def test_unclear_direction():
    with pytest.raises(ArgumentError) as info:
        run(EarlyStopping("score"), FakeModel(), [1.0, 2.0], "score")
    assert "Expected `mode='min'` or `mode='max'` for EarlyStopping, as it cannot" in str(
        info.value
    )


@pytest.mark.parametrize(
    ("monitor", "logs", "message"),
    [
        (
            "acuracy",
            {"loss": 1.0, "accuracy": 1.0},
            "one of the logged names ['accuracy', 'loss'], received 'acuracy'. Did you mean "
            "'accuracy'?",
        ),
        (
            "val_loss",
            {"loss": 1.0},
            "received 'val_loss'. No validation runs: pass `validation_data` or",
        ),
    ],
)
def test_unknown_names(monitor, logs, message):
    for callback in (
        EarlyStopping(monitor),
        ReduceLROnPlateau(monitor),
        ModelCheckpoint("a.keras", monitor, save_best_only=True),
    ):
        callbacks = CallbackList(callback, model=FakeModel(FakeOptimizer()))
        with pytest.raises(UnknownNameError) as info:
            callbacks.on_epoch_end(0, logs)
        expected = message
        if isinstance(callback, ReduceLROnPlateau):
            expected = message.replace("'loss']", "'learning_rate', 'loss']")
        assert expected in str(info.value)


def test_validation_need_not_run_in_each_epoch():
    stop = EarlyStopping()
    callbacks = CallbackList(stop, model=FakeModel(), validation_freq=2)
    callbacks.on_epoch_end(0, {"loss": 1.0})
    callbacks.on_epoch_end(1, {"loss": 1.0, "val_loss": 2.0})
    callbacks.on_epoch_end(2, {"loss": 1.0})
    assert stop.best == 2.0
    known = EarlyStopping()
    callbacks = CallbackList(known, model=FakeModel())
    callbacks.check_monitors(["loss", "val_loss"])
    callbacks.on_epoch_end(0, {"loss": 1.0})


def test_only_numbers_are_monitored():
    stop = EarlyStopping("a")
    for value in (np.ones(2), "x"):
        with pytest.raises(ArgumentError, match="Expected 'a' to be one number for EarlyStopping"):
            stop.on_epoch_end(0, {"a": value})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EarlyStopping(3), "Expected `monitor` to be a name in the logs, received 3"),
        (lambda: EarlyStopping(mode="up"), "Expected `mode` to be one of ('auto', 'min', 'max'), "),
        (lambda: EarlyStopping(min_delta="x"), "Expected `min_delta` to be a number, received 'x'"),
        (lambda: EarlyStopping(patience=-1), "`patience` to be an integer of at least 0, received"),
        (
            lambda: EarlyStopping(patience=1.5),
            "`patience` to be an integer of at least 0, received",
        ),
        (
            lambda: EarlyStopping(start_from_epoch=-1),
            "Expected `start_from_epoch` to be an integer",
        ),
        (
            lambda: ReduceLROnPlateau(factor=1.0),
            "Expected `factor` to lie between 0 and 1, received",
        ),
        (lambda: ReduceLROnPlateau(min_lr=-1), "Expected `min_lr` to be at least 0, received -1"),
        (
            lambda: ReduceLROnPlateau(cooldown=-1),
            "Expected `cooldown` to be an integer of at least",
        ),
        (
            lambda: ModelCheckpoint("a.keras", save_freq="batch"),
            "Expected `save_freq` to be 'epoch' or a number of batches of at least 1, received 'b",
        ),
        (lambda: ModelCheckpoint("a.keras", save_freq=0), "of batches of at least 1, received 0"),
        (
            lambda: ModelCheckpoint("a.txt"),
            "Expected `filepath` to end in '.keras' or '.h5' with `save_weights_only=False`, "
            "received 'a.txt'.",
        ),
        (
            lambda: ModelCheckpoint("a.h5", save_weights_only=True),
            "Expected `filepath` to end in '.weights.h5' with `save_weights_only=True`",
        ),
    ],
)
def test_arguments_are_checked(make, message):
    with pytest.raises(ArgumentError) as info:
        make()
    assert message in str(info.value)


def checkpointed(callback, values, name="loss"):
    model = FakeModel()
    run(callback, model, values, name)
    return model.saved


def test_checkpoint_saves_each_epoch(tmp_path):
    path = tmp_path / "new" / "{epoch:02d}-{loss:.1f}.keras"
    saved = checkpointed(ModelCheckpoint(path), [3.0, 2.0])
    assert saved == [str(tmp_path / "new" / n) for n in ("01-3.0.keras", "02-2.0.keras")]
    assert (tmp_path / "new").is_dir()


@pytest.mark.parametrize(
    ("options", "values", "epochs"),
    [
        ({}, [float("nan"), 3.0, 2.0, 2.5, 1.0], [2, 3, 5]),
        ({"mode": "max"}, [1.0, 0.5, 2.0], [1, 3]),
        ({"initial_value_threshold": 1.5}, [2.0, 1.0, 0.5], [2, 3]),
    ],
)
def test_checkpoint_saves_the_best(options, values, epochs, tmp_path):
    callback = ModelCheckpoint(
        tmp_path / "{epoch}.weights.h5",
        "loss",
        save_best_only=True,
        save_weights_only=True,
        **options,
    )
    saved = checkpointed(callback, values)
    assert saved == [str(tmp_path / f"{epoch}.weights.h5") for epoch in epochs]
    assert callback.best == values[epochs[-1] - 1]


@pytest.mark.parametrize("freq", [1, 3, 4, 7])
@pytest.mark.parametrize("stride", [1, 2])
def test_checkpoint_by_batches_as_keras(freq, stride, tmp_path):
    def saved_by(callback):
        model = FakeModel()
        callback.set_model(model)
        for epoch in range(3):
            callback.on_epoch_begin(epoch)
            for batch in range(stride - 1, 6, stride):
                callback.on_train_batch_end(batch, {"loss": 1.0})
            callback.on_epoch_end(epoch, {"loss": 1.0})
        return model.saved

    path = str(tmp_path / "{epoch}-{batch}.keras")
    with oracle():
        expected = saved_by(keras.callbacks.ModelCheckpoint(path, save_freq=freq, monitor="loss"))
    assert saved_by(ModelCheckpoint(path, save_freq=freq)) == expected
    assert expected


def test_checkpoint_says_what_it_does(tmp_path, capsys):
    path = tmp_path / "a.keras"
    callback = ModelCheckpoint(path, "loss", verbose=1, save_best_only=True)
    checkpointed(callback, [2.0, 3.0])
    assert capsys.readouterr().out == (
        f"Epoch 1: loss improved from nothing to 2.00000\n"
        f"Epoch 1: saved the model to {path}\n"
        f"Epoch 2: loss did not improve from 2.00000 to 3.00000\n"
    )


def test_checkpoint_skips_epochs_without_validation(tmp_path):
    callback = ModelCheckpoint(tmp_path / "a.keras", save_best_only=True)
    model = FakeModel()
    callbacks = CallbackList(callback, model=model, validation_freq=2)
    callbacks.on_epoch_end(0, {"loss": 1.0})
    assert model.saved == []


def test_checkpoint_refuses_folders_and_unknown_fields(tmp_path):
    (tmp_path / "a.keras").mkdir()
    callback = ModelCheckpoint(tmp_path / "a.keras")
    callback.set_model(FakeModel())
    with pytest.raises(ArgumentError, match=r"to be a file, but '.*a\.keras' is a folder"):
        callback.on_epoch_end(0, {})
    callback = ModelCheckpoint("{acc}.keras")
    with pytest.raises(UnknownNameError) as info:
        callback.on_epoch_end(0, {"loss": 1.0})
    assert str(info.value) == (
        "Expected the fields of `filepath` in ModelCheckpoint to be among ['epoch', 'loss'], "
        "received 'acc' in '{acc}.keras'."
    )
