"""Classes and functions of the user's: found where they were given, named where they are not."""

import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit.errors import CorruptFileError, SerializationError
from deepkit.saving import custom_object_scope, load_model
from tests.saving.models import INPUTS, TARGETS, assert_equal_values, rewrite_member, values
from tests.saving.safety.rows import row

MODEL_ENDINGS = (".keras", ".h5")


class Scale(deepkit.layers.Layer):
    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def build(self, input_shape):
        self.offset = self.add_weight("offset", shape=input_shape[-1:], initializer=Ones())

    def call(self, x):
        return x * self.factor + self.offset


class Ones(deepkit.initializers.Initializer):
    def __call__(self, shape, dtype=None, **kwargs):
        return jnp.ones(shape, dtype)

    def get_config(self):
        return {}


class Small(deepkit.regularizers.Regularizer):
    def __call__(self, x):
        return 0.1 * jnp.sum(x)

    def get_config(self):
        return {}


class Bounded(deepkit.constraints.Constraint):
    def __call__(self, w):
        return jnp.clip(w, -1.0, 1.0)


class Loud(deepkit.losses.Loss):
    def call(self, y_true, y_pred):
        return 3.0 * jnp.mean((y_true - y_pred) ** 2, axis=-1)


class Largest(deepkit.metrics.Metric):
    def __init__(self, name="largest", **kwargs):
        super().__init__(name=name, **kwargs)
        self.value = self.add_weight("value", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.value.assign(jnp.maximum(self.value.value, jnp.max(y_pred)))

    def result(self):
        return self.value.value


def twice(x):
    return x * 2.0


def fives(shape, dtype=None):
    return jnp.full(shape, 5.0, dtype)


def penalty(w):
    return 0.01 * jnp.sum(w**2)


def not_negative(w):
    return jnp.abs(w)


def distance(y_true, y_pred):
    return jnp.mean(jnp.abs(y_true - y_pred), axis=-1)


CLASSES = {c.__name__: c for c in (Scale, Ones, Small, Bounded, Loud, Largest)}
FUNCTIONS = {f.__name__: f for f in (twice, fives, penalty, not_negative, distance)}
EVERYTHING = {**CLASSES, **FUNCTIONS}


def model_with_all():
    """A model that uses all of the above, as functions and as classes."""
    dense = deepkit.layers.Dense(
        3,
        activation=twice,
        kernel_initializer=fives,
        bias_initializer=Ones(),
        kernel_regularizer=penalty,
        bias_regularizer=Small(),
        kernel_constraint=not_negative,
        bias_constraint=Bounded(),
    )
    rest = [Scale(3.0), deepkit.layers.Dense(2), deepkit.layers.Lambda(twice)]
    model = deepkit.Sequential([deepkit.Input((5,)), dense, *rest])
    model.compile("sgd", loss=distance, metrics=[Largest(), distance])
    return model


@pytest.fixture(params=MODEL_ENDINGS)
def path(request, tmp_path):
    model = model_with_all()
    model.fit(INPUTS, TARGETS, verbose=0)
    file = tmp_path / f"model{request.param}"
    model.save(file)
    file.with_suffix(".npy").write_bytes(b"")
    np.save(file.with_suffix(".npy"), np.asarray(model(INPUTS)))
    return file


def check(model, path):
    np.testing.assert_array_equal(model(INPUTS), np.load(path.with_suffix(".npy")))
    dense = model.layers[0]
    assert dense.activation is twice and dense.kernel_initializer is fives
    assert dense.kernel_regularizer is penalty and dense.kernel_constraint is not_negative
    assert isinstance(dense.bias_regularizer, Small) and isinstance(dense.bias_constraint, Bounded)
    assert isinstance(dense.bias_initializer, Ones)
    assert model.loss is distance
    results = model.evaluate(INPUTS, TARGETS, verbose=0, return_dict=True)
    assert set(results) == {"loss", "largest", "distance"}


@row("C01")
def test_given_as_custom_objects(path):
    check(load_model(path, custom_objects=EVERYTHING), path)


@row("C01")
def test_given_by_a_scope(path):
    with custom_object_scope(EVERYTHING):
        check(load_model(path), path)


def test_given_by_the_global_dict(path, registry):
    registry.update(EVERYTHING)
    check(load_model(path), path)


@pytest.mark.parametrize("ending", MODEL_ENDINGS)
@row("C01")
def test_registered(ending, tmp_path, registry):
    register = deepkit.saving.register_keras_serializable("tests")

    @register
    class Double(Scale):
        pass

    @register
    def halve(x):
        return x / 2.0

    dense = deepkit.layers.Dense(2, activation=halve)
    model = deepkit.Sequential([deepkit.Input((5,)), Double(5.0), dense])
    path = tmp_path / f"registered{ending}"
    model.save(path)
    loaded = load_model(path, custom_objects={"Ones": Ones})
    assert type(loaded.layers[0]) is Double and loaded.layers[1].activation is halve
    assert_equal_values(values(loaded), values(model))


@pytest.mark.parametrize("name", [name for name in EVERYTHING if name != "Loud"])
@row("C01")
def test_what_is_not_given_is_named(name, path):
    objects = {key: value for key, value in EVERYTHING.items() if key != name}
    with pytest.raises(ValueError) as error:
        load_model(path, custom_objects=objects)
    message = "\n".join([str(error.value), *getattr(error.value, "__notes__", ())])
    assert repr(name) in message
    assert "register_keras_serializable" in message


@row("C01")
def test_the_message_says_how_to_mend_it(path):
    with pytest.raises(SerializationError) as error:
        load_model(path, custom_objects={k: v for k, v in EVERYTHING.items() if k != "Scale"})
    assert "custom_objects={'Scale': Scale}" in str(error.value)
    assert any(str(path) in note for note in error.value.__notes__)


@row("C02")
def test_an_explicit_argument_wins(path, registry):
    Other = type("Scale", (Scale,), {})
    registry["Scale"] = registry["Custom>Scale"] = Scale
    with custom_object_scope({**EVERYTHING, "Scale": Scale}):
        loaded = load_model(path, custom_objects={"Scale": Other})
    assert type(loaded.layers[1]) is Other


@pytest.mark.parametrize("ending", MODEL_ENDINGS)
def test_losses_and_metrics_as_classes(ending, tmp_path):
    model = deepkit.Sequential([deepkit.Input((5,)), deepkit.layers.Dense(2)])
    model.compile("sgd", loss=Loud(), metrics=[Largest()])
    expected = model.evaluate(INPUTS, TARGETS, verbose=0)
    path = tmp_path / f"classes{ending}"
    model.save(path)
    loaded = load_model(path, custom_objects=CLASSES)
    assert loaded.evaluate(INPUTS, TARGETS, verbose=0) == expected
    plain = load_model(path, compile=False)
    assert not plain.compiled


@row("C03")
def test_a_class_that_cannot_be_made_names_itself(path):
    class Odd(Scale):
        @classmethod
        def from_config(cls, config):
            raise TypeError("an argument is missing")

    with pytest.raises(TypeError, match="an argument is missing") as error:
        load_model(path, custom_objects={**EVERYTHING, "Scale": Odd})
    assert any("While making the Odd 'scale" in note for note in error.value.__notes__)
    assert error.traceback[-1].name == "from_config"


@pytest.mark.parametrize("ending", [".keras", ".weights.h5", ".h5"])
@row("C03")
def test_files_of_a_newer_deepkit(ending, tmp_path, monkeypatch):
    model = deepkit.Sequential([deepkit.Input((5,)), deepkit.layers.Dense(2)])
    path = tmp_path / f"new{ending}"
    written = {"deepkit_version": "9.9.9", "deepkit_format": 2}
    with monkeypatch.context() as patch:
        patch.setattr("deepkit.saving._formats._manifest.stamp", lambda: written)
        patch.setattr("deepkit.saving._formats._archive.stamp", lambda: written)
        patch.setattr("deepkit.saving._formats._manifest.FORMAT", 2)
        (model.save_weights if ending == ".weights.h5" else model.save)(path)
    words = f"written by deepkit 9.9.9 in file format 2, and this deepkit {deepkit.__version__}"
    with pytest.raises(CorruptFileError, match=words):
        model.load_weights(path) if ending == ".weights.h5" else load_model(path)


def test_a_file_that_describes_no_model(tmp_path):
    model = deepkit.Sequential([deepkit.Input((5,)), deepkit.layers.Dense(2)])
    model.save(tmp_path / "model.keras")
    for config, error, words in (
        (b'{"a": 1}', SerializationError, "describes? a model, but it describes dict"),
        (b"[1]", CorruptFileError, "config.json in .* describes no model"),
    ):
        path = rewrite_member(
            tmp_path / "model.keras", tmp_path / "other.keras", config__json=config
        )
        with pytest.raises(error, match=words):
            load_model(path)
