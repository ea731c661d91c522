"""Golden files: models that releases of Keras wrote load, predict and go on training."""

import contextlib
import pathlib
import zipfile

import numpy as np
import pytest

import deepkit
from deepkit.saving import custom_object_scope, load_model

GOLDEN = pathlib.Path(__file__).parent / "golden"
# What float32 and another order of sums leave.
CLOSE = {"rtol": 1e-5, "atol": 1e-5}
# Older rules add epsilon after the root, today's before: steps differ where gradients are small.
CLOSE_LATER = {"rtol": 1e-4, "atol": 1e-4}


def cases():
    for path in sorted(GOLDEN.glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.endswith(".npz"):
                    yield path.stem, name.removesuffix(".npz")


class Scale(deepkit.layers.Layer):
    def __init__(self, power=2, **kwargs):
        super().__init__(**kwargs)
        self.power = power

    def build(self, input_shape):
        self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")

    def call(self, x):
        return x**self.power * self.factor

    def get_config(self):
        return {**super().get_config(), "power": self.power}


def distance(y_true, y_pred):
    return 2.0 * deepkit.ops.mean(deepkit.ops.square(y_true - y_pred), axis=-1)


def largest_miss(y_true, y_pred):
    return deepkit.ops.mean(deepkit.ops.abs(y_true - y_pred))


OWN = {"Scale": Scale, "distance": distance, "largest_miss": largest_miss}


class Branches(deepkit.Model):
    def __init__(self):
        super().__init__(name="branches")
        layers = deepkit.layers
        self.stem = layers.Dense(4, activation="tanh", name="stem")
        self.blocks = [layers.Dense(4, name=f"block_{index}") for index in range(2)]
        self.norm = layers.BatchNormalization(name="norm")
        self.last = layers.Dense(2, name="last")

    def call(self, x, training=None):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x) + x
        return self.last(self.norm(x, training=training))


class Expected:
    """What a release computed with a net."""

    def __init__(self, path):
        with np.load(path) as arrays:
            self._arrays = dict(arrays)
        self.x, self.y = self._alone("x"), self._alone("y")
        self.loss = self._arrays["loss"]

    def _alone(self, name):
        found = [self._arrays[key] for key in sorted(self.under(name))]
        return found[0] if len(found) == 1 else found

    def __getitem__(self, key):
        return self._arrays[key]

    def under(self, name):
        return [key for key in self._arrays if key.startswith(f"{name}/")]

    def check(self, model, when="", close=CLOSE):
        """Compare predictions and the weights of each layer."""
        found = model.predict(self.x, verbose=0)
        found = found if isinstance(found, list) else [found]
        for index, array in enumerate(found):
            np.testing.assert_allclose(array, self._arrays[f"{when}predictions/{index}"], **close)
        self.check_weights(model, when, close)

    def check_weights(self, model, when="", close=CLOSE):
        """Compare the weights of each layer."""
        layers = dict(leaves(model))
        paths = self.under(f"{when}weights")
        if len(paths) > 30:  # the text net of Keras 1, which kept the gates of an LSTM apart
            return
        assert len(paths) == sum(len(layer.get_weights()) for layer in layers.values())
        for path in paths:
            _, name, index = path.split("/")
            actual = layers[name].get_weights()[int(index)]
            np.testing.assert_allclose(actual, self._arrays[path], **close, err_msg=path)


def leaves(model):
    for layer in model.layers:
        if getattr(layer, "layers", None):
            yield from leaves(layer)
        else:
            yield layer.name, layer


def state(model):
    optimizer = model.optimizer.variables if model.optimizer else ()
    return [np.asarray(variable) for variable in (*model.weights, *optimizer)]


def assert_same_state(model, other):
    for actual, expected in zip(state(model), state(other), strict=True):
        np.testing.assert_array_equal(actual, expected)


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory):
    folders = {}

    def unpacked(release):
        if release not in folders:
            folders[release] = tmp_path_factory.mktemp(release)
            with zipfile.ZipFile(GOLDEN / f"{release}.zip") as archive:
                archive.extractall(folders[release])
        return folders[release]

    return unpacked


@pytest.fixture
def own_parts():
    with custom_object_scope(OWN):
        yield


def go_on(model, expected):
    model.fit(expected.x, expected.y, batch_size=4, epochs=2, shuffle=False, verbose=0)


@pytest.mark.parametrize(("release", "net"), [case for case in cases() if case[1] != "subclassed"])
@pytest.mark.usefixtures("own_parts")
def test_models(release, net, folder_of):
    folder = folder_of(release)
    expected = Expected(folder / f"{net}.npz")
    whole = [path for ending in (".h5", ".keras") if (path := folder / f"{net}{ending}").exists()]
    context = contextlib.nullcontext()
    if net == "nadam" and release == "tensorflow_2.15.1":
        context = pytest.warns(UserWarning, match="Nadam of TensorFlow's Keras after few steps")
    with context:
        models = [load_model(path) for path in whole]
    model = models[0]
    expected.check(model)
    results = model.evaluate(expected.x, expected.y, batch_size=8, verbose=0)
    if isinstance(model.output, list):
        np.testing.assert_allclose(results[0], expected.loss[0], rtol=1e-5)
    else:
        np.testing.assert_allclose(results, np.squeeze(expected.loss), rtol=1e-5)
    for other in models[1:]:
        assert_same_state(other, model)
    if (path := folder / f"{net}.weights.h5").exists():
        other = deepkit.models.clone_model(model)
        other.compile_from_config(model.get_compile_config())
        other.load_weights(path)
        assert_same_state(other, model)
    if (path := folder / f"{net}_weights.h5").exists():
        for by_name in (False, True):
            other = deepkit.models.clone_model(model)
            other.load_weights(path, by_name=by_name)
            for actual, saved in zip(other.get_weights(), model.get_weights(), strict=True):
                np.testing.assert_array_equal(actual, saved)
    if net != "chain":  # whose dropout is random
        go_on(models[-1], expected)
        expected.check(models[-1], "later_", CLOSE_LATER)


@pytest.mark.parametrize(("release", "net"), [case for case in cases() if case[1] == "subclassed"])
def test_models_of_own_classes(release, net, folder_of):
    folder = folder_of(release)
    expected = Expected(folder / f"{net}.npz")
    for path in (folder / f"{net}.weights.h5", folder / f"{net}_weights.h5"):
        if not path.exists():
            continue
        model = Branches()
        model(expected.x)
        model.compile(deepkit.optimizers.SGD(0.05, momentum=0.9), loss="mse")
        model.load_weights(path)
        expected.check(model)
        loss = model.evaluate(expected.x, expected.y, batch_size=8, verbose=0)
        np.testing.assert_allclose(loss, np.squeeze(expected.loss), rtol=1e-5)
        if path.name.endswith(".weights.h5"):
            go_on(model, expected)
            expected.check(model, "later_", CLOSE_LATER)


def releases_with(net):
    return [release for release, found in cases() if found == net]


@pytest.mark.parametrize("release", releases_with("custom"))
def test_parts_of_ones_own(release, folder_of, registry):
    """Given by a dict or registered; and named if they are not given."""
    folder = folder_of(release)
    expected = Expected(folder / "custom.npz")
    for path in folder.glob("custom.*[5s]"):
        if path.name.endswith(".weights.h5"):
            continue
        with pytest.raises(ValueError, match="'Scale'") as error:
            load_model(path)
        assert "register_keras_serializable" in str(error.value)
        model = load_model(path, custom_objects=OWN)
        loss = model.evaluate(expected.x, expected.y, batch_size=8, verbose=0)[0]
        np.testing.assert_allclose(loss, expected.loss[0], rtol=1e-5)
        registry.update(OWN)
        again = load_model(path)
        assert isinstance(again.layers[1], Scale) and again.layers[1].power == 3
        assert_same_state(again, model)
        registry.clear()


def test_files_are_anonymous():
    """No file names a folder of the machine that it was made on."""
    for path in GOLDEN.rglob("*.zip"):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                content = archive.read(name)
                assert not any(word in content for word in (b"/tmp", b"/opt", b"/root", b"/home"))
