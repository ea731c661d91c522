"""Checkpoints of real models: the best across restarts, and files written on a thread."""

import errno
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import deepkit
from deepkit.callbacks import Callback, EarlyStopping, ModelCheckpoint, ReduceLROnPlateau
from deepkit.core.errors import ArgumentError, UnknownNameError
from tests.oracle import keras, oracle

ENDINGS = (".keras", ".h5", ".weights.h5")
X = np.random.default_rng(0).normal(size=(24, 4)).astype("float32")
Y = X[:, :1]


def model_of(units=3):
    model = deepkit.Sequential([deepkit.Input((4,)), deepkit.layers.Dense(units)])
    model.add(deepkit.layers.Dense(1))
    model.compile("adam", loss="mse")
    return model


class Losses(Callback):
    """Lets epochs log given values, and marks the weights of each."""

    def __init__(self, values):
        self.values = values

    def on_epoch_end(self, epoch, logs=None):
        self.model.layers[-1].bias.assign([float(epoch)])
        logs["val_loss"] = self.values[epoch]


def fit(model, callbacks, epochs=1, **options):
    return model.fit(X, Y, batch_size=8, epochs=epochs, verbose=0, callbacks=callbacks, **options)


def mark_in(path):
    """The epoch whose weights are in a file."""
    model = model_of()
    model.load_weights(path)
    return float(model.layers[-1].bias[0])


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("asynchronous", [False, True], ids=["at once", "on a thread"])
def test_best_is_kept_across_restarts(asynchronous, ending, tmp_path, capsys):
    path = tmp_path / f"best{ending}"

    def checkpoint():
        weights_only = ending == ".weights.h5"
        return ModelCheckpoint(
            path, save_best_only=True, save_weights_only=weights_only, asynchronous=asynchronous
        )

    def run(values):
        callback = checkpoint()
        fit(model_of(), [Losses(values), callback], len(values))
        return callback.best

    assert run([float("nan")]) is None and not path.exists()
    assert run([float("nan"), 3.0]) == 3.0 and mark_in(path) == 1.0
    assert run([2.0, 2.5]) == 2.0 and mark_in(path) == 0.0
    assert run([9.0, 8.0, 1.0]) == 1.0 and mark_in(path) == 2.0
    before = path.read_bytes()
    assert run([float("nan"), 1.5, 1.0]) == 1.0 and path.read_bytes() == before
    line = f"goes on from the best val_loss of an earlier run, 1.00000 in {path}; delete it"
    assert line in capsys.readouterr().out


def test_a_first_nan_does_not_freeze_it(tmp_path):
    saved = []

    class Watch(Callback):
        def on_epoch_end(self, epoch, logs=None):
            saved.append(path.exists() and mark_in(path))

    path = tmp_path / "best.keras"
    callbacks = [
        Losses([float("nan"), 3.0, 2.0, 1.0, 4.0]),
        ModelCheckpoint(path, save_best_only=True),
    ]
    fit(model_of(), [*callbacks, Watch()], 5)
    assert saved == [False, 1.0, 2.0, 3.0, 3.0]


def test_best_of_files_with_fields_is_that_of_the_newest(tmp_path):
    pattern = tmp_path / "{epoch:02d}-{val_loss:.1f}.keras"

    def run(values):
        callback = ModelCheckpoint(pattern, save_best_only=True)
        fit(model_of(), [Losses(values), callback], len(values))
        return callback.best

    assert run([3.0, 2.0, 4.0]) == 2.0
    (tmp_path / ".03-1.0.keras.0123456789abcdef.tmp").write_bytes(b"half of a file")
    assert run([5.0, 6.0]) == 2.0
    names = {path.name for path in tmp_path.iterdir() if path.suffix == ".keras"}
    assert names == {"01-3.0.keras", "02-2.0.keras"}


def test_best_of_another_value_does_not_count(tmp_path):
    path = tmp_path / "best.keras"
    fit(model_of(), [ModelCheckpoint(path, "loss", save_best_only=True)])
    other = ModelCheckpoint(path, save_best_only=True)
    fit(model_of(), [Losses([1e9]), other])
    assert other.best == 1e9


@pytest.mark.parametrize("content", [b"", b"PK of something else"])
def test_a_damaged_file_says_nothing_of_the_best(content, tmp_path):
    path = tmp_path / "best.keras"
    path.write_bytes(content)
    with pytest.warns(UserWarning, match="best.keras' of an earlier run does not tell how good"):
        fit(model_of(), [Losses([5.0]), ModelCheckpoint(path, save_best_only=True)])
    assert mark_in(path) == 0.0


def test_damaged_notes_say_nothing_of_the_best(tmp_path):
    path = tmp_path / "best.weights.h5"
    deepkit.saving._formats.prepared.prepare(model_of(), path, [1.0])()
    checkpoint = ModelCheckpoint(path, save_best_only=True, save_weights_only=True)
    with pytest.warns(UserWarning, match="The notes in '.*' are damaged"):
        fit(model_of(), [Losses([5.0]), checkpoint])


@pytest.mark.parametrize("ending", ENDINGS)
def test_keras_opens_files_with_notes(ending, tmp_path):
    path = tmp_path / f"best{ending}"
    model = model_of()
    only = ending == ".weights.h5"
    fit(model, [ModelCheckpoint(path, "loss", save_best_only=True, save_weights_only=only)])
    with oracle():
        if only:
            theirs = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
            theirs.add(keras.layers.Dense(1))
            theirs.load_weights(path)
        else:
            theirs = keras.models.load_model(path)
        found, expected = theirs.predict(X, verbose=0), model.predict(X, verbose=0)
    # Sums of four and three products of float32, which may cancel.
    np.testing.assert_allclose(found, expected, 1e-5, 1e-6)


@pytest.mark.parametrize("kind", [ModelCheckpoint, EarlyStopping, ReduceLROnPlateau])
def test_unknown_monitors_are_errors_at_the_start(kind, tmp_path):
    options = {"filepath": tmp_path / "x.keras", "save_best_only": True}
    callback = kind(monitor="val_acc", **(options if kind is ModelCheckpoint else {}))
    model = model_of()
    before = model.get_weights()
    with pytest.raises(UnknownNameError) as info:
        fit(model, [callback], validation_data=(X, Y))
    assert "one of the logged names ['learning_rate', 'loss', 'val_loss']" in str(info.value)
    assert list(tmp_path.iterdir()) == []
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), before))


# On a thread


class Late:
    """A writer that begins to write when all training is done."""

    def __init__(self):
        self.writes = []

    def start(self, write):
        self.writes.append(write)

    def finish(self):
        for write in self.writes:
            thread = threading.Thread(target=write)
            thread.start()
            thread.join()


class Remember(Callback):
    def __init__(self):
        self.values = []

    def on_epoch_end(self, epoch, logs=None):
        variables = [*self.model.variables, *self.model.optimizer.variables]
        self.values.append([variable.numpy() for variable in variables])


@pytest.mark.parametrize("ending", ENDINGS)
def test_files_hold_the_model_as_it_was(ending, tmp_path):
    """Training gives the memory of large weights away with the next step."""
    only = ending == ".weights.h5"
    path = tmp_path / f"{{epoch}}{ending}"
    checkpoint = ModelCheckpoint(path, save_weights_only=only, asynchronous=True)
    checkpoint._writer = Late()
    model, remember = model_of(units=90_000), Remember()
    fit(model, [checkpoint, remember], 2)
    for epoch in (1, 2):
        if only:
            loaded = model_of(units=90_000)
            loaded.load_weights(tmp_path / f"{epoch}{ending}")
        else:
            loaded = deepkit.saving.load_model(tmp_path / f"{epoch}{ending}")
        found = [*loaded.variables, *loaded.optimizer.variables]
        for ours, theirs in zip(found, remember.values[epoch - 1], strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_files_are_written_in_order_and_beside_training(tmp_path, monkeypatch):
    seen, real = [], os.replace

    def replace(source, target):
        seen.append((os.path.basename(target), threading.current_thread().name))
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    fit(model_of(), [ModelCheckpoint(tmp_path / "{epoch}.keras", asynchronous=True)], 4)
    assert seen == [(f"{epoch}.keras", "deepkit-writer") for epoch in (1, 2, 3, 4)]


def _full_disk(monkeypatch):
    def fsync(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)


def test_error_of_a_write_is_raised_at_the_next_save(tmp_path, monkeypatch):
    _full_disk(monkeypatch)
    model = model_of()
    with pytest.raises(OSError, match="No space left"):
        fit(model, [ModelCheckpoint(tmp_path / "{epoch}.keras", asynchronous=True)], 5)
    assert model.history.epoch == [0, 1] or model.history.epoch == [0]
    assert list(tmp_path.iterdir()) == []


def test_error_of_the_last_write_is_raised_at_the_end_of_fit(tmp_path, monkeypatch):
    _full_disk(monkeypatch)
    with pytest.raises(OSError, match="No space left"):
        fit(model_of(), [ModelCheckpoint(tmp_path / "a.keras", asynchronous=True)])
    assert list(tmp_path.iterdir()) == []


class Failing(Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise KeyError("of the user")


def test_pending_write_is_finished_when_fit_fails(tmp_path):
    with pytest.raises(KeyError, match="of the user"):
        fit(model_of(), [ModelCheckpoint(tmp_path / "a.keras", asynchronous=True), Failing()])
    assert deepkit.saving.load_model(tmp_path / "a.keras").built


def test_failed_write_is_reported_when_fit_fails(tmp_path, monkeypatch):
    _full_disk(monkeypatch)
    with pytest.raises(KeyError, match="of the user") as info:
        fit(model_of(), [ModelCheckpoint(tmp_path / "a.keras", asynchronous=True), Failing()])
    (note,) = info.value.__notes__
    assert note.startswith("And ModelCheckpoint raised, as it ended: [Errno 28] No space left")


def test_model_that_saves_in_its_own_way_is_asked_to(tmp_path):
    class Own(deepkit.Sequential):
        def save(self, path, overwrite=True):
            with open(path, "w") as file:
                file.write("mine")

    model = Own([deepkit.Input((4,)), deepkit.layers.Dense(1)])
    model.compile("sgd", loss="mse")
    path = tmp_path / "folder" / "a.keras"
    fit(model, [ModelCheckpoint(path)])
    assert path.read_text() == "mine"
    with pytest.raises(ArgumentError, match="Expected `asynchronous=False` in ModelCheckp"):
        fit(model, [ModelCheckpoint(path, asynchronous=True)])


def test_process_that_ends_waits_for_its_file(tmp_path):
    code = """
import sys, time, os, numpy as np, deepkit
real = os.fsync
os.fsync = lambda descriptor: (time.sleep(0.5), real(descriptor))
class Exit(deepkit.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        sys.exit(3)
deepkit.callbacks.CallbackList.on_train_error = lambda self, error: None
model = deepkit.Sequential([deepkit.Input((4,)), deepkit.layers.Dense(1)])
model.compile("sgd", loss="mse")
checkpoint = deepkit.callbacks.ModelCheckpoint(sys.argv[1], asynchronous=True)
model.fit(np.ones((8, 4)), np.ones((8, 1)), verbose=0, callbacks=[checkpoint, Exit()])
"""
    path = tmp_path / "a.keras"
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (3, "")
    assert deepkit.saving.load_model(path).built
