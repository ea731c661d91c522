"""Progress bars: what they show where, and how seldom they read values."""

import contextlib
import io
import re

import numpy as np
import pytest

from deepkit.callbacks import CallbackList, Progbar
from deepkit.callbacks import _progbar as progbar_module
from deepkit.core import config
from deepkit.core.errors import ArgumentError


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progbar_module.time, "perf_counter", clock)
    return clock


def test_one_line_at_the_end(capsys, clock):
    bar = Progbar(10, verbose=2)
    for step in range(1, 11):
        clock.now += 1.0 if step == 1 else 0.25  # the first step compiles
        bar.update(step, [("loss", float(step))])
    assert capsys.readouterr().out == "10/10 - 3s - 250ms/step - loss: 10.0000\n"


def test_silence(capsys, clock):
    bar = Progbar(2, verbose=0)
    clock.now += 100
    bar.update(1, [("loss", 1.0)])
    bar.update(2)
    assert capsys.readouterr().out == ""


def test_log_files_get_a_line_now_and_then(capsys, clock):
    bar = Progbar(400, verbose=1)
    for step in range(1, 401):
        clock.now += 0.125
        bar.update(step)
    assert capsys.readouterr().out == "240/400 - 20s - 125ms/step\n400/400 - 50s - 125ms/step\n"


def test_unknown_target(capsys, clock):
    bar = Progbar(None, verbose=1, unit_name="sample")
    clock.now += 31
    bar.update(5)
    bar.add(1)
    bar.update(6, finalize=True)
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["5/unknown - 31s - 6s/sample", "6/unknown - 31s - 0us/sample"]


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ({}, "a: 2.5000 - b: 2.5000"),
        ({"stateful_metrics": ["a"]}, "a: 4.0000 - b: 2.5000"),
        ({"stateless_metrics": ["a"]}, "a: 2.5000 - b: 4.0000"),
        ({"stateless_metrics": ()}, "a: 4.0000 - b: 4.0000"),
    ],
)
def test_averaged_values(options, shown, capsys, clock):
    bar = Progbar(10, **options)
    for step, value in ((1, 1.0), (2, 2.0), (3, 3.0), (4, 4.0)):
        clock.now += 8
        bar.update(step, [("a", value), ("b", np.float32(value))])
    assert capsys.readouterr().out.splitlines()[-1].endswith(shown)


def test_both_kinds_of_names_are_refused():
    with pytest.raises(
        ArgumentError, match="either `stateful_metrics` or `stateless_metrics`, rec"
    ):
        Progbar(3, stateful_metrics=[], stateless_metrics=[])


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0s - 200ms/step"), (75, "1:15 - 75s/step"), (7384, "2:03:04 - 7384s/step")],
)
def test_durations(seconds, text, capsys, clock):
    bar = Progbar(1, verbose=2)
    clock.now += seconds
    bar.update(1, [("tiny", 1e-5), ("note", "x")])
    assert capsys.readouterr().out == f"1/1 - {text} - tiny: 1.0000e-05 - note: x\n"


def test_terminals_get_a_bar(clock):
    with contextlib.redirect_stdout(Terminal()) as terminal:
        bar = Progbar(4, width=8)
        for step in range(1, 5):
            clock.now += 1
            bar.update(step, [("loss", 0.5)])
    drawings = [part.strip() for part in re.split(r"[\r\n]", terminal.getvalue()) if part.strip()]
    assert re.match(r"2/4 \S{4} +2s - 1s/step - loss: 0\.5000", drawings[-3])
    assert re.match(r"4/4 \S{8} 4s - 1s/step - loss: 0\.5000", drawings[-1])
    assert terminal.getvalue().endswith("\n")


def test_bars_are_drawn_seldom(clock):
    with contextlib.redirect_stdout(Terminal()) as terminal:
        bar = Progbar(1000, interval=0.1)
        for step in range(1, 501):
            clock.now += 0.001
            bar.update(step)
        bar.update(501, finalize=True)
    drawings = terminal.getvalue().count("/1000")
    assert 4 <= drawings <= 9


def test_values_are_read_ten_times_a_second(clock):
    reads = []

    def read():
        reads.append(clock.now)
        return {"loss": 1.0}

    with contextlib.redirect_stdout(Terminal()) as terminal:
        callbacks = CallbackList(add_progbar=True, verbose=1, epochs=1, steps=1000)
        callbacks.on_train_begin()
        callbacks.on_epoch_begin(0)
        for step in range(1, 1001):
            clock.now += 0.001
            callbacks.progress(step, read)
        callbacks.on_epoch_end(0, {"loss": 1.0, "val_loss": 2.0})
    assert 9 <= len(reads) <= 11
    assert "val_loss: 2.0000" in terminal.getvalue()


@pytest.mark.parametrize("verbose", [0, 2, "auto"])
def test_values_are_not_read_for_lines(verbose, capsys):
    callbacks = CallbackList(add_progbar=True, verbose=verbose, epochs=2, steps=2)
    callbacks.on_train_begin()
    for epoch in range(2):
        callbacks.on_epoch_begin(epoch)
        for batch in range(2):
            callbacks.on_train_batch_end(batch, lambda: pytest.fail("logs were read"))
        callbacks.on_epoch_end(epoch, {"loss": 0.5})
    lines = capsys.readouterr().out.splitlines()
    assert lines[::2] == ([] if verbose == 0 else ["Epoch 1/2", "Epoch 2/2"])
    for line in lines[1::2]:
        assert re.fullmatch(r"2/2 - \d+s - \d+\w+/step - loss: 0\.5000", line)


@pytest.mark.parametrize("verbose", [3, "loud", None])
def test_verbose_is_checked(verbose):
    with pytest.raises(ArgumentError, match="Expected `verbose` to be 0, 1, 2 or 'auto', received"):
        CallbackList(add_progbar=True, verbose=verbose)


def test_auto_draws_in_terminals():
    def shown():
        with contextlib.redirect_stdout(Terminal()):
            callbacks = CallbackList(add_progbar=True, verbose="auto", epochs=1, steps=2)
        return callbacks.callbacks[0].verbose

    assert shown() == 1
    config.disable_interactive_logging()
    try:
        assert shown() == 2
    finally:
        config.enable_interactive_logging()


def test_validation_is_silent_inside_fit(capsys, clock):
    callbacks = CallbackList(add_progbar=True, verbose=1, epochs=1, steps=None)
    callbacks.on_train_begin()
    callbacks.on_epoch_begin(0)
    callbacks.progress(7)
    callbacks.on_test_begin()
    clock.now += 60  # long enough for a line to be due
    callbacks.progress(3, lambda: pytest.fail("logs were read"))
    callbacks.on_test_end({"loss": 3.0})
    callbacks.on_epoch_end(0, {"loss": 1.0})
    callbacks.on_train_end()
    assert re.fullmatch(r"7/7 - .* - loss: 1\.0000\n", capsys.readouterr().out)


@pytest.mark.parametrize(("phase", "shown"), [("test", " - loss: 3.0000"), ("predict", "")])
def test_evaluation_and_prediction(phase, shown, capsys):
    callbacks = CallbackList(add_progbar=True, verbose=2, epochs=1, steps=4)
    getattr(callbacks, f"on_{phase}_begin")()
    callbacks.progress(4)
    getattr(callbacks, f"on_{phase}_end")({"loss": 3.0})
    line = capsys.readouterr().out
    assert re.fullmatch(rf"4/4 - \d+s - \d+\w+/step{re.escape(shown)}\n", line)
