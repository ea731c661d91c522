"""The optimizer of weights that were loaded before `compile`."""

import numpy as np
import pytest

import deepkit
from tests.saving.models import assert_equal_values


def compiled():
    model = deepkit.Sequential([deepkit.Input((3,)), deepkit.layers.Dense(2)])
    model.compile("adam", loss="mse")
    return model


def test_it_is_said_that_the_optimizer_of_shards_starts_anew(tmp_path):
    source = compiled()
    source.fit(np.ones((4, 3)), np.zeros((4, 2)), verbose=0)
    source.save_weights(tmp_path / "model.weights.json", max_shard_size=1e-6)
    model = deepkit.Sequential([deepkit.Input((3,)), deepkit.layers.Dense(2)])
    model.load_weights(tmp_path / "model.weights.json")
    with pytest.warns(UserWarning, match="starts anew, though .*include_optimizer=True"):
        model.compile("adam", loss="mse")

    model = deepkit.Sequential([deepkit.Input((3,)), deepkit.layers.Dense(2)])
    model.load_weights(tmp_path / "model.weights.json", include_optimizer=True)
    model.compile("adam", loss="mse")
    assert_equal_values(model.optimizer.variables, source.optimizer.variables)
