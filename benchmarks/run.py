"""Times and memory of deepkit beside Keras on JAX, and beside JAX by hand.

    python benchmarks/run.py [--quick] [--rounds N] [--only NAME ...] [--write]

Each figure comes from a process of its own. The frameworks take turns, and a ratio is that of the
medians over rounds. `--write` puts the table into RESULTS.md beside this file.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version

HERE = pathlib.Path(__file__).parent

# Rows, batch, epochs that are timed.
FITS = {
    "tab": (12_800, 32, 10),
    "mlp": (60_000, 32, 2),
    "cnn": (1_280, 64, 2),
    "convnet": (320, 32, 2),
    "lstm": (1_280, 64, 3),
    "transformer": (320, 32, 2),
}
NAMES = {
    "tab": "`fit`, 8→30→1, batch 32, a step",
    "mlp": "`fit`, 784→128→10, batch 32, a step",
    "cnn": "`fit`, two convolutions on 28x28, batch 64, a step",
    "convnet": "`fit`, residual net on 32x32x3, batch 32, a step",
    "lstm": "`fit`, LSTM 64 over 64 steps of 32, batch 64, a step",
    "transformer": "`fit`, two causal blocks of width 128 over 64 tokens, batch 32, a step",
    "stream": "`fit`, 784→128→10 from a generator, batch 32, a step",
    "predict": "`predict` of one row, 8→30→1",
    "call": "`model(x)` of one row, 8→30→1",
    "call_lstm": "`model(x)` of one row, LSTM",
    "call_transformer": "`model(x)` of one row, transformer",
    "first_step": "from the start of the process to the end of the first step, 24 convolutions",
    "first_step_warm": "the same with a warm compilation cache",
    "save": "save 25 million weights, `.keras`",
    "load": "load 25 million weights, `.keras`",
    "memory": "peak memory of `fit`, 784→128→10",
    "import": "import",
}
BY_HAND = ("tab", "mlp")
QUICK = ("tab", "lstm", "predict", "call", "import")
LONG = ("first_step", "first_step_warm", "import")


def framework(name):
    """The module that is measured."""
    if name == "keras":
        os.environ["KERAS_BACKEND"] = "jax"
        import keras

        return keras
    import deepkit

    return deepkit


def fit_seconds(k, name):
    """The time of a step of `fit`, after two epochs to warm up."""
    import models

    rows, batch, epochs = FITS[name]
    x, y = models.data(name, rows)
    model = getattr(models, name)(k)
    model.fit(x, y, batch_size=batch, epochs=2, verbose=0)
    start = time.perf_counter()
    model.fit(x, y, batch_size=batch, epochs=epochs, verbose=0)
    return (time.perf_counter() - start) / (epochs * -(-rows // batch))


def stream_seconds(k):
    """The time of a step of `fit` from a Python generator."""
    import models

    rows, batch, epochs = FITS["mlp"]
    x, y = models.data("mlp", rows)
    steps = rows // batch

    def batches():
        while True:
            for i in range(steps):
                yield x[i * batch : (i + 1) * batch], y[i * batch : (i + 1) * batch]

    model = models.mlp(k)
    model.fit(batches(), steps_per_epoch=steps, epochs=1, verbose=0)
    start = time.perf_counter()
    model.fit(batches(), steps_per_epoch=steps, epochs=epochs, verbose=0)
    return (time.perf_counter() - start) / (epochs * steps)


def call_seconds(k, name, method):
    """The median time of a call of a model on one row."""
    import jax
    import models

    x, _ = models.data(name, 1)
    model = getattr(models, name)(k)
    times = []
    for _ in range(220):
        start = time.perf_counter()
        outputs = model.predict(x, verbose=0) if method == "predict" else model(x)
        jax.block_until_ready(outputs)
        times.append(time.perf_counter() - start)
    return statistics.median(times[20:])


def save_and_load_seconds(k, what):
    """The time to save, or to load, a model of 25 million weights."""
    import models

    model = models.wide(k)
    times = []
    with tempfile.TemporaryDirectory() as folder:
        path = str(pathlib.Path(folder) / "model.keras")
        for _ in range(3):
            start = time.perf_counter()
            model.save(path)
            saved = time.perf_counter()
            k.saving.load_model(path)
            times.append(saved - start if what == "save" else time.perf_counter() - saved)
    return statistics.median(times)


def first_step(k):
    """One training step of a new model."""
    import models

    x, y = models.data("deep_convnet", 32)
    models.deep_convnet(k).train_on_batch(x, y)


def measure(name, who):
    """A figure: seconds, or bytes of memory."""
    if who == "hand":
        import by_hand
        import models

        rows, batch, epochs = FITS[name]
        return by_hand.seconds_a_step(name, *models.data(name, rows), batch, epochs)
    k = framework(who)
    if name in FITS:
        return fit_seconds(k, name)
    if name == "stream":
        return stream_seconds(k)
    if name in ("save", "load"):
        return save_and_load_seconds(k, name)
    if name == "memory":
        fit_seconds(k, "mlp")
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    if name in LONG:
        first_step(k)
        return 0.0
    method, _, model = name.partition("_")
    return call_seconds(k, model or "tab", method)


def figure(name, who, cache):
    """A figure from a process of its own."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, __file__, "--measure", name, who]
    if name == "import":
        command = [sys.executable, "-c", f"import jax, {who}"]
        environment["KERAS_BACKEND"] = "jax"
    if name == "first_step_warm":
        environment["JAX_COMPILATION_CACHE_DIR"] = str(cache / who)
        environment["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
        environment["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "0"
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    seconds = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"{name} of {who} failed:\n{done.stderr[-2000:]}")
    return seconds if name in LONG else json.loads(done.stdout.splitlines()[-1])


def table(names, rounds):
    """The figures of all names as a table of Markdown."""
    lines = [
        "| | Keras on JAX | JAX by hand | deepkit | Keras / deepkit | deepkit / by hand |",
        "|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as cache:
        for name in names:
            frameworks = ["keras", *(["hand"] if name in BY_HAND else []), "deepkit"]
            found = {who: [] for who in frameworks}
            warm_up = 1 if name in ("import", "first_step_warm") else 0
            for turn in range(rounds + warm_up):
                for who in frameworks:
                    value = figure(name, who, pathlib.Path(cache))
                    if turn >= warm_up:
                        found[who].append(value)
            lines.append(row(name, {who: statistics.median(v) for who, v in found.items()}))
            print(lines[-1], file=sys.stderr, flush=True)
    return "\n".join(lines)


def row(name, medians):
    """A line of the table."""
    show = mebibytes if name == "memory" else duration
    ours, hand = medians["deepkit"], medians.get("hand")
    cells = [
        NAMES[name],
        show(medians["keras"]),
        "" if hand is None else show(hand),
        show(ours),
        f"{medians['keras'] / ours:.2f}",
        "" if hand is None else f"{ours / hand:.2f}",
    ]
    return f"| {' | '.join(cells)} |"


def duration(seconds):
    """A time in a unit that suits it."""
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if seconds * scale >= 1 or unit == "µs":
            return f"{seconds * scale:.3g} {unit}"
    raise ValueError(seconds)


def mebibytes(count):
    """A size in MiB."""
    return f"{count / 2**20:.0f} MiB"


def machine():
    """Where and with what the figures were measured."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("jax", "jaxlib", "keras", "numpy"))
    cpu = platform.processor() or platform.machine()
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
            break
    return (
        f"{datetime.date.today().isoformat()}, {os.cpu_count()} cores of {cpu}, "
        f"Python {platform.python_version()}, {packages}."
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measure", nargs=2, metavar=("NAME", "FRAMEWORK"))
    parser.add_argument("--quick", action="store_true", help="a part within two minutes")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--only", nargs="+", choices=NAMES)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(*arguments.measure)))
        return
    names = arguments.only or (QUICK if arguments.quick else list(NAMES))
    rounds = arguments.rounds or (1 if arguments.quick else 5)
    text = f"{table(names, rounds)}\n\nMedians of {rounds} rounds. {machine()}\n"
    print(text)
    if arguments.write:
        (HERE / "RESULTS.md").write_text(f"# Results of `python benchmarks/run.py`\n\n{text}")


if __name__ == "__main__":
    main()
