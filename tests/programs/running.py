"""Run a program beside Keras, and through files."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

import deepkit
from tests.oracle import keras, oracle

# Sums in another order: a few units in the last place of float32, grown over some steps.
RTOL, ATOL = 2e-5, 2e-6


def _first_rows(x: Any) -> Any:
    return jax.tree.map(lambda array: array[:2], x)


def assert_trains_like_keras(
    program: Callable[[Any], Any], x: Any, y: Any, epochs: int = 2, only_ours: tuple[str, ...] = ()
) -> Any:
    """Train what `program(deepkit)` and `program(keras)` return from the same weights.

    Args:
        program: takes the package, returns a compiled model.
        x: inputs.
        y: targets.
        epochs: epochs to train.
        only_ours: names in the logs that Keras does not have.

    Returns:
        The trained deepkit model.
    """
    how = {"epochs": epochs, "shuffle": False, "verbose": 0}
    ours = program(deepkit)
    ours(_first_rows(x))
    with oracle():
        theirs = program(keras)
        theirs(_first_rows(x))
        theirs.set_weights(ours.get_weights())
        expected = theirs.fit(x, y, **how).history
        weights = theirs.get_weights()
    got = ours.fit(x, y, **how).history
    assert set(got) == {*expected, *only_ours}
    for name in expected:
        np.testing.assert_allclose(got[name], expected[name], RTOL, ATOL, err_msg=name)
    for ours_now, theirs_now in zip(ours.get_weights(), weights, strict=True):
        np.testing.assert_allclose(ours_now, theirs_now, RTOL, 10 * ATOL)
    return ours


def assert_goes_through_files(
    model: Any, folder: Any, custom_objects: dict[str, Any], x: Any, y: Any
) -> None:
    """Save a trained model in both formats; what is loaded predicts the same and trains on alike.

    Args:
        model: a compiled model without randomness.
        folder: where to write.
        custom_objects: what the files name.
        x: inputs.
        y: targets.
    """
    expected = model.predict(x, verbose=0)
    loaded = []
    for name in ("model.keras", "model.h5"):
        model.save(folder / name)
        loaded.append(deepkit.models.load_model(folder / name, custom_objects=custom_objects))
    how = {"epochs": 2, "shuffle": False, "verbose": 0}
    history = model.fit(x, y, **how).history
    for other in loaded:
        jax.tree.map(np.testing.assert_array_equal, other.predict(x, verbose=0), expected)
        again = other.fit(x, y, **how).history
        # By place: legacy files hold losses under their full names, which the logs then have.
        for name, values in zip(history, again.values(), strict=True):
            np.testing.assert_allclose(values, history[name], RTOL, ATOL, err_msg=name)
