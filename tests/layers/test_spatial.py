"""What holds for all layers of sequences, images and volumes: configs, names, sizes, ranks."""

import json

import numpy as np
import pytest

import deepkit
from deepkit import errors, layers
from tests.layers.rows import convolution, pooling, resizing
from tests.oracle import keras, oracle

ROWS = [*convolution.ROWS, *pooling.ROWS, *resizing.ROWS]

every_row = pytest.mark.parametrize("row", ROWS, ids=str)
every_class = pytest.mark.parametrize(
    "row", {row.name: row for row in ROWS}.values(), ids=lambda row: row.name
)


@every_row
def test_config_is_that_of_keras(row):
    def plain(module):
        entry = module.saving.serialize_keras_object(row.make(module.layers, name="layer"))
        # Initializers draw their seeds, dtypes name their packages.
        return {k: v for k, v in entry["config"].items() if "initializer" not in k and k != "dtype"}

    with oracle():
        expected = plain(keras)
    actual = plain(deepkit)
    assert actual.keys() == expected.keys()
    regular = {k for k in actual if "regularizer" not in k and "constraint" not in k}
    assert {k: actual[k] for k in regular} == {k: expected[k] for k in regular}


@every_row
def test_config_survives_json(row):
    layer = row.make(layers)
    entry = json.loads(json.dumps(deepkit.saving.serialize_keras_object(layer)))
    assert deepkit.saving.deserialize_keras_object(entry).get_config() == layer.get_config()
    # Keras 2 wrote tuples as lists.
    listed = json.loads(json.dumps(layer.get_config()))
    assert type(layer).from_config(listed).get_config() == layer.get_config()


@every_row
def test_unknown_sizes_stay_unknown_as_in_keras(row):
    axis = 1 if row.make(layers).get_config().get("data_format") == "channels_first" else -1
    shape = [None] * len(row.shapes)
    shape[axis] = row.shapes[axis]
    layer = row.make(layers, name="layer")
    with oracle():
        twin = row.make(keras.layers, name="layer")
        expected = twin(keras.Input(shape[1:])).shape
    assert tuple(layer(deepkit.Input(shape[1:])).shape) == expected
    assert tuple(layer.compute_output_shape(tuple(shape))) == expected
    assert [w.path for w in layer.weights] == [w.path for w in twin.weights]


@every_class
def test_refuses_inputs_of_another_rank(row):
    rank = len(row.shapes)
    with pytest.raises(errors.ShapeError, match=f"expects an input of rank {rank}, received shape"):
        row.make(layers)(np.zeros((1,) * (rank + 1), "float32"))


@every_class
def test_takes_the_global_data_format(row):
    if "data_format" not in row.make(layers).get_config():
        pytest.skip("has its channels last in any case")
    arguments = {k: v for k, v in row.kwargs.items() if k != "data_format"}
    deepkit.config.set_image_data_format("channels_first")
    try:
        layer = getattr(layers, row.name)(**arguments)
    finally:
        deepkit.config.set_image_data_format("channels_last")
    assert layer.data_format == "channels_first"
    with pytest.raises(errors.ArgumentError, match="data_format"):
        getattr(layers, row.name)(**arguments, data_format="channels_middle")
