"""Runs that are interrupted and begun again end as unbroken ones, to the bit."""

import functools

import numpy as np
import pytest

import deepkit
from deepkit.callbacks import BackupAndRestore, Callback, EarlyStopping, TerminateOnNaN
from deepkit.core.errors import ArgumentError, DataError, StateError, WeightMismatchError
from tests.training.resumable import X, Y, assert_same, train


class Interrupted(BaseException):
    """As Ctrl-C, nothing catches it."""


class Interrupting(Callback):
    def __init__(self, epoch, batch=None):
        self.epoch, self.batch = epoch, batch
        if batch is None:
            self._idle_hooks = frozenset([Interrupting.on_train_batch_end])

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.now == self.epoch and batch >= self.batch:
            raise Interrupted

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self.epoch and self.batch is None:
            raise Interrupted


@functools.cache
def unbroken(name, save_freq):
    return train(name, None, extra=_watcher(save_freq))


def _watcher(save_freq):
    """Lets `fit` run batch by batch where backups do, as other programs may round otherwise."""
    return [] if save_freq == "epoch" else [Interrupting(-1, 0)]


# Each with one way of backing up; `full` with several.
CASES = {
    "full": ("epoch", 2, 5),
    "stretches_of_three": (2,),
    "eager": (4,),
    "with_callbacks": ("epoch", 3),
    "averaged": ("epoch",),
    "own_step": ("epoch", 2),
    "scaled": (4,),
    "penalized": ("epoch",),
    "dataset": ("epoch", 2),
    "generator": ("epoch", 4),
    "arrays_in_steps": ("epoch", 2),
}


@pytest.mark.parametrize(
    ("name", "save_freq"), [(name, freq) for name, freqs in CASES.items() for freq in freqs]
)
def test_interrupted_run_ends_as_an_unbroken_one(name, save_freq, tmp_path):
    expected = unbroken(name, save_freq)
    for epoch, batch in [(1, 1), (3, 1)]:
        batch = None if save_freq == "epoch" else batch
        with pytest.raises(Interrupted):
            train(name, tmp_path / "backup", save_freq, [Interrupting(epoch, batch)])
    assert_same(train(name, tmp_path / "backup", save_freq, _watcher(save_freq)), expected)
    assert not (tmp_path / "backup").exists()


def _model(units=8, optimizer="adam"):
    deepkit.utils.set_random_seed(1)
    model = deepkit.Sequential([deepkit.Input((5,)), deepkit.layers.Dense(units)])
    model.add(deepkit.layers.Dense(2))
    model.compile(optimizer, loss="mse")
    return model


def _interrupted(folder, **options):
    with pytest.raises(Interrupted):
        _fit(_model(), folder, callbacks=[Interrupting(1)], **options)


def _fit(model, folder, rows=44, **options):
    options = {"batch_size": 8, "epochs": 3, "verbose": 0, **options}
    return model.fit(X[:rows], Y[:rows], resume=folder, **options)


def test_resume_is_an_argument_of_fit(tmp_path):
    expected = _fit(_model(), tmp_path / "other").history
    assert not (tmp_path / "other").exists()
    _interrupted(tmp_path / "run")
    names = sorted(path.name for path in (tmp_path / "run").iterdir())
    assert names == ["training.weights.h5"]
    assert _fit(_model(), tmp_path / "run").history == expected
    assert not (tmp_path / "run").exists()


def test_the_backup_before_the_latest_is_kept(tmp_path):
    with pytest.raises(Interrupted):
        _fit(_model(), tmp_path, callbacks=[Interrupting(2)])
    expected = _fit(_model(), tmp_path / "other").history
    (tmp_path / "training.weights.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.warns(UserWarning, match="training.weights.h5' could not be read .*previous.weigh"):
        assert _fit(_model(), tmp_path).history == expected


def test_next_fit_of_the_same_model_trains_all_its_epochs(tmp_path):
    _interrupted(tmp_path)
    model = _model()
    assert _fit(model, tmp_path).epoch == [0, 1, 2]
    assert model.fit(X, Y, epochs=2, verbose=0).epoch == [0, 1]
    assert _fit(model, tmp_path, epochs=2).epoch == [0, 1]


def test_files_of_others_stay(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "training.csv").write_text("mine, too")
    _interrupted(tmp_path)
    _fit(_model(), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt", "training.csv"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rows": 40}, "but `samples` was 44 and is 40, `steps` was 6 and is 5. Train on the same"),
        ({"batch_size": 4}, "`batch_size` was 8 and is 4, `steps` was 6 and is 11"),
        ({"shuffle": False}, "`shuffle` was True and is False"),
    ],
)
def test_backup_of_other_data_is_an_error(changes, message, tmp_path):
    _interrupted(tmp_path)
    model = _model()
    before = model.get_weights()
    with pytest.raises(DataError) as info:
        _fit(model, tmp_path, **changes)
    assert message in str(info.value)
    assert str(info.value).startswith(f"Expected the data with which the backup in '{tmp_path}'")
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), before))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: _model(units=9), "has shape (5, 8) in the file"),
        (lambda: _model(optimizer="sgd"), "is the state of Adam in the file, and of SGD in the"),
    ],
)
def test_backup_of_another_model_or_optimizer_is_an_error(model, message, tmp_path):
    _interrupted(tmp_path)
    other = model()
    before = other.get_weights()
    with pytest.raises(WeightMismatchError) as info:
        _fit(other, tmp_path)
    assert message in str(info.value)
    assert "is of another model or optimizer. Make and compile the model as" in str(info.value)
    assert all(np.array_equal(a, b) for a, b in zip(other.get_weights(), before))


def test_one_folder_serves_a_run():
    with pytest.raises(ArgumentError, match="Expected one BackupAndRestore, or `resume` of `fit`"):
        _fit(_model(), "a", callbacks=[BackupAndRestore("b")])


@pytest.mark.parametrize("save_freq", ["epoch", 3])
def test_nan_keeps_the_last_finite_weights(save_freq, tmp_path, capsys):
    x = X.copy()
    model = _model()

    class Spoil(Callback):
        weights = []

        def on_epoch_end(self, epoch, logs=None):
            self.weights.append(self.model.get_weights())
            if epoch == 1:
                self.model.layers[0].bias.assign([np.nan] * 8)

    spoil = Spoil()
    backup = BackupAndRestore(tmp_path, save_freq)
    history = model.fit(
        x, Y, batch_size=8, epochs=5, verbose=0, callbacks=[spoil, TerminateOnNaN(), backup]
    )
    assert len(history.history["loss"]) == 3 and np.isnan(history.history["loss"][2])
    assert "Batch 0: the loss is nan; training stops." in capsys.readouterr().out
    other = _model()
    other.load_weights(tmp_path / "training.weights.h5")
    # At the end of its epoch the weights were spoiled already; after its last batch not yet.
    finite = spoil.weights[0 if save_freq == "epoch" else 1]
    assert all(np.array_equal(a, b) for a, b in zip(other.get_weights(), finite))


def test_nan_in_a_batch_can_raise(tmp_path):
    model = _model()
    x = X.copy()
    x[20] = np.nan
    with pytest.raises(StateError, match="received nan in batch 2"):
        model.fit(
            x,
            Y,
            batch_size=8,
            shuffle=False,
            verbose=0,
            callbacks=[TerminateOnNaN(raise_error=True), BackupAndRestore(tmp_path, 1)],
        )
    other = _model()
    other.load_weights(tmp_path / "training.weights.h5")
    assert all(np.isfinite(weight).all() for weight in other.get_weights())


def test_a_run_that_was_to_stop_stops(tmp_path):
    class Stop(EarlyStopping):
        """Dies where the program would go on after its last backup."""

        dies = True

        def on_train_end(self, logs=None):
            super().on_train_end(logs)
            if self.dies:
                raise Interrupted

    def run(dies):
        stop = Stop("loss", patience=1, min_delta=100.0, restore_best_weights=True)
        stop.dies = dies
        model = _model()
        try:
            history = _fit(model, tmp_path, epochs=6, callbacks=[stop])
        except Interrupted:
            history = model.history
        return history.epoch, model.get_weights()

    (epochs, weights), (again, weights_again) = run(True), run(False)
    assert epochs == again == [0, 1]
    assert all(np.array_equal(a, b) for a, b in zip(weights, weights_again))


def test_a_run_whose_data_is_never_the_same_says_so(tmp_path):
    def batches(count):
        for start in range(count):
            yield X[start : start + 8], Y[start : start + 8]

    with pytest.raises(Interrupted):
        _model().fit(
            batches(9),
            steps_per_epoch=3,
            verbose=0,
            callbacks=[Interrupting(1)],
            epochs=3,
            resume=tmp_path,
        )
    with pytest.raises(DataError, match="the generator to yield the 3 batches again that were don"):
        _model().fit(batches(2), steps_per_epoch=3, verbose=0, epochs=3, resume=tmp_path)


def test_resume_must_be_a_path():
    model = deepkit.Sequential([deepkit.Input((2,)), deepkit.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(TypeError, match="Expected `resume` to be the path of a folder .* 3"):
        model.fit(np.ones((2, 2)), np.ones((2, 1)), resume=3)
