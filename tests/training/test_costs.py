"""What training costs, counted: calls, transfers, compilations, and what stays in memory."""

import gc
import pathlib

import jax
import numpy as np
import pytest

import deepkit
from deepkit.training import _device_data, _program
from tests.training.compilations import compilations

EPOCHS = 4
X = np.random.default_rng(0).random((512, 3), "float32")
Y = np.zeros(512, "int32")


def model(checked=True):
    """A small model; with labels that are checked, or targets that are not."""
    loss = deepkit.losses.SparseCategoricalCrossentropy(from_logits=True) if checked else "mse"
    made = deepkit.Sequential([deepkit.Input((3,)), deepkit.layers.Dense(2)])
    made.compile("adam", loss, metrics=["accuracy"] if checked else [])
    return made


def stream(x=X, y=Y):
    while True:
        for start in range(0, len(x), 8):
            yield x[start : start + 8], y[start : start + 8]


def fit_arrays(made, epochs=EPOCHS, **arguments):
    made.fit(X, Y, batch_size=8, epochs=epochs, verbose=0, **arguments)


def fit_stream(made, epochs=EPOCHS, **arguments):
    made.fit(stream(), steps_per_epoch=64, epochs=epochs, verbose=0, **arguments)


def fit_in_place(made, epochs=EPOCHS, **arguments):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_device_data, "_MAX_COPIED", 0)
        fit_arrays(made, epochs, **arguments)


WAYS = {"arrays": fit_arrays, "stream": fit_stream, "in_place": fit_in_place}
every_way = pytest.mark.parametrize("fit", WAYS.values(), ids=WAYS)


@pytest.fixture
def counts(monkeypatch):
    """How often a compiled step is called, and arrays go to the device and come back."""
    found = {"calls": 0, "puts": 0, "gets": 0}

    def count(owner, name, key):
        original = getattr(owner, name)

        def counted(*args, **kwargs):
            found[key] += 1
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, counted)

    count(_program.Binding, "_call", "calls")
    count(jax, "device_put", "puts")
    count(jax, "device_get", "gets")
    return found


@every_way
@pytest.mark.parametrize("validates", [False, True], ids=["", "validation"])
def test_an_epoch_is_a_handful_of_calls_and_transfers(fit, validates, counts):
    """However many batches it has: 64 here."""
    made = model()
    arguments = {"validation_data": (X, Y), "validation_batch_size": 8} if validates else {}
    fit(made, epochs=2, **arguments)
    for key in counts:
        counts[key] = 0
    fit(made, **arguments)
    passes = EPOCHS * (1 + validates)
    # A stream ahead of the device fills 2 blocks in 64 batches; a slow machine makes more of them.
    most = 16 * passes + 4
    assert counts["calls"] <= most and counts["puts"] <= most
    # The logs of each pass, and what the checks of labels found: in all, or of each block.
    logs, checks = passes, 1 + validates
    assert counts["gets"] <= logs + (most if fit is not fit_arrays else checks)


@every_way
def test_fitting_again_compiles_nothing(fit):
    made = model()
    with compilations() as first:
        fit(made)
    assert any("_run_many" in name for name in first)
    with compilations() as again:
        fit(made)
        fit(made, epochs=2)
    assert again == []


def test_an_equal_model_compiles_its_steps_alone():
    """Nothing small is compiled besides: each such program costs tens of milliseconds."""
    fit_arrays(model())
    with compilations() as names:
        fit_arrays(model())
    assert len(names) <= 2, names  # the step, and the check of labels


def test_predicting_any_number_of_rows_compiles_few_programs():
    layers = deepkit.layers
    made = deepkit.Sequential(
        [
            deepkit.Input((3,)),
            layers.Dense(4, activation="gelu"),
            layers.Dropout(0.5),
            layers.BatchNormalization(),
            layers.LayerNormalization(),
            layers.Dense(2, activation="softmax"),
        ]
    )
    expected = np.array(made(X[:100]))
    with compilations() as names:
        for rows in range(1, 101):
            found = made.predict(X[:rows], verbose=0)
            np.testing.assert_allclose(found, expected[:rows], rtol=2e-6, atol=2e-6)
    assert len(names) <= 8, names
    (program,) = made._trainer.programs._by_key.values()
    assert program.traces == len(names)  # no proof has traced a program that did not run
    with compilations() as again:
        made.predict(X[:77], verbose=0, batch_size=16)
    assert again == []


def resident():
    """Memory of the process, in MiB."""
    status = pathlib.Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def mappings():
    return len(pathlib.Path("/proc/self/maps").read_text().splitlines())


@pytest.mark.skipif(not pathlib.Path("/proc/self/maps").exists(), reason="reads Linux's /proc")
def test_models_that_are_gone_leave_nothing():
    """200 models are made, fitted and dropped: arrays, programs and threads go with them."""
    x, y = X[:32], X[:32, :2]

    def use(number):
        made = model(checked=False)
        if number % 2:
            made.fit(x, y, batch_size=8, verbose=0)
        else:
            made.fit(stream(x, y), steps_per_epoch=3, verbose=0)

    for number in range(40):
        use(number)
    gc.collect()
    arrays, objects, places, memory = (
        len(jax.live_arrays()),
        len(gc.get_objects()),
        mappings(),
        resident(),
    )
    for number in range(160):
        use(number)
    gc.collect()
    assert len(jax.live_arrays()) <= arrays
    # Programs take dozens of mappings and thousands of objects each.
    assert mappings() - places < 160
    assert len(gc.get_objects()) - objects < 160 * 5
    assert resident() - memory < 40


def test_a_drawn_model_is_not_traced_for_its_shapes(monkeypatch):
    """Where all layers are deepkit's; one of the user's may make weights in a training step."""

    class Own(deepkit.layers.Layer):
        def call(self, x):
            return x

    runs = []
    run = deepkit.Function.run

    def counted(self, *args):
        runs.append(self)
        return run(self, *args)

    def first_step(*layers):
        made = deepkit.Sequential([deepkit.Input((3,)), deepkit.layers.Dense(2), *layers])
        made.compile("adam", "mse", metrics=["mae"])
        runs.clear()
        made.train_on_batch(X[:8], np.zeros((8, 2), "float32"))
        assert (
            made.metrics_names == ["loss", "compile_metrics"]
            and len(made.get_metrics_result()) == 2
        )
        return len(runs)

    monkeypatch.setattr(deepkit.Function, "run", counted)
    assert first_step() == 1
    assert first_step(Own()) == 2
