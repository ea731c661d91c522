"""Training programs that can be interrupted, and run as a process that kills itself.

`python -m tests.training.resumable NAME SAVE_FREQ FOLDER RESULT [PLACE COUNT]` trains a program
with backups in a folder. It is killed by SIGKILL at a visit of a place, or writes its result.
"""

import json
import os
import pathlib
import pickle
import signal
import sys

import numpy as np

import deepkit
from deepkit import layers
from deepkit.callbacks import (
    BackupAndRestore,
    Callback,
    CSVLogger,
    EarlyStopping,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
    SwapEMAWeights,
)
from deepkit.training._program import Binding

EPOCHS, ROWS, BATCH = 6, 44, 8
X = np.random.default_rng(0).normal(size=(ROWS, 5)).astype("float32")
Y = np.stack([X.sum(axis=1), np.sin(X[:, 0])], axis=1).astype("float32")
HELD_OUT = X[:10], Y[:10]


def _net(**options):
    return deepkit.Sequential(
        [
            deepkit.Input((5,)),
            layers.Dense(8, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(2, **options),
        ]
    )


def _schedule():
    return deepkit.optimizers.schedules.ExponentialDecay(0.02, 5, 0.9)


def full():
    """Dropout, batch normalization, Adam, shuffling, a schedule and validation."""
    model = _net()
    model.compile(deepkit.optimizers.Adam(_schedule()), loss="mse", metrics=["mae"])
    return model, {"x": X, "y": Y, "validation_data": HELD_OUT}


def stretches_of_three():
    model = _net()
    model.compile("adam", loss="mse", metrics=["mae"], steps_per_execution=3)
    return model, {"x": X, "y": Y}


def eager():
    model = _net()
    model.compile("adam", loss="mse", metrics=["mae"], run_eagerly=True)
    return model, {"x": X[:24], "y": Y[:24]}


def with_callbacks():
    """Callbacks that count, and two that set the learning rate."""
    model = _net()
    model.compile(deepkit.optimizers.SGD(0.05, momentum=0.9), loss="mse", metrics=["mae"])
    callbacks = [
        LearningRateScheduler(lambda epoch, rate: rate * 0.9),
        EarlyStopping("val_loss", patience=4, restore_best_weights=True),
        ReduceLROnPlateau("val_loss", factor=0.5, patience=1, min_delta=0.05),
        _Drawing(),
    ]
    return model, {"x": X, "y": Y, "validation_data": HELD_OUT, "callbacks": callbacks}


class _Drawing(Callback):
    """Draws numbers of its own, which shifts all that come after them."""

    def on_epoch_begin(self, epoch, logs=None):
        np.random.rand(epoch)

    def on_epoch_end(self, epoch, logs=None):
        np.random.rand(2)


def averaged():
    model = _net()
    optimizer = deepkit.optimizers.Adam(0.02, use_ema=True, ema_momentum=0.9)
    model.compile(optimizer, loss="mse")
    callbacks = [SwapEMAWeights(swap_on_epoch=True)]
    return model, {"x": X, "y": Y, "validation_data": HELD_OUT, "callbacks": callbacks}


class _OwnStep(deepkit.Model):
    """A step of its own, with two optimizers, a count that is never reset, and a penalty."""

    def __init__(self):
        super().__init__()
        self.one, self.two = layers.Dense(6, activation="tanh"), layers.Dense(2)
        self.noise = layers.GaussianNoise(0.1)
        self.seen = self.add_weight(shape=(), initializer="zeros", trainable=False, name="seen")
        self.error = deepkit.metrics.Mean(name="loss")
        self.one_optimizer = deepkit.optimizers.Adam(0.01)
        self.two_optimizer = deepkit.optimizers.SGD(0.05, momentum=0.9)

    @property
    def metrics(self):
        return [self.error]

    def call(self, x, training=None):
        hidden = self.one(self.noise(x, training=training))
        self.add_loss(0.01 * deepkit.ops.mean(hidden**2))
        return self.two(hidden)

    def train_step(self, data):
        x, y = data
        with deepkit.GradientTape() as tape:
            loss = deepkit.ops.mean((y - self(x, training=True)) ** 2) + sum(self.losses)
        parts = [self.one.trainable_variables, self.two.trainable_variables]
        gradients = tape.gradient(loss, parts)
        self.one_optimizer.apply_gradients(zip(gradients[0], parts[0]))
        self.two_optimizer.apply_gradients(zip(gradients[1], parts[1]))
        self.seen.assign_add(loss)
        self.error.update_state(loss)
        return {"loss": self.error.result(), "seen": self.seen.value}


def own_step():
    model = _OwnStep()
    model.compile()
    return model, {"x": X, "y": Y}


def scaled():
    """Mixed precision, whose loss is scaled by a factor that changes."""
    model = _net(dtype="float32")
    optimizer = deepkit.optimizers.LossScaleOptimizer(
        deepkit.optimizers.Adam(0.02), initial_scale=2.0**10, dynamic_growth_steps=4
    )
    model.compile(optimizer, loss="mse")
    return model, {"x": X, "y": Y}


def penalized():
    inputs = deepkit.Input((5,))
    hidden = layers.Dense(6, activation="relu", activity_regularizer="l2")(inputs)
    model = deepkit.Model(inputs, layers.Dense(2, kernel_regularizer="l2")(hidden))
    model.compile("rmsprop", loss="mse", weighted_metrics=["mae"])
    return model, {"x": X, "y": Y, "sample_weight": np.linspace(0.5, 1.5, ROWS)}


class _Squares(deepkit.utils.PyDataset):
    """Shuffles itself after each epoch."""

    def __init__(self, **options):
        super().__init__(**options)
        self.order = np.arange(ROWS // BATCH)

    @property
    def num_batches(self):
        return np.int64(len(self.order))

    def __getitem__(self, index):
        rows = slice(self.order[index] * BATCH, (self.order[index] + 1) * BATCH)
        return X[rows], Y[rows]

    def on_epoch_end(self):
        np.random.shuffle(self.order)


def dataset():
    model, _ = stretches_of_three()
    return model, {"x": _Squares(), "validation_data": _Squares(workers=2)}


def _random_batches():
    while True:
        rows = np.random.permutation(ROWS)
        for start in range(0, ROWS - BATCH, BATCH):
            yield X[rows[start : start + BATCH]], Y[rows[start : start + BATCH]]


def generator():
    """Generators that draw from NumPy's global generator, as most do."""
    model, _ = full()
    return model, {"x": _random_batches(), "steps_per_epoch": 7}


def arrays_in_steps():
    model, _ = full()
    return model, {"x": X, "y": Y, "steps_per_epoch": 2}


PROGRAMS = {
    program.__name__: program
    for program in (
        full,
        stretches_of_three,
        eager,
        with_callbacks,
        averaged,
        own_step,
        scaled,
        penalized,
        dataset,
        generator,
        arrays_in_steps,
    )
}


def train(name, folder=None, save_freq="epoch", extra=(), epochs=EPOCHS, seed=7):
    """Run a program from its beginning; returns its history and the values of all its state."""
    deepkit.utils.set_random_seed(seed)
    model, how = PROGRAMS[name]()
    callbacks = [*extra, *how.pop("callbacks", ())]
    if folder is not None:
        callbacks.append(BackupAndRestore(folder, save_freq, double_checkpoint=True))
    if isinstance(how["x"], np.ndarray):
        how["batch_size"] = BATCH
    history = model.fit(**how, epochs=epochs, verbose=0, callbacks=callbacks)
    values = [np.asarray(variable) for variable in model._trainer.state()]
    return {
        "history": history.history,
        "epochs": history.epoch,
        "state": values,
        "numbers": np.random.rand(2),
    }


def assert_same(result, expected):
    """All is the same, to the bit."""
    assert json.dumps(result["history"]) == json.dumps(expected["history"])
    assert result["epochs"] == expected["epochs"]
    assert len(result["state"]) == len(expected["state"])
    for ours, theirs in zip(result["state"], expected["state"]):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(result["numbers"], expected["numbers"])


class _Visits(Callback):
    """Calls a function at each visit of a place in the loop."""

    def __init__(self, visit):
        self.visit = visit

    def on_epoch_end(self, epoch, logs=None):
        self.visit("epoch end")

    def on_train_batch_begin(self, batch, logs=None):
        self.visit("batch begin")


def _patch(owner, name, visit):
    real = getattr(owner, name)

    def patched(*args, **kwargs):
        visit(name)
        return real(*args, **kwargs)

    setattr(owner, name, patched)


def main(name, save_freq, folder, result, place=None, count=0):
    left = int(count)

    def visit(visited):
        nonlocal left
        if visited == place:
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

    for owner, function in ((os, "fsync"), (os, "replace"), (Binding, "_call")):
        _patch(owner, function, visit)
    print("training", flush=True)
    found = whole_run(name, save_freq if save_freq == "epoch" else int(save_freq), folder, visit)
    pathlib.Path(result).write_bytes(pickle.dumps(found))


def whole_run(name, save_freq, folder, visit=lambda place: None):
    """Run a program with a log and checkpoints beside the folder of its backups."""
    beside = pathlib.Path(folder).parent
    extra = [
        _Visits(visit),
        CSVLogger(beside / "log.csv"),
        ModelCheckpoint(beside / "best.keras", "loss", save_best_only=True, asynchronous=True),
    ]
    found = train(name, folder, save_freq, extra)
    return {**found, "log": (beside / "log.csv").read_text()}


if __name__ == "__main__":
    main(*sys.argv[1:])
