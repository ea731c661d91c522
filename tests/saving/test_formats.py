"""Files of Keras are read, and Keras reads ours, with the same trees, weights and outputs."""

import json
import zipfile

import numpy as np
import pytest

import deepkit
from tests.layers.catalogue import ROWS
from tests.oracle import keras, oracle
from tests.saving.models import (
    FORMATS,
    INPUTS,
    KINDS,
    arrays_in,
    assert_equal_values,
    fill,
    group_names_in,
    nested_class,
    open_weights,
    values,
)
from tests.saving.ways import bytes_in, count_of_arrays, layers_in

OURS = {"Nested": nested_class(deepkit)}
THEIRS = {"Nested": nested_class(keras)}

every_format = pytest.mark.parametrize("ending", FORMATS)
# Keras's older format does not say how to build a class of the user's.
shared_files = pytest.mark.parametrize(
    ("kind", "ending"),
    [(k, e) for k in KINDS for e in FORMATS if (k, e) != ("nested", ".h5")],
)
every_kind = pytest.mark.parametrize("kind", KINDS)


def _twins(kind):
    """The same model here and in Keras, with the same weights and automatic names."""
    ours = fill(KINDS[kind](deepkit))
    with oracle():
        theirs = fill(KINDS[kind](keras))
    for model in (ours, theirs):
        model.compile("adam", "mean_squared_error", metrics=["mae"])
        model.optimizer.build(model.trainable_variables)
        for index, variable in enumerate(model.optimizer.variables):
            variable.assign(np.full(tuple(variable.shape), index, "float32"))
    return ours, theirs


def _save(model, path):
    (model.save_weights if str(path).endswith(".weights.h5") else model.save)(path)


def _load(k, model, path, custom_objects):
    """What a file holds, in the model itself where the file has only weights."""
    if not str(path).endswith(".weights.h5"):
        return k.saving.load_model(path, custom_objects=custom_objects)
    for variable in [*model.weights, *model.optimizer.variables]:
        variable.assign(np.zeros(tuple(variable.shape), "float32"))
    model.load_weights(path)
    return model


@shared_files
def test_files_of_keras_load(kind, ending, tmp_path):
    ours, theirs = _twins(kind)
    path = str(tmp_path / f"theirs{ending}")
    expected = values(ours)
    with oracle():
        _save(theirs, path)
        outputs = np.asarray(theirs(INPUTS))
    loaded = _load(deepkit, ours, path, OURS)
    assert_equal_values(values(loaded), expected)
    assert_equal_values(loaded.optimizer.variables, theirs.optimizer.variables)
    # Sums of a few products in float32, in another order.
    np.testing.assert_allclose(loaded(INPUTS), outputs, rtol=1e-5, atol=1e-6)


@shared_files
def test_keras_loads_our_files(kind, ending, tmp_path):
    ours, theirs = _twins(kind)
    path = str(tmp_path / f"ours{ending}")
    _save(ours, path)
    expected, outputs = values(ours), np.asarray(ours(INPUTS))
    with oracle():
        loaded = _load(keras, theirs, path, THEIRS)
        assert_equal_values(values(loaded), expected)
        if ending == ".weights.h5" or (ending == ".keras" and kind != "nested"):
            # Elsewhere Keras 3.15 does not restore optimizers from its own files either.
            assert_equal_values(loaded.optimizer.variables, ours.optimizer.variables)
        np.testing.assert_allclose(np.asarray(loaded(INPUTS)), outputs, rtol=1e-5, atol=1e-6)


@every_kind
@pytest.mark.parametrize("ending", [".keras", ".weights.h5"])
def test_trees_are_those_of_keras(kind, ending, tmp_path):
    ours, theirs = _twins(kind)
    paths = [str(tmp_path / f"{who}{ending}") for who in ("ours", "theirs")]
    _save(ours, paths[0])
    with oracle():
        _save(theirs, paths[1])
    actual, expected = (arrays_in(path) for path in paths)
    assert list(actual) == list(expected)
    assert_equal_values(actual.values(), expected.values())
    assert set(group_names_in(paths[0])) == set(group_names_in(paths[1]))


def _tangled(k, seed):
    """A drawn model of equal layers that are connected at random."""
    generator = np.random.default_rng(seed)
    inputs = [k.Input((3,), name=f"in_{index}") for index in range(2)]
    tensors = list(inputs)
    layers = [k.layers.Dense(3, name=f"layer_{index}") for index in range(7)]
    for _ in range(9):
        first, second = generator.integers(len(tensors), size=2)
        joined = k.layers.Add(name=f"sum_{len(tensors)}")([tensors[first], tensors[second]])
        tensors.append(layers[generator.integers(len(layers))](joined))
    return k.Model(inputs, [tensors[index] for index in generator.permutation(range(5, 11))[:3]])


@pytest.mark.parametrize("seed", range(8))
def test_layers_of_drawn_models_are_numbered_as_in_keras(seed, tmp_path):
    paths = [str(tmp_path / f"{who}.weights.h5") for who in ("ours", "theirs")]
    _tangled(deepkit, seed).save_weights(paths[0])
    with oracle():
        _tangled(keras, seed).save_weights(paths[1])
    ours, theirs = (group_names_in(path) for path in paths)
    del ours["vars"], theirs["vars"]  # the names of the models
    assert ours == theirs


@every_kind
@every_format
def test_saving_again_writes_the_same(kind, ending, tmp_path):
    model, _ = _twins(kind)
    paths = [str(tmp_path / f"{index}{ending}") for index in (1, 2)]
    _save(model, paths[0])
    before = values(model), [np.asarray(v) for v in model.optimizer.variables]
    loaded = _load(deepkit, model, paths[0], OURS)
    _save(loaded, paths[1])
    assert_equal_values(values(loaded), before[0])
    assert_equal_values(loaded.optimizer.variables, before[1])
    if ending != ".h5":
        # There, groups are named by paths of variables, which say where a layer was built.
        first, second = (arrays_in(path) for path in paths)
        assert list(first) == list(second)
        assert_equal_values(first.values(), second.values())
    assert_equal_values(values(_load(deepkit, model, paths[1], OURS)), before[0])
    for seeds in zip(*([v for v in m.variables if "seed" in v.path] for m in (model, loaded))):
        assert_equal_values([seeds[0]], [seeds[1]])


def test_each_variable_is_stored_once(tmp_path):
    class Tied(deepkit.layers.Layer):
        def __init__(self, kernel=None, **kwargs):
            super().__init__(**kwargs)
            self.kernel = kernel

        def call(self, x):
            return x @ self.kernel

    source = deepkit.layers.Dense(5, use_bias=False)
    source.build((None, 5))
    model = deepkit.Sequential([deepkit.Input((5,)), source, Tied(source.kernel)])
    path = tmp_path / "tied.weights.h5"
    model.save_weights(path)
    with open_weights(path) as file:
        assert file["layers/dense/vars/0"] == file["layers/tied/vars/0"]
    before = values(model)
    fill(model)
    model.load_weights(path)
    assert_equal_values(values(model), before)


def test_a_list_in_two_places_is_visited_once(tmp_path):
    def make(k):
        class Lists(k.Model):
            def __init__(self):
                super().__init__()
                shared = [k.layers.Dense(2)]
                self.all = [shared, k.layers.Dense(2), shared]

            def call(self, x):
                return self.all[1](self.all[0][0](x))

        model = Lists()
        model(INPUTS)
        return model

    paths = [str(tmp_path / f"{who}.weights.h5") for who in ("ours", "theirs")]
    make(deepkit).save_weights(paths[0])
    with oracle():
        make(keras).save_weights(paths[1])
    assert list(arrays_in(paths[0])) == list(arrays_in(paths[1]))


@pytest.mark.parametrize("kind", ["dict", "list"])
@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_losses_of_several_outputs(kind, ending, tmp_path):
    def make(k):
        inputs = k.Input((5,))
        heads = [k.layers.Dense(2, name=name)(inputs) for name in ("a", "b")]
        model = k.Model(inputs, dict(zip("ab", heads)) if kind == "dict" else heads)
        losses = ["mse", k.losses.Huber(2.0)]
        model.compile("sgd", loss=dict(zip("ab", losses)) if kind == "dict" else losses)
        return model

    targets = {"a": INPUTS[:, :2], "b": INPUTS[:, 2:4]}
    targets = targets if kind == "dict" else list(targets.values())
    model = fill(make(deepkit))
    path = str(tmp_path / f"several{ending}")
    model.save(path)
    loaded = deepkit.saving.load_model(path)
    expected = model.evaluate(INPUTS, targets, verbose=0)
    assert loaded.evaluate(INPUTS, targets, verbose=0) == expected
    with oracle():
        theirs = keras.saving.load_model(path).evaluate(INPUTS, targets, verbose=0)
    # Means in float32, in another order.
    np.testing.assert_allclose(np.ravel(theirs)[0], np.ravel(expected)[0], rtol=1e-5)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@every_format
def test_small_floats_come_back_bit_for_bit(dtype, ending, tmp_path):
    def make():
        layer = deepkit.layers.Dense(3, dtype=deepkit.DTypePolicy(dtype))
        model = deepkit.Sequential([deepkit.Input((5,), dtype=dtype), layer])
        model.compile("sgd", "mse")
        return model

    model = make()
    path = str(tmp_path / f"small{ending}")
    _save(model, path)
    loaded = _load(deepkit, make(), path, None) if ending != ".weights.h5" else make()
    loaded.load_weights(path)
    assert loaded.layers[0].kernel.dtype == dtype
    assert_equal_values(values(loaded), values(model))


def test_keras_reads_bfloat16(tmp_path):
    path = str(tmp_path / "small.keras")
    layer = deepkit.layers.Dense(3, dtype=deepkit.DTypePolicy("bfloat16"))
    model = deepkit.Sequential([deepkit.Input((5,), dtype="bfloat16"), layer])
    model.save(path)
    with oracle():
        loaded = keras.saving.load_model(path)
        theirs = str(tmp_path / "theirs.keras")
        loaded.save(theirs)
    assert_equal_values(values(loaded), values(model))
    assert_equal_values(values(deepkit.saving.load_model(theirs)), values(model))


def test_wider_floats_in_a_file_are_cast(tmp_path):
    double = deepkit.Sequential([deepkit.Input((5,)), deepkit.layers.Dense(2)])
    path = tmp_path / "float64.weights.h5"
    with oracle():
        twin = keras.Sequential([keras.Input((5,)), keras.layers.Dense(2)])
        twin.save_weights(path)
    import h5py

    with h5py.File(path, "r+") as file:
        kernel = file["layers/dense/vars/0"][()].astype("float64")
        del file["layers/dense/vars/0"]
        file["layers/dense/vars/0"] = kernel
    double.load_weights(path)
    assert double.layers[0].kernel.dtype == "float32"
    np.testing.assert_array_equal(double.layers[0].kernel, kernel.astype("float32"))


def test_metadata_says_who_wrote_the_file(tmp_path):
    path = tmp_path / "model.keras"
    KINDS["chained"](deepkit).save(path)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["metadata.json", "config.json", "model.weights.h5"]
        metadata = json.loads(archive.read("metadata.json"))
    assert metadata["deepkit_version"] == deepkit.__version__
    assert metadata["deepkit_format"] == 1
    assert metadata["keras_version"].startswith("3.")


FIRST_ROWS = {row.name: row for row in reversed(ROWS)}.values()


@pytest.mark.parametrize("row", FIRST_ROWS, ids=str)
def test_W05_every_layer_goes_both_ways_and_is_saved_again_as_it_was(row, tmp_path):
    ours = _drawn_around(deepkit, row)
    fill_any(ours)
    path = str(tmp_path / "ours.keras")
    ours.save(path)
    again = deepkit.saving.load_model(path)
    assert_equal_values([np.asarray(v) for v in again.variables], _all(ours))
    second = str(tmp_path / "again.keras")
    again.save(second)
    assert layers_in(path) == layers_in(second) and bytes_in(path) == bytes_in(second)
    assert count_of_arrays(path) == len(ours.variables)
    with oracle():
        theirs = keras.saving.load_model(path)
        assert_equal_values(values(theirs), values(ours))
        other = str(tmp_path / "theirs.keras")
        theirs.save(other)
    assert_equal_values(values(deepkit.saving.load_model(other)), values(ours))


def _all(model):
    return [np.asarray(variable) for variable in model.variables]


def _drawn_around(k, row):
    """A drawn model of one layer, whose inputs are all arrays that the row gives to it."""
    leaves = []

    def symbol(array):
        leaves.append(k.Input(batch_shape=(None, *array.shape[1:]), dtype=array.dtype.name))
        return leaves[-1]

    def symbols(value):
        if isinstance(value, list | tuple):
            return [symbols(item) for item in value]
        return symbol(value) if isinstance(value, np.ndarray) else value

    layer = row.make(k.layers)
    inputs = symbols(row.make_inputs())
    call = {key: symbols(value) for key, value in row.call.items()}
    outputs = layer(inputs, **call)
    return k.Model(leaves[0] if len(leaves) == 1 else leaves, outputs)


def fill_any(model):
    """Other values for all weights, in their dtypes."""
    generator = np.random.default_rng(5)
    for variable in model.weights:
        value = generator.uniform(0.1, 1.0, tuple(variable.shape))
        variable.assign(value.astype(variable.dtype))
