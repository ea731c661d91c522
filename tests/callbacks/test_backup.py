"""Backups: what they restore, and that faults never lose both backup and run."""

import os
import random

import h5py
import ml_dtypes
import numpy as np
import pytest

import deepkit
from deepkit.callbacks import (
    BackupAndRestore,
    Callback,
    CallbackList,
    EarlyStopping,
    ModelCheckpoint,
    ReduceLROnPlateau,
)
from deepkit.callbacks._backup_codec import pack, unpack
from deepkit.core.errors import (
    ArgumentError,
    ArgumentTypeError,
    CorruptFileError,
    DataError,
    NotBuiltError,
    WeightMismatchError,
)
from deepkit.tensors import Variable, draw_seed, set_random_seed
from tests.callbacks.fakes import FakeMetric, FakeModel, FakeOptimizer


class Interrupted(Exception):
    pass


def train(folder, losses, *, stop_before=None, extra=(), model=None, **options):
    """Train as `fit` does: each epoch draws numbers and adds its index to the weights."""
    model = model or FakeModel(FakeOptimizer())
    callbacks = CallbackList(
        [BackupAndRestore(folder, **options), *extra], add_history=True, model=model
    )
    callbacks.on_train_begin()
    point = callbacks.resume_point
    numbers = []
    for epoch in range(point.epoch if point else 0, len(losses)):
        callbacks.on_epoch_begin(epoch)
        if epoch == stop_before:
            raise Interrupted
        numbers.append((random.random(), np.random.rand(), draw_seed().tolist()))
        model.weight = model.weight + np.float32(epoch + 1)
        callbacks.on_epoch_end(epoch, {"loss": losses[epoch]})
        if model.stop_training:
            break
    callbacks.on_train_end()
    return model, callbacks, numbers


def interrupted(folder, losses, stop_before, **options):
    with pytest.raises(Interrupted):
        train(folder, losses, stop_before=stop_before, **options)


LOSSES = [6.0, 5.0, 4.0, 3.0, 2.0, 1.0]


def test_interrupted_run_equals_an_unbroken_one(tmp_path):
    set_random_seed(0)
    model, callbacks, numbers = train(tmp_path / "a", LOSSES)
    set_random_seed(0)
    interrupted(tmp_path / "b", LOSSES, 3)
    set_random_seed(9)
    other, others, rest = train(tmp_path / "b", LOSSES)
    assert other.weight.tolist() == model.weight.tolist() == [21.0, 21.0]
    assert others.history.history == callbacks.history.history == {"loss": LOSSES}
    assert others.history.epoch == [0, 1, 2, 3, 4, 5]
    assert rest == numbers[3:]


def test_backup_goes_with_the_run_but_leaves_other_files(tmp_path):
    folder = tmp_path / "backup"
    train(folder, LOSSES[:2], double_checkpoint=True)
    assert not folder.exists()
    folder.mkdir()
    (folder / "note.txt").write_text("mine")
    train(folder, LOSSES[:2])
    assert [path.name for path in folder.iterdir()] == ["note.txt"]


def test_backup_may_stay(tmp_path):
    train(tmp_path, LOSSES[:2], delete_checkpoint=False)
    model, callbacks, numbers = train(tmp_path, LOSSES[:2])
    assert numbers == [] and model.weight.tolist() == [3.0, 3.0]
    assert callbacks.history.history == {"loss": LOSSES[:2]}


def test_second_run_of_the_same_objects_starts_anew(tmp_path):
    interrupted(tmp_path, LOSSES, 2)
    model, callbacks, _ = train(tmp_path, LOSSES)
    assert callbacks.resume_point is None
    callbacks.on_train_begin()
    assert callbacks.resume_point is None
    _, _, numbers = train(tmp_path, LOSSES[:2], model=model)
    assert len(numbers) == 2


def test_states_of_other_callbacks_are_restored(tmp_path):
    def others():
        return (
            EarlyStopping("loss", patience=9, restore_best_weights=True),
            ModelCheckpoint(tmp_path / "best.keras", "loss", save_best_only=True),
            ReduceLROnPlateau("loss", patience=9),
        )

    losses = [float("nan"), 3.0, 2.0, 5.0, 6.0]
    interrupted(tmp_path / "b", losses, 4, extra=others())
    stop, checkpoint, reduce = others()
    model, _, _ = train(tmp_path / "b", losses, extra=(stop, checkpoint, reduce))
    assert (stop.best, stop.best_epoch, stop.wait) == (2.0, 2, 2)
    assert model.weight.tolist() == [6.0, 6.0]  # those of the best epoch
    assert checkpoint.best == 2.0
    assert str(tmp_path / "best.keras") not in model.saved
    assert (reduce.best, reduce.wait) == (2.0, 2)


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_backup_of_finite_weights_outlives_nan(tmp_path, loss):
    class Stop(EarlyStopping):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = logs["loss"] != 1.0

    train(tmp_path, [1.0, loss], extra=[Stop("loss")])
    model = FakeModel(FakeOptimizer())
    callbacks = CallbackList(BackupAndRestore(tmp_path), model=model)
    callbacks.on_train_begin()
    assert callbacks.resume_point.epoch == 1
    assert model.weight.tolist() == [1.0, 1.0]


def test_batches(tmp_path):
    metric = FakeMetric("loss")
    metric.variables = [Variable(np.array([0.0], "float32"))]
    model = FakeModel(metrics=[metric])
    callbacks = CallbackList(BackupAndRestore(tmp_path, save_freq=2), model=model)
    callbacks.on_train_begin()
    callbacks.on_epoch_begin(0)
    for batch in range(5):
        model.weight = model.weight + 1
        metric.variables[0].assign([float(batch + 1)])
        last = np.random.rand()
        callbacks.on_train_batch_end(batch, {"loss": 1.0})
    other_metric = FakeMetric("loss")
    other_metric.variables = [Variable(np.array([0.0], "float32"))]
    other = FakeModel(metrics=[other_metric])
    restored = CallbackList(BackupAndRestore(tmp_path, save_freq=2), model=other)
    restored.on_train_begin()
    point = restored.resume_point
    assert (point.epoch, point.batch) == (0, 4)
    assert other.weight.tolist() == [4.0, 4.0]
    restored.on_epoch_begin(0)
    other_metric.variables[0].assign([0.0])
    other.weight = np.zeros(2, "float32")
    point.settle()
    assert np.random.rand() == last
    assert other.weight.tolist() == [0.0, 0.0]  # no variable of a run that `fit` does not know
    assert other_metric.variables[0].numpy().tolist() == [4.0]


def backups(folder):
    return sorted(path.name for path in folder.iterdir())


def damage(path, how):
    data = path.read_bytes()
    if how == "truncated":
        path.write_bytes(data[: len(data) // 2])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "flipped":
        index = data.index(b'"stop_training"')
        path.write_bytes(data[:index] + bytes([data[index] ^ 1]) + data[index + 1 :])
    elif how == "weights":
        with h5py.File(path, "r+") as file:
            file["vars/0"][0] += 1
    elif how == "missing":
        with h5py.File(path, "r+") as file:
            del file["deepkit_run"]
    else:
        with h5py.File(path, "w") as file:
            file["vars/0"] = np.zeros(2, "float32")


DAMAGES = ["truncated", "empty", "flipped", "weights", "missing", "other"]


@pytest.mark.parametrize("how", DAMAGES)
def test_damaged_backup_gives_way_to_the_one_before(how, tmp_path):
    interrupted(tmp_path, LOSSES, 3, double_checkpoint=True)
    assert backups(tmp_path) == ["training.previous.weights.h5", "training.weights.h5"]
    damage(tmp_path / "training.weights.h5", how)
    with pytest.warns(UserWarning) as warned:
        model, _, numbers = train(tmp_path, LOSSES, double_checkpoint=True)
    message = str(warned[0].message)
    assert message.startswith(f"The backup {str(tmp_path / 'training.weights.h5')!r} could not be")
    assert "so training goes on from the one before it, " in message
    assert "training.previous.weights.h5" in message
    assert len(numbers) == 4 and model.weight.tolist() == [21.0, 21.0]


@pytest.mark.parametrize("how", DAMAGES)
def test_run_never_begins_anew_in_silence(how, tmp_path):
    interrupted(tmp_path, LOSSES, 3, double_checkpoint=True)
    for path in tmp_path.iterdir():
        damage(path, how)
    with pytest.raises(CorruptFileError) as info:
        train(tmp_path, LOSSES)
    message = str(info.value)
    assert message.startswith(f"Expected a backup that can be read in {str(tmp_path)!r}, but '")
    assert "training.weights.h5" in message and "training.previous.weights.h5" in message
    assert message.endswith("Delete the folder to begin anew.")


def test_failed_save_keeps_the_old_backup(tmp_path, monkeypatch):
    interrupted(tmp_path, LOSSES, 2)
    before = (tmp_path / "training.weights.h5").read_bytes()

    class Full(FakeModel):
        def save_own_variables(self, store):
            if sum(self.weight) > 8:
                raise OSError("No space left on device")
            super().save_own_variables(store)

    with pytest.raises(OSError, match="No space left"):
        train(tmp_path, LOSSES, model=Full(FakeOptimizer()))
    assert (tmp_path / "training.weights.h5").read_bytes() == before
    assert backups(tmp_path) == ["training.weights.h5"]


def test_leftovers_of_killed_runs_are_removed(tmp_path):
    interrupted(tmp_path, LOSSES, 2)
    (tmp_path / ".training.weights.h5.0123456789abcdef.tmp").write_bytes(b"half")
    (tmp_path / ".other.0123456789abcdef.tmp").write_bytes(b"of others")
    train(tmp_path, LOSSES[:3], delete_checkpoint=False)
    assert backups(tmp_path) == [".other.0123456789abcdef.tmp", "training.weights.h5"]


def test_replacing_happens_after_the_file_is_on_disk(tmp_path, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(
            os, name, lambda *a, real=real, name=name: (calls.append(name), real(*a))
        )
    train(tmp_path, LOSSES[:1])
    assert calls[0] == "fsync" and calls[-2:] == ["replace", "fsync"]


def test_states_of_callbacks_survive():
    arrays = {}
    state = {
        "none": None,
        "deep": {"list": [1, 2.5, "text", True, float("inf")], "tuple": (1, 2)},
        "bfloat16": np.array([1.5, -2.0], ml_dtypes.bfloat16),
        "scalar": np.float64(3.5),
        "many": [np.array([[1, 2]], np.int8), Variable([3.0])],
    }
    found = unpack(pack(state, arrays, "Mine"), arrays)
    assert found["none"] is None
    assert found["deep"] == {"list": [1, 2.5, "text", True, float("inf")], "tuple": [1, 2]}
    assert found["bfloat16"].dtype == ml_dtypes.bfloat16 and found["bfloat16"].tolist() == [1.5, -2]
    assert found["scalar"] == 3.5 and found["many"][0].dtype == np.int8
    assert found["many"][1].tolist() == [3.0]


@pytest.mark.parametrize("part", [object(), {1: 2}, np.array(["text"], object)])
def test_states_of_other_parts_are_refused(part):
    with pytest.raises(ArgumentTypeError, match="Expected the state of Mine to be made of"):
        pack({"part": [part]}, {}, "Mine")


def test_dtypes_of_arrays_survive_in_the_file(tmp_path):
    class Mine(Callback):
        state = {"a": [np.array([1.5], ml_dtypes.bfloat16), np.array(2, "uint8")]}

        def get_backup_state(self):
            return self.state

        def set_backup_state(self, state):
            self.restored = state

    interrupted(tmp_path, LOSSES, 2, extra=[Mine()])
    mine = Mine()
    train(tmp_path, LOSSES, extra=[mine])
    restored = mine.restored["a"]
    assert [array.dtype.name for array in restored] == ["bfloat16", "uint8"]
    assert [array.tolist() for array in restored] == [[1.5], 2]


def test_backup_of_another_model_is_an_error(tmp_path):
    interrupted(tmp_path, LOSSES, 2)
    model = FakeModel(FakeOptimizer())
    model.variable = Variable(np.zeros(3, "float32"))
    with pytest.raises(WeightMismatchError) as info:
        train(tmp_path, LOSSES, model=model)
    message = str(info.value)
    assert "Expected a value of shape (3,) for the variable" in message
    assert f"The backup in {str(tmp_path)!r} is of another model or optimizer. Make" in message
    assert model.weight.tolist() == [0.0, 0.0, 0.0]


def test_backup_of_other_metrics_is_an_error(tmp_path):
    interrupted(tmp_path, LOSSES, 2)
    metric = FakeMetric("loss")
    metric.variables = [Variable(np.zeros(1, "float32"))]
    with pytest.raises(WeightMismatchError) as info:
        train(tmp_path, LOSSES, model=FakeModel(FakeOptimizer(), [metric]))
    assert "0 variables of the model, its optimizers and metrics in the file, 1" in str(info.value)


def test_weights_of_no_run_are_no_backup(tmp_path):
    model = deepkit.Sequential([deepkit.Input((2,)), deepkit.layers.Dense(1)])
    model.save_weights(tmp_path / "training.weights.h5")
    with pytest.raises(CorruptFileError, match="training.weights.h5. holds no run of a training"):
        train(tmp_path, LOSSES)


def test_fit_does_not_go_on_from_a_loop_of_another_kind(tmp_path):
    interrupted(tmp_path, LOSSES, 2)
    model = deepkit.Sequential([deepkit.Input((2,)), deepkit.layers.Dense(1)])
    model.compile("sgd", loss="mse")
    with pytest.raises(DataError, match="is of a training loop that does not tell where its data"):
        model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0, resume=tmp_path)


def test_one_backup_serves_a_run(tmp_path):
    with pytest.raises(ArgumentError, match=r"one BackupAndRestore, or `resume` of `fit`.*'b'\]"):
        CallbackList([BackupAndRestore("a"), BackupAndRestore("b")])


def test_model_must_have_weights(tmp_path):
    interrupted(tmp_path, LOSSES, 2)
    model = FakeModel()
    model.built = False
    with pytest.raises(NotBuiltError, match="Expected a model with weights to restore the backup"):
        train(tmp_path, LOSSES, model=model)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"backup_dir": ""}, "Expected `backup_dir` to be the path of a folder, received ''"),
        ({"backup_dir": None}, "Expected `backup_dir` to be the path of a folder, received None"),
        ({"backup_dir": "a", "save_freq": False}, "of batches of at least 1, received False"),
        ({"backup_dir": "a", "save_freq": "batch"}, "Expected `save_freq` to be 'epoch' or a num"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(ArgumentError) as info:
        BackupAndRestore(**arguments)
    assert message in str(info.value)
