"""Backups: what they restore, and that faults never lose both backup and run."""

import random
import zipfile

import ml_dtypes
import numpy as np
import pytest

from deepkit.callbacks import (
    BackupAndRestore,
    CallbackList,
    EarlyStopping,
    ModelCheckpoint,
    ReduceLROnPlateau,
)
from deepkit.callbacks import _backup_file as backup_file
from deepkit.core.errors import ArgumentError, CorruptFileError, NotBuiltError
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
    order = np.random.permutation(10)
    for batch in range(5):
        model.weight = model.weight + 1
        metric.variables[0].assign([float(batch + 1)])
        last = np.random.rand()
        callbacks.on_train_batch_end(batch, {"loss": 1.0})
    np.random.seed(5)
    other_metric = FakeMetric("loss")
    other_metric.variables = [Variable(np.array([0.0], "float32"))]
    other = FakeModel(metrics=[other_metric])
    restored = CallbackList(BackupAndRestore(tmp_path, save_freq=2), model=other)
    restored.on_train_begin()
    point = restored.resume_point
    assert (point.epoch, point.batch) == (0, 4)
    assert other.weight.tolist() == [4.0, 4.0]
    restored.on_epoch_begin(0)
    assert np.array_equal(np.random.permutation(10), order)
    point.settle(other)
    assert np.random.rand() == last
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
        index = data.index(b"description.json") + 40
        path.write_bytes(data[:index] + bytes([data[index] ^ 1]) + data[index + 1 :])
    elif how == "weights":
        index = data.index(b"NUMPY") + 100
        path.write_bytes(data[:index] + bytes([data[index] ^ 1]) + data[index + 1 :])
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("other", "x")


DAMAGES = ["truncated", "empty", "flipped", "weights", "other"]


@pytest.mark.parametrize("how", DAMAGES)
def test_damaged_backup_gives_way_to_the_one_before(how, tmp_path):
    interrupted(tmp_path, LOSSES, 3, double_checkpoint=True)
    assert backups(tmp_path) == ["training.backup", "training.previous.backup"]
    damage(tmp_path / "training.backup", how)
    with pytest.warns(UserWarning) as warned:
        model, _, numbers = train(tmp_path, LOSSES, double_checkpoint=True)
    message = str(warned[0].message)
    assert "training.backup' to be a backup of a training run, but it is damaged" in message
    assert "so training goes on from the one before it, " in message
    assert "training.previous.backup" in message
    assert len(numbers) == 4 and model.weight.tolist() == [21.0, 21.0]


@pytest.mark.parametrize("how", DAMAGES)
def test_run_never_begins_anew_in_silence(how, tmp_path):
    interrupted(tmp_path, LOSSES, 3, double_checkpoint=True)
    for path in tmp_path.iterdir():
        damage(path, how)
    with pytest.raises(CorruptFileError) as info:
        train(tmp_path, LOSSES)
    message = str(info.value)
    assert message.startswith("Expected a backup that can be read, but Expected '")
    assert "training.backup" in message and "training.previous.backup" in message
    assert message.endswith(f"Delete the folder {str(tmp_path)!r} to begin anew.")


def test_failed_save_keeps_the_old_backup(tmp_path, monkeypatch):
    interrupted(tmp_path, LOSSES, 2)
    before = (tmp_path / "training.backup").read_bytes()

    class Full(FakeModel):
        def save_weights(self, path, overwrite):
            super().save_weights(path, overwrite)
            raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space left"):
        train(tmp_path, LOSSES, model=Full(FakeOptimizer()))
    assert (tmp_path / "training.backup").read_bytes() == before
    assert backups(tmp_path) == ["training.backup"]


def test_leftovers_of_killed_runs_are_removed(tmp_path):
    interrupted(tmp_path, LOSSES, 2)
    (tmp_path / ".backup-dead").mkdir()
    (tmp_path / ".backup-dead" / "state.weights.h5").write_bytes(b"half")
    train(tmp_path, LOSSES[:3], delete_checkpoint=False)
    assert backups(tmp_path) == ["training.backup"]


def test_replacing_happens_after_the_file_is_on_disk(tmp_path, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        real = getattr(backup_file.os, name)
        monkeypatch.setattr(
            backup_file.os, name, lambda *a, real=real, name=name: (calls.append(name), real(*a))
        )
    train(tmp_path, LOSSES[:1])
    assert calls == ["fsync", "replace", "fsync"]


def test_all_dtypes_survive(tmp_path):
    arrays = {
        "a/b:c": np.array([1.5, -2.0], ml_dtypes.bfloat16),
        "f": np.array(3.5, np.float64),
        "g": np.array([[1, 2]], np.int8),
    }
    path = tmp_path / "x.backup"
    backup_file.write_backup(path, lambda p: open(p, "wb").close(), {"a": [1.0]}, arrays)
    description, found = backup_file.read_backup(path, lambda p: None)
    assert description == {"a": [1.0]}
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype and np.array_equal(found[name], array)


def test_model_must_have_weights(tmp_path):
    interrupted(tmp_path, LOSSES, 2)
    model = FakeModel()
    model.built = False
    with pytest.raises(NotBuiltError, match="Expected a model with weights to restore the backup"):
        train(tmp_path, LOSSES, model=model)


def test_optimizer_is_built_before_its_state_is_restored(tmp_path):
    interrupted(tmp_path, LOSSES, 2)

    class Lazy(FakeOptimizer):
        built = False

        def build(self, variables):
            self.built = variables

    model = FakeModel(Lazy())
    model.trainable_variables = ["w"]
    train(tmp_path, LOSSES, model=model)
    assert model.optimizer.built == ["w"]


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
