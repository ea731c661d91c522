"""The names that `deepkit.utils` offers mean what Keras means by them."""

import inspect

import numpy as np
import pytest

import deepkit
from tests.oracle import keras

NAMES = [
    name for name in vars(deepkit.utils) if not name.startswith("_") and name != "is_keras_tensor"
]


@pytest.mark.parametrize("name", NAMES)
def test_arguments_as_keras(name):
    ours, theirs = getattr(deepkit.utils, name), getattr(keras.utils, name)
    found = list(inspect.signature(ours).parameters)
    expected = [
        parameter.name
        for parameter in inspect.signature(theirs).parameters.values()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    assert found[: len(expected)] == expected


def test_old_name_of_data_sets():
    assert deepkit.utils.Sequence is deepkit.utils.PyDataset


def test_seeds_cover_numpy():
    draws = []
    for _ in range(2):
        deepkit.utils.set_random_seed(3)
        draws.append(np.random.rand(3).tolist())
    assert draws[0] == draws[1]
