"""Measures one scenario of one framework, in this process."""

import gc
import importlib
import os
import pathlib
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import by_hand
import jax
import large
import models
from scenarios import FITS, LARGE, fit_sizes

TINY_SIZES = {"convnet": {"size": 8}, "deep_convnet": {"size": 8}}


def framework(name: str) -> Any:
    """The package that is measured."""
    if name == "keras":
        os.environ["KERAS_BACKEND"] = "jax"
    return importlib.import_module(name)


def measure(name: str, who: str, tiny: bool = False) -> float:
    """A figure: seconds, or bytes of memory."""
    if who == "hand":
        return seconds_by_hand(name, tiny)
    k = framework(who)
    if name in LARGE:
        return large.fit_seconds(k, name, tiny)
    if name in FITS:
        return fit_seconds(k, name, tiny)
    if name == "stream":
        return stream_seconds(k, tiny)
    if name in ("save", "load"):
        return save_or_load_seconds(k, name, 50 if tiny else 5000)
    if name == "memory":
        fit_seconds(k, "mlp", tiny)
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    if name.startswith("first_step"):
        return first_step_seconds(k, tiny)
    method, _, model = name.partition("_")
    return call_seconds(k, model or "tab", method, 3 if tiny else 220)


def seconds_by_hand(name: str, tiny: bool) -> float:
    """The time of a step of the hand-written epoch."""
    if name in LARGE:
        return large.seconds_by_hand(name, tiny)
    fit = fit_sizes(name, tiny)
    sizes = TINY_SIZES.get(name, {}) if tiny else {}
    x, y = models.data(name, fit.rows, **sizes)
    return by_hand.seconds_a_step(getattr(by_hand, name)(**sizes), x, y, fit.batch, fit.epochs)


def fit_seconds(k: Any, name: str, tiny: bool) -> float:
    """The time of a step of `fit`, after two epochs to warm up."""
    fit = fit_sizes(name, tiny)
    sizes = TINY_SIZES.get(name, {}) if tiny else {}
    x, y = models.data(name, fit.rows, **sizes)
    model = getattr(models, name)(k, **sizes)
    model.fit(x, y, batch_size=fit.batch, epochs=2, verbose=0)
    start = time.perf_counter()
    model.fit(x, y, batch_size=fit.batch, epochs=fit.epochs, verbose=0)
    return (time.perf_counter() - start) / (fit.epochs * (fit.rows // fit.batch))


def stream_seconds(k: Any, tiny: bool) -> float:
    """The time of a step of `fit` from a Python generator."""
    fit = fit_sizes("mlp", tiny)
    x, y = models.data("mlp", fit.rows)
    steps = fit.rows // fit.batch

    def batches() -> Iterator[Any]:
        while True:
            for i in range(0, fit.rows, fit.batch):
                yield x[i : i + fit.batch], y[i : i + fit.batch]

    model = models.mlp(k)
    model.fit(batches(), steps_per_epoch=steps, epochs=1, verbose=0)
    start = time.perf_counter()
    model.fit(batches(), steps_per_epoch=steps, epochs=fit.epochs, verbose=0)
    return (time.perf_counter() - start) / (fit.epochs * steps)


def call_seconds(k: Any, name: str, method: str, calls: int) -> float:
    """The median time of a call of a model on one row."""
    x, _ = models.data(name, 1)
    model = getattr(models, name)(k)
    times = []
    for _ in range(calls):
        start = time.perf_counter()
        outputs = model.predict(x, verbose=0) if method == "predict" else model(x)
        jax.block_until_ready(outputs)
        times.append(time.perf_counter() - start)
    return statistics.median(times[calls // 10 :])


def save_or_load_seconds(k: Any, what: str, width: int) -> float:
    """The median time to save, or to load, a model of `width` times `width` weights."""
    model = models.wide(k, width)
    times = []
    with tempfile.TemporaryDirectory() as folder:
        path = str(pathlib.Path(folder) / "model.keras")
        model.save(path)
        # The first ones wait for memory that the system has not given out before.
        for _ in range(7):
            gc.collect()  # a model that was loaded before has cycles
            start = time.perf_counter()
            model.save(path) if what == "save" else k.saving.load_model(path)
            times.append(time.perf_counter() - start)
    return statistics.median(times)


def first_step_seconds(k: Any, tiny: bool) -> float:
    """The time of building a deep net and of one training step."""
    sizes = TINY_SIZES["deep_convnet"] if tiny else {"blocks": 3}
    start = time.perf_counter()
    x, y = models.data("convnet", 32, sizes.get("size", 32))
    models.convnet(k, **sizes).train_on_batch(x, y)
    return time.perf_counter() - start
