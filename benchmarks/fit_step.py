"""Time of a step of `fit`: deepkit beside Keras on JAX, the same models on the same data.

    python benchmarks/fit_step.py [--rounds N] [--write FILE]

Each framework runs in a process of its own, in turn; a figure is the median over rounds of the
time of an epoch after two warm-up epochs, divided by its steps.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

import numpy as np

MODELS = {
    "dense 8→30→1, batch 32": {"rows": 12_800, "batch": 32, "epochs": 5},
    "convolutional 28x28x1, batch 64": {"rows": 1_280, "batch": 64, "epochs": 2},
    "LSTM 64, 64 steps of 32, batch 64": {"rows": 1_280, "batch": 64, "epochs": 2},
}


def make_model(name, framework):
    layers, sequential, shape = framework.layers, framework.Sequential, framework.Input
    if name.startswith("dense"):
        model = sequential([shape((8,)), layers.Dense(30, activation="relu"), layers.Dense(1)])
        model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    elif name.startswith("convolutional"):
        model = sequential(
            [
                shape((28, 28, 1)),
                layers.Conv2D(32, 3, activation="relu"),
                layers.MaxPooling2D(),
                layers.Conv2D(64, 3, activation="relu"),
                layers.MaxPooling2D(),
                layers.Flatten(),
                layers.Dropout(0.5),
                layers.Dense(10, activation="softmax"),
            ]
        )
        model.compile(
            optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"]
        )
    else:
        model = sequential([shape((64, 32)), layers.LSTM(64), layers.Dense(1)])
        model.compile(optimizer="adam", loss="mse")
    return model


def make_data(name, rows):
    generator = np.random.default_rng(0)
    if name.startswith("dense"):
        x = generator.normal(size=(rows, 8)).astype("float32")
        return x, x.sum(axis=1, keepdims=True)
    if name.startswith("convolutional"):
        x = generator.normal(size=(rows, 28, 28, 1)).astype("float32")
        return x, generator.integers(0, 10, rows)
    x = generator.normal(size=(rows, 64, 32)).astype("float32")
    return x, x.mean(axis=(1, 2))[:, None]


def measure(framework_name):
    """Microseconds a step for each model, printed as JSON."""
    if framework_name == "keras":
        os.environ["KERAS_BACKEND"] = "jax"
        import keras as framework
    else:
        import deepkit as framework
    results = {}
    for name, settings in MODELS.items():
        x, y = make_data(name, settings["rows"])
        model = make_model(name, framework)
        fit = {"batch_size": settings["batch"], "verbose": 0}
        model.fit(x, y, epochs=2, **fit)
        start = time.perf_counter()
        model.fit(x, y, epochs=settings["epochs"], **fit)
        seconds = time.perf_counter() - start
        steps = settings["epochs"] * -(-settings["rows"] // settings["batch"])
        results[name] = seconds / steps * 1e6
    print(json.dumps(results))


def run(framework_name):
    output = subprocess.run(
        [sys.executable, __file__, "--measure", framework_name],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return json.loads(output.splitlines()[-1])


def table(rounds):
    figures = {name: {"keras": [], "deepkit": []} for name in MODELS}
    for _ in range(rounds):
        for framework in ("keras", "deepkit"):
            for name, value in run(framework).items():
                figures[name][framework].append(value)
    lines = [
        "| model | Keras on JAX, a step | deepkit, a step | ratio |",
        "|---|---|---|---|",
    ]
    for name, values in figures.items():
        ratios = [k / d for k, d in zip(values["keras"], values["deepkit"])]
        keras_time, deepkit_time = (statistics.median(values[f]) for f in ("keras", "deepkit"))
        ratio = statistics.median(ratios)
        lines.append(
            f"| {name} | {_time(keras_time)} | {_time(deepkit_time)} | {ratio:.1f} times faster |"
        )
    return "\n".join(lines)


def _time(microseconds):
    if microseconds < 1000:
        return f"{microseconds:.0f} µs"
    return f"{microseconds / 1000:.1f} ms"


def versions():
    from importlib.metadata import version

    names = ("jax", "jaxlib", "keras", "numpy")
    parts = ", ".join(f"{name} {version(name)}" for name in names)
    today = datetime.date.today().isoformat()
    return f"{today}, Python {platform.python_version()}, {parts}, {os.cpu_count()} CPU cores."


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measure", choices=["keras", "deepkit"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(arguments.measure)
        return
    text = f"{table(arguments.rounds)}\n\nMedians of {arguments.rounds} rounds. {versions()}\n"
    print(text)
    if arguments.write:
        arguments.write.write_text(f"# Steps of `fit`\n\n{text}")


if __name__ == "__main__":
    main()
