"""Losses under gradient tapes: one program, with the values, gradients and errors of eager ones."""

import gc
import weakref

import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit import losses
from deepkit.losses import _calls_under_tapes

LABELS = np.array([0, 2, 1, 2])
SCORES = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)
WEIGHTS = np.array([1.0, 0.0, 2.0, 0.5], "float32")


def gradient(loss, targets, weights=None):
    scores = deepkit.Variable(SCORES)
    with deepkit.GradientTape() as tape:
        value = loss(targets, scores.value, weights)
    return value, tape.gradient(value, scores)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize(
    ("loss", "targets"),
    [
        (losses.MeanSquaredError(), SCORES[::-1].copy()),
        (losses.Huber(delta=0.3, reduction="sum"), SCORES[::-1].astype("float64")),
        (losses.SparseCategoricalCrossentropy(from_logits=True), LABELS),
        (losses.CategoricalFocalCrossentropy(from_logits=True), np.eye(3)[LABELS]),
        (losses.CosineSimilarity(axis=-1), SCORES[::-1].copy()),
    ],
)
def test_values_and_gradients_are_those_of_eager_losses(loss, targets, weights):
    expected = loss(targets, SCORES, weights)
    _, (by_scores,) = deepkit.value_and_grad(
        lambda: loss(targets, scores.value, weights), [scores := deepkit.Variable(SCORES)]
    )()
    for _ in range(2):
        value, found = gradient(loss, targets, weights)
        np.testing.assert_allclose(value, expected, rtol=1e-5)
        np.testing.assert_allclose(found, by_scores, rtol=1e-5, atol=1e-6)
    assert len(_calls_under_tapes._PROGRAMS[loss]) == 1


def test_what_changes_in_a_loss_is_seen():
    loss = losses.Huber(delta=10.0)
    before = float(gradient(loss, SCORES * 2)[0])
    loss.delta = 0.1
    after = float(gradient(loss, SCORES * 2)[0])
    assert after < before / 2
    np.testing.assert_allclose(after, loss(SCORES * 2, SCORES), rtol=1e-5)


def test_labels_out_of_range_are_refused():
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    gradient(loss, LABELS)
    with pytest.raises(ValueError, match="label"):
        gradient(loss, LABELS + 5)
    assert np.isfinite(gradient(loss, LABELS)[0])


def test_losses_of_users_run_as_they_are():
    calls = []

    class Mine(losses.Loss):
        def call(self, y_true, y_pred):
            calls.append(1)
            return jnp.mean((y_true - y_pred) ** 2, -1)

    loss = Mine()
    for count in (1, 2, 3):
        gradient(loss, SCORES)
        assert len(calls) == count
    assert loss not in _calls_under_tapes._PROGRAMS


def test_programs_go_with_their_losses():
    loss = losses.MeanSquaredError()
    gradient(loss, SCORES)
    gone = weakref.ref(loss)
    del loss
    gc.collect()
    assert gone() is None
