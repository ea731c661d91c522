"""Loads files in which one bit was changed or of which the end is missing.

`python -m tests.saving.fuzz --seeds 5000` tries so many on each sample and prints what came out:
how often the file loaded as it was, was refused, loaded with other numbers (only files without
checksums may), and all that must not be: crashes, hangs, errors without a documented class.
"""

import argparse
import collections
import functools
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import warnings

import numpy as np
from safetensors.numpy import save_file

import deepkit
from deepkit.saving import convert_file, inspect_file, load_model, load_weights_from
from tests.oracle import keras, oracle
from tests.saving.safety.entries import REFUSALS

ROOT = pathlib.Path(__file__).parents[2]
_HANG_SECONDS = 10
ENDINGS = (".keras", ".h5", ".weights.h5")
SAFETENSORS = ".safetensors"
NAMES = (
    *(f"{writer}{ending}" for writer in ("deepkit", "keras") for ending in ENDINGS),
    *(f"{writer}{SAFETENSORS}" for writer in ("deepkit", "safetensors")),
)
# Of so many seeds, some have the file looked at first, or read in another way than as weights.
_TURN = 8


class Hang(BaseException):
    """A load took too long."""


def make_model(k):
    """A small model with an optimizer that has begun."""
    layers = [k.layers.Dense(3, name="first"), k.layers.BatchNormalization(name="second")]
    model = k.Sequential([k.Input((4,)), *layers])
    model.compile("adam", loss="mse")
    model.optimizer.build(model.trainable_variables)
    generator = np.random.default_rng(0)
    for variable in model.weights:
        variable.assign(generator.uniform(0.1, 1.0, tuple(variable.shape)).astype("float32"))
    return model


def write_samples(folder):
    """Valid files of all formats, by name; those of Keras have no checksums of their own."""
    samples = {}
    for writer, k in (("deepkit", deepkit), ("keras", keras)):
        for ending in ENDINGS:
            path = pathlib.Path(folder) / f"{writer}{ending}"
            if k is keras:
                with oracle(), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    _write(make_model(keras), path)
            else:
                _write(make_model(deepkit), path)
            samples[path.name] = path
    return {**samples, **_safetensors_samples(pathlib.Path(folder))}


def _safetensors_samples(folder):
    """The same weights by deepkit, and by the package of the format, which notes no checksums."""
    model = make_model(deepkit)
    ours, theirs = (folder / f"{writer}{SAFETENSORS}" for writer in ("deepkit", "safetensors"))
    model.save_weights(ours)
    keys = ("dense", model.layers[0]), ("batch_normalization", model.layers[1])
    arrays = {f"layers.{k}.{v.name}": np.asarray(v) for k, layer in keys for v in layer.weights}
    save_file(arrays, theirs, metadata={"format": "pt"})
    return {path.name: path for path in (ours, theirs)}


def _write(model, path):
    (model.save_weights if path.name.endswith(".weights.h5") else model.save)(str(path))


def may_change(name):
    """Whether a sample has no checksums, so that numbers in it can change unseen."""
    return name.startswith(("keras.", "safetensors.")) and not name.endswith(".keras")


def damaged(data, seed):
    """A file with one bit flipped (even seeds), or cut off (odd ones)."""
    generator = random.Random(seed)
    if seed % 2:
        return data[: generator.randrange(len(data))]
    place = generator.randrange(len(data))
    changed = bytearray(data)
    changed[place] ^= 1 << generator.randrange(8)
    return bytes(changed)


def _is_equal(state, expected):
    return len(state) == len(expected) and all(
        a.dtype == b.dtype and np.array_equal(a, b) for a, b in zip(state, expected)
    )


class _Loader:
    """Loads damaged copies of one sample, in the process it is made in."""

    def __init__(self, path):
        self._data = path.read_bytes()
        self._path = path.with_name(f"damaged-{path.name}")
        self._is_of_weights = path.name.endswith((".weights.h5", SAFETENSORS))
        self._has_weights_alone = path.name.endswith(SAFETENSORS)
        # What another library wrote cannot be converted, damaged or not.
        self._converts = path.name == f"deepkit{SAFETENSORS}"
        self._model = make_model(deepkit)
        self._blank = self._state(self._model)
        self._model.load_weights(path)
        self._expected = self._state(self._model)

    def _variables(self, model):
        no_optimizer = self._has_weights_alone or model.optimizer is None
        return [*model.weights, *([] if no_optimizer else model.optimizer.variables)]

    def _state(self, model):
        return [np.asarray(variable) for variable in self._variables(model)]

    def outcome(self, seed):
        self._path.write_bytes(damaged(self._data, seed))
        turn = seed % _TURN
        if turn in (2, 3):
            self._tried(functools.partial(inspect_file, self._path))
        if turn < 2 and not self._is_of_weights:
            return self._tried(self._make)
        if turn < 2 and self._has_weights_alone:
            return self._tried(self._take)
        if turn in (4, 5) and self._converts:
            return self._tried(self._convert)
        return self._tried(self._fill)

    def _make(self):
        return load_model(self._path)

    def _fill(self):
        self._blank_out()
        self._model.load_weights(self._path)
        return self._model

    def _take(self):
        self._blank_out()
        load_weights_from(self._model, self._path, verbose=False)
        return self._model

    def _convert(self):
        self._blank_out()
        target = self._path.with_name("converted.weights.h5")
        convert_file(self._path, target, overwrite=True)
        self._model.load_weights(target, include_optimizer=False)
        return self._model

    def _blank_out(self):
        for variable, value in zip(self._variables(self._model), self._blank):
            variable.assign(value * 0)

    def _tried(self, load):
        signal.setitimer(signal.ITIMER_REAL, _HANG_SECONDS)
        try:
            model = load()
        except REFUSALS:
            return "refused"
        except Hang:
            return "HANG"
        except Exception as error:
            return f"UNDOCUMENTED {type(error).__name__}: {error}"[:300]
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if not hasattr(model, "weights"):
            return "looked"
        return "equal" if _is_equal(self._state(model), self._expected) else "changed"


def _child(path, start, stop):
    def hang(*_):
        raise Hang

    signal.signal(signal.SIGALRM, hang)
    warnings.simplefilter("ignore")
    loader = _Loader(pathlib.Path(path))
    for seed in range(start, stop):
        print(json.dumps([seed, None]), flush=True)
        print(json.dumps([seed, loader.outcome(seed)]), flush=True)


def fuzz(path, start, stop):
    """What came of each seed: crashes too, after which another process goes on.

    Args:
        path: a sample.
        start: the first seed.
        stop: the one after the last.
    """
    outcomes = {}
    while start < stop:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "tests.saving.fuzz",
                "--child",
                str(path),
                str(start),
                str(stop),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONFAULTHANDLER": "1"},
        )
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        if not lines:
            raise RuntimeError(done.stderr[-3000:])
        outcomes.update({seed: outcome for seed, outcome in lines if outcome is not None})
        last = lines[-1][0]
        if last not in outcomes:
            outcomes[last] = f"CRASH {done.returncode}: {done.stderr[-600:]}"
        start = last + 1
    return outcomes


def faults(name, outcomes):
    """The outcomes that must not be."""
    allowed = {"equal", "refused", "looked", *(["changed"] if may_change(name) else [])}
    return {seed: outcome for seed, outcome in outcomes.items() if outcome not in allowed}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1000, help="how many for each sample")
    parser.add_argument("--start", type=int, default=0, help="the first seed")
    parser.add_argument("--only", default="", help="samples whose name has this in it")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        path, start, stop = options.child
        return _child(path, int(start), int(stop))
    with tempfile.TemporaryDirectory() as folder:
        for name, path in write_samples(folder).items():
            if options.only not in name:
                continue
            outcomes = fuzz(path, options.start, options.start + options.seeds)
            kinds = collections.Counter(outcome.split()[0] for outcome in outcomes.values())
            print(f"{name:24s} {path.stat().st_size:8,} bytes  {dict(kinds)}", flush=True)
            for seed, outcome in faults(name, outcomes).items():
                print(f"    seed {seed}: {outcome}", flush=True)
    return None


if __name__ == "__main__":
    main()
