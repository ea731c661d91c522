"""The state of optimizers that older Keras wrote: what fits, what does not, and what is said."""

import json

import h5py
import numpy as np
import pytest

import deepkit
from deepkit.errors import ArgumentError, CorruptFileError, WeightMismatchError
from deepkit.saving import load_model
from tests.saving.models import assert_equal_values, rewrite_member, values
from tests.saving.test_golden import folder_of  # noqa: F401

RANDOM = np.random.default_rng(5)


def chain(optimizer="adam"):
    layers = [deepkit.layers.Dense(3, name="first"), deepkit.layers.Dense(3, name="last")]
    model = deepkit.Sequential([deepkit.Input((3,)), *layers])
    model.compile(optimizer, loss="mse")
    return model


def add_state(path, arrays, version="2.3.1", first="Adam/iterations:0"):
    """Replace the state of the optimizer in a file."""
    with h5py.File(path, "r+") as file:
        for name in ("deepkit_manifest", "optimizer_weights"):
            if name in file:
                del file[name]
        file.attrs["keras_version"] = version
        names = [first, *(f"slot_{index}:0" for index in range(1, len(arrays)))]
        group = file.create_group("optimizer_weights")
        group.attrs["weight_names"] = np.array([name.encode() for name in names])
        for name, array in zip(names, arrays):
            group[name] = array
    return path


def slots(count):
    shapes = [(3, 3), (3,), (3, 3), (3,)] * count
    return [RANDOM.normal(size=shape).astype("float32") for shape in shapes]


@pytest.fixture
def path(tmp_path):
    chain().save(tmp_path / "chain.h5")
    return tmp_path / "chain.h5"


def test_slots_of_one_kind_together(path):
    arrays = slots(2)
    model = load_model(add_state(path, [np.array(7), *arrays]))
    assert int(model.optimizer.iterations) == 7
    assert_equal_values(model.optimizer.slots()["momentum"], arrays[:4])
    assert_equal_values(model.optimizer.slots()["velocity"], arrays[4:])


def test_slots_variable_by_variable(path):
    arrays = slots(2)
    mixed = [array for pair in zip(arrays[:4], arrays[4:]) for array in pair]
    file = add_state(path, [np.array(7), *mixed], "2.15.0", "iteration:0")
    model = load_model(file)
    assert_equal_values(model.optimizer.slots()["momentum"], arrays[:4])
    assert_equal_values(model.optimizer.slots()["velocity"], arrays[4:])


def test_placeholders_of_amsgrad_are_left_out(path):
    arrays, unused = slots(2), [np.zeros(1, "float32")] * 4
    model = load_model(add_state(path, [np.array(7), *arrays, *unused]))
    assert_equal_values(model.optimizer.slots()["velocity"], arrays[4:])


def test_momenta_that_are_not_used_are_left_out(tmp_path):
    chain("sgd").save(tmp_path / "chain.h5")
    model = load_model(add_state(tmp_path / "chain.h5", [np.array(7), *slots(1)]))
    assert int(model.optimizer.iterations) == 7
    with pytest.raises(WeightMismatchError, match="are 0 arrays for the model, and 8 in the file"):
        load_model(add_state(tmp_path / "chain.h5", [np.array(7), *slots(2)]))


def nadam_file(optimizer, folder):
    """A file with the state of a Nadam of Keras 2.3 after six steps, and the model it is from."""
    model = chain(optimizer)
    x = RANDOM.normal(size=(12, 3)).astype("float32")
    model.fit(x, x, batch_size=4, epochs=2, verbose=0)
    model.save(folder / "chain.h5")
    kinds = model.optimizer.slots()
    arrays = [np.asarray(slot) for kind in ("momentum", "velocity") for slot in kinds[kind]]
    return add_state(folder / "chain.h5", [np.array(6), np.float32(0.5), *arrays]), model


def test_another_nadam_warms_up_as_if_it_had_made_the_steps(tmp_path):
    file, model = nadam_file("nadam", tmp_path)
    with pytest.warns(UserWarning, match="Nadam of Keras 1 or 2.*schedule_decay=0.004"):
        loaded = load_model(file)
    for actual, expected in zip(loaded.optimizer.variables, model.optimizer.variables):
        # A product of six numbers, rounded in each step or once.
        np.testing.assert_allclose(np.asarray(actual), np.asarray(expected), rtol=1e-6)


def test_the_same_nadam_goes_on_with_the_product_in_the_file(tmp_path):
    optimizer = deepkit.optimizers.Nadam(0.01, schedule_decay=0.004)
    file, _ = nadam_file(optimizer, tmp_path)
    loaded = load_model(file).optimizer
    assert loaded.schedule_decay == 0.004
    assert_equal_values(loaded.slots()["momentum"], optimizer.slots()["momentum"])
    [(product, _)] = loaded.state_after_steps()
    assert float(product) == 0.5


def test_an_optimizer_that_had_not_begun(path):
    model = load_model(add_state(path, [np.array(0)]))
    assert not np.any(model.optimizer.slots()["momentum"][0])


@pytest.mark.parametrize("arrays", [slots(1), slots(2)[::-1]])
def test_state_that_does_not_fit(arrays, path):
    file = add_state(path, [np.array(7), *arrays])
    with pytest.raises(WeightMismatchError) as error:
        load_model(file)
    if len(arrays) == 4:
        assert "(Adam) are 8 arrays for the model, and 4 in the file" in str(error.value)
    else:
        assert "'optimizer_weights/slot_1:0' has shape (3,) in the file" in str(error.value)
    model = chain()
    model.load_weights(file, include_optimizer=False)


@pytest.mark.parametrize("steps", [0.5, -1.0, np.nan, 1e12])
def test_numbers_of_steps_that_are_none(steps, path):
    file = add_state(path, [np.float32(steps), *slots(2)])
    with pytest.raises(CorruptFileError, match="counts steps, and cannot be"):
        load_model(file)


@pytest.mark.parametrize("is_scaled", [False, True])
def test_optimizers_of_unknown_order(is_scaled, tmp_path):
    optimizer = deepkit.optimizers.Lamb(0.01)
    model = chain(deepkit.optimizers.LossScaleOptimizer(optimizer) if is_scaled else optimizer)
    model.save(tmp_path / "model.h5")
    file = add_state(tmp_path / "model.h5", [np.array(3), *slots(2)])
    with pytest.warns(UserWarning, match="older Keras kept that of Lamb is not known"):
        loaded = load_model(file)
    assert int(loaded.optimizer.iterations) == 0
    assert_equal_values(values(loaded), values(model))


def test_archives_with_optimizers_of_unknown_order(tmp_path):
    model = chain(deepkit.optimizers.Lamb(0.01))
    model.save(tmp_path / "now.keras")
    metadata = json.dumps({"keras_version": "2.15.0"}).encode()
    then = rewrite_member(tmp_path / "now.keras", tmp_path / "then.keras", metadata__json=metadata)
    with pytest.warns(UserWarning, match="order in which older Keras kept that of Lamb"):
        loaded = load_model(then)
    assert_equal_values(values(loaded), values(model))


def test_archives_that_forgot_their_optimizer(tmp_path):
    model = chain()
    model.save(tmp_path / "whole.keras")
    config = json.loads(json.dumps(deepkit.saving.serialize_keras_object(model)))
    del config["compile_config"]["optimizer"]
    path = rewrite_member(
        tmp_path / "whole.keras",
        tmp_path / "forgot.keras",
        config__json=json.dumps(config).encode(),
    )
    with pytest.warns(UserWarning, match="does not say which one it is of"):
        loaded = load_model(path)
    assert isinstance(loaded.optimizer, deepkit.optimizers.RMSprop)
    assert_equal_values(values(loaded), values(model))


def test_weights_layer_by_layer_under_the_newer_name(tmp_path):
    """TensorFlow before 2.12 did not mind the ending."""
    model = chain()
    model.save(tmp_path / "whole.h5")
    path = tmp_path / "old.weights.h5"
    with h5py.File(tmp_path / "whole.h5") as whole, h5py.File(path, "w") as weights:
        for name in whole["model_weights"]:
            whole.copy(f"model_weights/{name}", weights)
        weights.attrs.update(whole["model_weights"].attrs)
    other = chain()
    other.load_weights(path)
    assert_equal_values(values(other), values(model))
    with pytest.raises(ArgumentError, match="layer by layer, as Keras wrote them before 2.12"):
        other.load_weights(path, objects_to_skip=[other.layers[0]])


def test_gates_that_do_not_go_together(folder_of, tmp_path):  # noqa: F811
    """The arrays of an LSTM of Keras 1 are joined, and compared before."""
    source = folder_of("keras_1.2.2") / "text.h5"
    path = tmp_path / "text.h5"
    path.write_bytes(source.read_bytes())
    with h5py.File(path, "r+") as file:
        group = file["model_weights/lstm"]
        name = group.attrs["weight_names"][3].decode()
        del group[name]
        group[name] = np.zeros((7, 2), "float32")
    with pytest.raises(WeightMismatchError, match="and what goes with it: .*7, 2"):
        load_model(path)
