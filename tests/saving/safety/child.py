"""Enters files one after the other and tells what each took: run in a process of its own.

Reads a JSON list of jobs `[entry, path]` and writes a JSON list of results.
"""

import contextlib
import json
import pathlib
import resource
import sys
import tempfile
import time
import warnings

import jax
import numpy as np

import deepkit
from deepkit.saving import inspect_file, load_model
from tests.saving.safety.entries import ENDINGS, REFUSALS, edited, small_model
from tests.saving.safety.watch import WATCH

_MOST_BYTES = 6 * 2**30

WAYS = {
    "load_model": load_model,
    "load_weights": lambda path: small_model().load_weights(path),
    "model_from_json": lambda path: deepkit.models.model_from_json(pathlib.Path(path).read_text()),
    "inspect": inspect_file,
}


def _status(field):
    """A figure of this process in bytes, or 0 where the system does not tell."""
    try:
        text = pathlib.Path("/proc/self/status").read_text()
    except OSError:
        return 0
    return int(text.split(f"{field}:")[1].split()[0]) * 1024


def _forget_peak():
    with contextlib.suppress(OSError):
        pathlib.Path("/proc/self/clear_refs").write_text("5")


def measure(way, path):
    """Enter a file; what came out, and the memory and time that it took."""
    _forget_peak()
    before, start = _status("VmRSS"), time.perf_counter()
    with WATCH():
        try:
            WAYS[way](path)
            error = None
        except Exception as raised:
            error = raised
    return {
        "refused": isinstance(error, REFUSALS),
        "error": f"{type(error).__name__}: {str(error)[:2000]}",
        "seconds": time.perf_counter() - start,
        "growth": max(0, _status("VmHWM") - before),
        "code": WATCH.code(),
        "opened": [event[1] for event in WATCH.events if event[0] == "open"],
    }


def main():
    warnings.simplefilter("ignore")
    # A case that fails must not take the memory of the whole machine.
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
    # What JAX imports when it is first used is no code of a file's.
    jax.device_put(np.zeros(1))
    with tempfile.TemporaryDirectory() as folder:
        for ending in ENDINGS:
            path = edited(small_model(), pathlib.Path(folder), lambda file: None, ending)
            small_model().load_weights(path)
            if not ending.startswith(".weights"):
                load_model(path)
            inspect_file(path)
    json.dump([measure(way, path) for way, path in json.load(sys.stdin)], sys.stdout)


if __name__ == "__main__":
    main()
