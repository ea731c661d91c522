"""Keras, in a process of its own, opens all that deepkit writes and predicts the same."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np

import deepkit
from tests.saving import ways
from tests.saving.models import fill


def test_keras_opens_all_that_deepkit_writes(tmp_path):
    layers = [
        deepkit.layers.Reshape((6, 6, 1)),
        deepkit.layers.Conv2D(4, 3, activation="relu"),
        deepkit.layers.BatchNormalization(),
        deepkit.layers.GlobalAveragePooling2D(),
        deepkit.layers.Dropout(0.5),
        deepkit.layers.Dense(3, activation="softmax"),
    ]
    model = fill(deepkit.Sequential([deepkit.Input((36,)), *layers]))
    model.compile("adam", "mse")
    x = np.random.default_rng(0).normal(size=(5, 36)).astype("float32")
    np.save(tmp_path / "x.npy", x)
    paths = []
    for name in ways.ALL:
        path = tmp_path / f"of-{name}"
        if name == "model.weights.json":
            model.save_weights(path, max_shard_size=200 / 2**30)
            assert len(list(tmp_path.glob("of-model_*"))) > 2
        else:
            ways.save(model, path)
        paths.append(str(path))
    script = pathlib.Path(__file__).with_name("by_keras.py")
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "x.npy"), *paths],
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_BACKEND": "jax"},
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert list(found) == paths
    expected = model.predict(x, verbose=0)
    for outputs in found.values():
        # Sums of a few products in float32, in another order.
        np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-6)
