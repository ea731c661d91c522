"""Checkpoints of Orbax: written while a model trains, restored to the bit."""

import subprocess
import sys

import jax
import numpy as np
import pytest

import deepkit
from deepkit.callbacks import BackupAndRestore, Callback, OrbaxCheckpoint
from deepkit.core.errors import ArgumentError, UnknownNameError, WeightMismatchError
from deepkit.saving import MissingFileError

X = np.random.default_rng(0).normal(size=(24, 4)).astype("float32")
Y = X[:, :1]


def model_of(units=3, optimizer="adam", dtype=None):
    layers = deepkit.layers
    model = deepkit.Sequential([deepkit.Input((4,)), layers.Dense(units, dtype=dtype)])
    model.add(layers.Dropout(0.3))
    model.add(layers.BatchNormalization())
    model.add(layers.Dense(1))
    model.compile(optimizer, loss="mse")
    return model


def fit(model, callbacks, epochs=2, **options):
    return model.fit(X, Y, batch_size=8, epochs=epochs, verbose=0, callbacks=callbacks, **options)


def values_of(model):
    return [variable.numpy() for variable in [*model.variables, *model.optimizer.variables]]


def assert_equal(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


def steps_in(folder):
    return sorted(int(path.name) for path in folder.iterdir())


@pytest.mark.parametrize("background", [True, False])
@pytest.mark.parametrize("dtype", [None, "bfloat16"])
def test_model_is_restored_to_the_bit(dtype, background, tmp_path):
    model = model_of(dtype=dtype)
    fit(model, [OrbaxCheckpoint(tmp_path, save_on_background=background)], 3)
    assert steps_in(tmp_path) == [2]
    other = model_of(dtype=dtype)
    assert OrbaxCheckpoint(tmp_path).restore(other) == 2
    assert_equal(values_of(other), values_of(model))
    before = deepkit.tensors.get_random_state()
    expected = fit(model, [], 5, initial_epoch=3).history
    deepkit.tensors.set_random_state(before)
    assert fit(other, [], 5, initial_epoch=3).history == expected


def test_other_programs_read_the_tree(tmp_path):
    import orbax.checkpoint

    model = model_of()
    fit(model, [OrbaxCheckpoint(tmp_path)], 1)
    with orbax.checkpoint.CheckpointManager(tmp_path) as manager:
        args = orbax.checkpoint.args
        tree = manager.restore(0, args=args.Composite(state=args.StandardRestore()))["state"]
    np.testing.assert_array_equal(tree["layers"]["dense"]["vars"]["0"], model.layers[0].kernel)
    assert tree["optimizer"]["vars"]["0"] == 3
    assert len(jax.tree.leaves(tree)) == len(values_of(model))


def test_a_step_is_chosen_and_old_ones_go(tmp_path):
    seen = []

    class Watch(Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(values_of(self.model))

    fit(model_of(), [OrbaxCheckpoint(tmp_path, max_to_keep=2), Watch()], 4)
    assert steps_in(tmp_path) == [2, 3]
    model = model_of()
    OrbaxCheckpoint(tmp_path).restore(model, 2)
    assert_equal(values_of(model), seen[2])
    with pytest.raises(MissingFileError, match=r"no checkpoint .* for step 1; it has \[2, 3\]"):
        OrbaxCheckpoint(tmp_path).restore(model, 1)
    with pytest.raises(MissingFileError, match="There is no checkpoint of Orbax in '.*empty'."):
        OrbaxCheckpoint(tmp_path / "empty").restore(model)


def test_batches_are_steps(tmp_path):
    fit(model_of(), [OrbaxCheckpoint(tmp_path, save_freq=2, max_to_keep=None)], 3)
    assert steps_in(tmp_path) == [2, 4, 6, 8]


def test_weights_alone(tmp_path):
    model = model_of()
    fit(model, [OrbaxCheckpoint(tmp_path, save_weights_only=True)])
    other = model_of(optimizer="sgd")
    OrbaxCheckpoint(tmp_path, save_weights_only=True).restore(other)
    assert_equal([v.numpy() for v in other.variables], [v.numpy() for v in model.variables])
    with pytest.raises(WeightMismatchError, match="missing in the file.*\n.*'optimizer/vars/0' ()"):
        OrbaxCheckpoint(tmp_path).restore(other)


def test_another_model_is_an_error(tmp_path):
    fit(model_of(), [OrbaxCheckpoint(tmp_path)])
    other = model_of(units=5)
    before = values_of(other)
    with pytest.raises(WeightMismatchError) as info:
        OrbaxCheckpoint(tmp_path).restore(other)
    message = str(info.value)
    assert "'layers/dense/vars/0' has shape (4, 3) in the file, and (4, 5) in the model" in message
    assert "Make and compile the model as it was" in message
    assert_equal([v.numpy() for v in other.variables], before[: len(other.variables)])


class Losses(Callback):
    def __init__(self, values):
        self.values = values

    def on_epoch_end(self, epoch, logs=None):
        logs["val_loss"] = self.values[epoch]


def test_best_is_kept_across_restarts(tmp_path, capsys):
    def run(values, first):
        best = OrbaxCheckpoint(tmp_path, save_best_only=True)
        values = [None] * first + values
        fit(model_of(), [Losses(values), best], len(values), initial_epoch=first)
        return best.best

    assert run([float("nan"), 3.0, 2.0, 4.0], 0) == 2.0 and steps_in(tmp_path) == [2]
    assert run([5.0, 2.5], 4) == 2.0 and steps_in(tmp_path) == [2]
    assert "OrbaxCheckpoint goes on from the best val_loss of an earlier" in capsys.readouterr().out
    assert run([5.0, 1.0], 6) == 1.0 and steps_in(tmp_path) == [7]


def test_unknown_monitor_is_an_error_at_the_start(tmp_path):
    with pytest.raises(UnknownNameError, match="`monitor` of OrbaxCheckpoint to be one of the log"):
        fit(model_of(), [OrbaxCheckpoint(tmp_path, "val_acc", save_best_only=True)])
    assert steps_in(tmp_path) == []


def test_checkpoints_of_another_run_are_not_replaced(tmp_path):
    fit(model_of(), [OrbaxCheckpoint(tmp_path)], 3)
    with pytest.raises(
        ArgumentError, match=r"without checkpoints after step 0, but '.*' has \[2\]"
    ):
        fit(model_of(), [OrbaxCheckpoint(tmp_path)])
    assert steps_in(tmp_path) == [2]


def test_a_run_that_goes_on_replaces_its_own(tmp_path):
    class Interrupt(Callback):
        def __init__(self, epoch):
            self.epoch = epoch

        def on_epoch_end(self, epoch, logs=None):
            if epoch == self.epoch:
                raise KeyboardInterrupt

    def run(epoch):
        deepkit.utils.set_random_seed(1)
        model = model_of()
        callbacks = [
            OrbaxCheckpoint(tmp_path / "orbax"),
            Interrupt(epoch),
            BackupAndRestore(tmp_path / "backup"),
        ]
        fit(model, callbacks, 4)
        return values_of(model)

    with pytest.raises(KeyboardInterrupt):
        run(2)
    assert steps_in(tmp_path / "orbax") == [2]  # one epoch after the backup
    expected = run(None)
    restored = model_of()
    assert OrbaxCheckpoint(tmp_path / "orbax").restore(restored) == 3
    assert_equal(values_of(restored), expected)


def test_error_of_a_write_ends_fit(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises((OSError, ValueError)):
        fit(model_of(), [OrbaxCheckpoint(tmp_path / "file" / "inner")])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"save_freq": 0},
            "Expected `save_freq` to be 'epoch' or a number of batches of at least 1",
        ),
        ({"max_to_keep": 0}, "Expected `max_to_keep` to be an integer of at least 1, received 0"),
        ({"mode": "best"}, "Expected `mode` to be one of"),
    ],
)
def test_arguments_are_checked(arguments, message, tmp_path):
    with pytest.raises(ArgumentError) as info:
        OrbaxCheckpoint(tmp_path, **arguments)
    assert message in str(info.value)


def test_package_is_asked_for(tmp_path):
    code = """
import sys
sys.modules["orbax"] = sys.modules["orbax.checkpoint"] = None
import deepkit
try:
    deepkit.callbacks.OrbaxCheckpoint("x")
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.endswith("Install it with `pip install deepkit[orbax]`.\n"), done.stderr
