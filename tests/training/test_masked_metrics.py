"""Metrics leave out masked steps, in `fit` as in `evaluate`."""

import numpy as np
import pytest

import deepkit
from deepkit import layers


@pytest.mark.parametrize("trains", [True, False])
def test_fit_and_evaluate_leave_out_the_same_steps(trains):
    x = np.array([[1, 2, 0, 0], [2, 0, 0, 0], [1, 1, 1, 1]])
    y = np.arange(12, dtype="float32").reshape(3, 4, 1)
    embedding = layers.Embedding(3, 1, mask_zero=True, embeddings_initializer="zeros")
    embedding.trainable = trains
    model = deepkit.Sequential([deepkit.Input((4,)), embedding])
    model.compile(deepkit.optimizers.SGD(0.0), "mse", metrics=["mae"])
    history = model.fit(x, y, batch_size=3, verbose=0).history
    # The model gives zeros, so the error of a step is its target.
    expected = y[x != 0].mean()
    assert history["mae"][0] == pytest.approx(expected)
    assert model.evaluate(x, y, batch_size=3, verbose=0)[1] == pytest.approx(expected)
