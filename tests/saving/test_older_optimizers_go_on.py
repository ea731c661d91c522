"""Optimizers in files of Keras 1 and 2 take the steps that those releases took themselves."""

import zipfile

import h5py
import numpy as np
import pytest

import deepkit
from deepkit.saving import load_model
from tests.saving.models import rewrite_member
from tests.saving.test_golden import GOLDEN, Expected, go_on

# Some roundings of float32 in eight steps.
CLOSE = {"rtol": 1e-6, "atol": 3e-7}
# Gradients are float16 there, added up in another order.
CLOSE_IN_FLOAT16 = {"rtol": 1e-5, "atol": 1e-5}
# The archives of these have no state, as Keras left that of older optimizers out.
WITHOUT_STATE = ("legacy_nadam.keras", "scaled_nadam.keras")


def files_in(folder):
    for path in sorted(folder.glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if not name.endswith(".npz"):
                    yield path.stem, name


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A function that gives the path of a file, and what its release computed."""
    target = tmp_path_factory.mktemp("files")

    def found(release, name, folder=GOLDEN / "optimizers"):
        net = name.partition(".")[0]
        into = target / folder.name / release
        with zipfile.ZipFile(folder / f"{release}.zip") as archive:
            for member in (name, f"{net}.npz"):
                archive.extract(member, into)
        return into / name, Expected(into / f"{net}.npz")

    return found


def scale_of(optimizer):
    return [float(optimizer.dynamic_scale), float(optimizer.step_counter)]


@pytest.mark.parametrize(
    ("release", "name"),
    [case for case in files_in(GOLDEN / "optimizers") if case[1] not in WITHOUT_STATE],
)
def test_training_goes_on(release, name, files):
    path, expected = files(release, name)
    model = load_model(path)
    scales = name.startswith("scaled") and not name.startswith("scaled_by_a_number")
    assert isinstance(model.optimizer, deepkit.optimizers.LossScaleOptimizer) == scales
    if scales:
        assert scale_of(model.optimizer) == expected["scale"].tolist()
    go_on(model, expected)
    if scales:
        assert scale_of(model.optimizer) == expected["later_scale"].tolist()
    is_mixed = name.startswith("scaled_by_policy")
    close = CLOSE_IN_FLOAT16 if is_mixed else CLOSE
    expected.check_weights(model, "later_", close)


@pytest.mark.parametrize("release", ["keras_1.2.2", "keras_2.3.1", "tensorflow_2.9.3"])
def test_the_momentum_of_nadam_grows_as_it_did(release, files):
    path, expected = files(release, "nadam.h5", GOLDEN)
    model = load_model(path)
    np.testing.assert_allclose(model.optimizer.schedule_decay, 0.004, rtol=1e-6)
    go_on(model, expected)
    expected.check_weights(model, "later_", CLOSE)


def test_nadam_of_tensorflow_after_few_steps(files):
    """Four steps: the variables differ by a ten thousandth in what corrects their momenta."""
    path, expected = files("tensorflow_2.15.1", "nadam.keras", GOLDEN)
    with pytest.warns(UserWarning, match="after few steps.* trained by `fit` in one go"):
        model = load_model(path)
    go_on(model, expected)
    expected.check_weights(model, "later_", {"rtol": 1e-5, "atol": 3e-6})


def test_the_number_of_variables_counts_for_nadam_of_tensorflow(files):
    path, _ = files("tensorflow_2.15.1", "nadam.keras", GOLDEN)
    with pytest.warns(UserWarning, match="after few steps"):
        model = load_model(path)
    momenta = [0.9 * (1 - 0.5 * 0.96**step) for step in range(1, 5)]
    [(product, _)] = model.optimizer.state_after_steps()
    # Four variables in four steps, one of which took the product as it was in each of three.
    wanted = np.prod(momenta) ** 3 * momenta[3]
    np.testing.assert_allclose(float(product), wanted, rtol=1e-6)


@pytest.mark.parametrize("name", WITHOUT_STATE)
def test_archives_without_the_state_of_older_optimizers(name, files):
    path, _ = files("tensorflow_2.15.1", name)
    with pytest.warns(UserWarning, match="no state of the optimizer, .* `keras.optimizers.legacy`"):
        model = load_model(path)
    assert int(np.asarray(model.optimizer.iterations)) == 0
    load_model(path, compile=False)


def test_a_scale_that_never_changes(files, tmp_path):
    path, _ = files("tensorflow_2.15.1", "scaled_by_a_number.keras")
    model = load_model(path)
    assert isinstance(model.optimizer, deepkit.optimizers.SGD)
    assert model.optimizer.loss_scale_factor == 1024.0
    assert float(model.optimizer.scale_loss(2.0)) == 2048.0
    model.save(tmp_path / "again.keras")
    again = load_model(tmp_path / "again.keras")
    assert again.optimizer.loss_scale_factor == 1024.0
    assert again.get_compile_config()["auto_scale_loss"] is False


def test_the_scale_of_a_trained_model_begins_anew(files):
    path, expected = files("tensorflow_2.15.1", "scaled.keras")
    model = load_model(path)
    go_on(model, expected)
    trained = scale_of(model.optimizer)
    model.load_weights(path)
    assert trained == [128.0, 1.0] and scale_of(model.optimizer) == [64.0, 0.0]
    assert int(np.asarray(model.optimizer.iterations)) == 4


def test_weights_of_a_scaled_optimizer_load_into_one_that_is_not(files):
    path, expected = files("tensorflow_2.15.1", "scaled.keras")
    model = load_model(path)
    model.compile(deepkit.optimizers.Adam(0.02), loss="mse")
    model.load_weights(path)
    go_on(model, expected)
    expected.check_weights(model, "later_", CLOSE)


def archive_of_tensorflow(model, path, state):
    """An archive of 2.15, whose optimizer has only the arrays given."""
    model.save(path.with_name("now.keras"))
    with zipfile.ZipFile(path.with_name("now.keras")) as archive:
        weights = path.with_name("weights.h5")
        weights.write_bytes(archive.read("model.weights.h5"))
    with h5py.File(weights, "r+") as file:
        del file["deepkit_manifest"], file["optimizer"]
        for index, array in enumerate(state):
            file[f"optimizer/vars/{index}"] = array
    return rewrite_member(
        path.with_name("now.keras"),
        path,
        metadata__json=b'{"keras_version": "2.15.0"}',
        model__weights__h5=weights.read_bytes(),
    )


def one_weight(optimizer):
    layer = deepkit.layers.Dense(2, use_bias=False)
    model = deepkit.Sequential([deepkit.Input((2,)), layer])
    model.compile(optimizer, loss="mse")
    return model


def test_the_number_of_steps_where_there_is_nothing_else(tmp_path):
    model = one_weight(deepkit.optimizers.SGD(0.1))
    path = archive_of_tensorflow(model, tmp_path / "then.keras", [np.array(7)])
    assert int(np.asarray(load_model(path).optimizer.iterations)) == 7


@pytest.mark.parametrize("is_scaled", [False, True])
def test_the_state_of_a_single_variable(is_scaled, tmp_path):
    """It is no longer than that of an optimizer that was not built."""

    def make():
        optimizer = deepkit.optimizers.SGD(0.1, momentum=0.9)
        return one_weight(
            deepkit.optimizers.LossScaleOptimizer(optimizer) if is_scaled else optimizer
        )

    momentum = np.full((2, 2), 0.5, "float32")
    path = archive_of_tensorflow(make(), tmp_path / "then.keras", [np.array(7), momentum])
    model = make()
    model.load_weights(path)
    optimizer = model.optimizer.inner_optimizer if is_scaled else model.optimizer
    assert int(np.asarray(optimizer.iterations)) == 7
    np.testing.assert_array_equal(np.asarray(optimizer.slots()["momentum"][0]), momentum)
