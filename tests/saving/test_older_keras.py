"""Files as Keras 1 and 2 wrote them: configs without modules, old names, nested calls."""

import json
import zipfile

import h5py
import numpy as np
import pytest

import deepkit
from deepkit.errors import SerializationError
from deepkit.models import model_from_json
from deepkit.saving import load_model
from tests.saving.models import assert_equal_values, values

RANDOM = np.random.default_rng(3)
KERNEL = RANDOM.normal(size=(4, 3)).astype("float32")
BIAS = RANDOM.normal(size=3).astype("float32")
LAYERS = "model_weights"
X = RANDOM.normal(size=(2, 4)).astype("float32")

GLOROT = {
    "class_name": "VarianceScaling",
    "config": {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform", "seed": None},
}
ZEROS = {"class_name": "Zeros", "config": {}}


def dense(name, units, **config):
    """A Dense layer as Keras 2.3 wrote it."""
    return {
        "class_name": "Dense",
        "config": {
            "name": name,
            "trainable": True,
            "dtype": "float32",
            "units": units,
            "activation": "relu",
            "use_bias": True,
            "kernel_initializer": GLOROT,
            "bias_initializer": ZEROS,
            "kernel_regularizer": {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.01}},
            "bias_regularizer": None,
            "activity_regularizer": None,
            "kernel_constraint": None,
            "bias_constraint": None,
            **config,
        },
    }


def write(path, config, weights, version="2.3.1", training=None, optimizer=(), root=LAYERS):
    """A file of a whole model, or of weights alone if there is no root."""
    with h5py.File(path, "w") as file:
        if config is not None:
            file.attrs["keras_version"] = version.encode()
            file.attrs["backend"] = b"tensorflow"
            file.attrs["model_config"] = json.dumps(config).encode()
        if training is not None:
            file.attrs["training_config"] = json.dumps(training).encode()
        group = file.create_group(root) if root else file
        group.attrs["layer_names"] = np.array([name.encode() for name in weights])
        group.attrs["keras_version"] = version.encode()
        for layer, arrays in weights.items():
            inner = group.create_group(layer)
            inner.attrs["weight_names"] = np.array([name.encode() for name in arrays], dtype="S")
            for name, array in arrays.items():
                inner[name] = array
        if optimizer:
            group = file.create_group("optimizer_weights")
            names = [f"Adam/slot_{index}:0" for index in range(len(optimizer))]
            group.attrs["weight_names"] = np.array([name.encode() for name in names])
            for name, array in zip(names, optimizer):
                group[name] = array
    return path


WEIGHTS = {"dense_1": {"dense_1/kernel:0": KERNEL, "dense_1/bias:0": BIAS}, "dropout_1": {}}
SEQUENTIAL = {
    "class_name": "Sequential",
    "config": {
        "name": "sequential_1",
        "layers": [
            dense("dense_1", 3, batch_input_shape=[None, 4]),
            {
                "class_name": "Dropout",
                "config": {"name": "dropout_1", "rate": 0.5, "noise_shape": None, "seed": None},
            },
        ],
    },
}
TRAINING = {
    "optimizer_config": {
        "class_name": "Adam",
        "config": {
            "learning_rate": 0.002,
            "beta_1": 0.9,
            "beta_2": 0.999,
            "decay": 0.0,
            "epsilon": 1e-07,
            "amsgrad": False,
        },
    },
    "loss": "mse",
    "metrics": ["mae"],
    "weighted_metrics": None,
    "sample_weight_mode": None,
    "loss_weights": None,
}
EXPECTED = np.maximum(X @ KERNEL + BIAS, 0)


def check(model):
    # Sums of four products in float32, in another order.
    np.testing.assert_allclose(model(X), EXPECTED, rtol=1e-6, atol=1e-6)


def test_a_chain_of_keras_2(tmp_path):
    path = write(tmp_path / "two.h5", SEQUENTIAL, WEIGHTS, training=TRAINING)
    model = load_model(path)
    check(model)
    assert model.input_shape == (None, 4)
    assert [layer.name for layer in model.layers] == ["dense_1", "dropout_1"]
    assert isinstance(model.layers[0].kernel_regularizer, deepkit.regularizers.L1L2)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.002)
    assert model.loss == "mse"
    model.fit(X, EXPECTED, verbose=0)


def test_the_list_of_layers_of_keras_1(tmp_path):
    config = {
        "class_name": "Sequential",
        "config": [
            {
                "class_name": "Dense",
                "config": {
                    "name": "dense_1",
                    "output_dim": 3,
                    "input_dim": 4,
                    "batch_input_shape": [None, 4],
                    "init": "glorot_uniform",
                    "activation": "relu",
                    "bias": True,
                    "W_regularizer": {"name": "WeightRegularizer", "l1": 0.0, "l2": 0.5},
                    "b_regularizer": None,
                    "W_constraint": None,
                    "b_constraint": None,
                    "activity_regularizer": None,
                    "trainable": True,
                },
            },
            {"class_name": "Dropout", "config": {"name": "dropout_1", "p": 0.25}},
            {
                "class_name": "BatchNormalization",
                "config": {
                    "name": "norm_1",
                    "mode": 0,
                    "axis": -1,
                    "momentum": 0.9,
                    "epsilon": 1e-3,
                    "beta_init": "zero",
                    "gamma_init": "one",
                },
            },
        ],
    }
    statistics = [RANDOM.uniform(0.5, 1.5, 3).astype("float32") for _ in range(4)]
    weights = {
        "dense_1": {"dense_1_W": KERNEL, "dense_1_b": BIAS},
        "dropout_1": {},
        "norm_1": dict(zip(["gamma", "beta", "mean", "std"], statistics)),
    }
    training = {
        "optimizer_config": {"class_name": "SGD", "config": {"lr": 0.05, "momentum": 0.9}},
        "loss": "mse",
        "metrics": [],
    }
    model = load_model(write(tmp_path / "one.h5", config, weights, "1.2.2", training))
    gamma, beta, mean, variance = statistics
    expected = (EXPECTED - mean) / np.sqrt(variance + 1e-3) * gamma + beta
    np.testing.assert_allclose(model(X), expected, rtol=1e-5, atol=1e-5)
    assert model.layers[1].rate == 0.25
    assert float(model.layers[0].kernel_regularizer.l2) == 0.5
    assert float(model.optimizer.learning_rate) == pytest.approx(0.05)


def drawn(class_name):
    call = [[["x", 0, 0, {}]]]
    joined = [[["left", 0, 0, {}], ["right", 0, 0, {}]]]
    return {
        "class_name": class_name,
        "config": {
            "name": "model_1",
            "layers": [
                {
                    "name": "x",
                    "class_name": "InputLayer",
                    "config": {
                        "batch_input_shape": [None, 4],
                        "dtype": "float32",
                        "sparse": False,
                        "name": "x",
                    },
                    "inbound_nodes": [],
                },
                {**dense("left", 3), "name": "left", "inbound_nodes": call},
                {**dense("right", 3), "name": "right", "inbound_nodes": call},
                {
                    "name": "sum",
                    "class_name": "Add",
                    "config": {"name": "sum", "trainable": True, "dtype": "float32"},
                    "inbound_nodes": joined,
                },
            ],
            "input_layers": [["x", 0, 0]],
            "output_layers": [["sum", 0, 0]],
        },
    }


@pytest.mark.parametrize("class_name", ["Model", "Functional"])
def test_drawn_models(class_name, tmp_path):
    weights = {
        "x": {},
        "right": {"right/kernel:0": KERNEL * 2, "right/bias:0": BIAS},
        "left": {"left/kernel:0": KERNEL, "left/bias:0": BIAS},
        "sum": {},
    }
    model = load_model(write(tmp_path / "drawn.h5", drawn(class_name), weights), compile=False)
    expected = EXPECTED + np.maximum(X @ KERNEL * 2 + BIAS, 0)
    np.testing.assert_allclose(model(X), expected, rtol=1e-5, atol=1e-5)
    again = model_from_json(json.dumps({**drawn(class_name), "keras_version": "2.3.1"}))
    assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]


def test_what_tensorflow_wrote(tmp_path):
    """Policies, dtypes of initializers, wrapped metrics, prefixed optimizers."""
    layer = dense(
        "dense_1",
        3,
        dtype={"class_name": "Policy", "config": {"name": "float32"}},
        kernel_initializer={
            "class_name": "GlorotUniform",
            "config": {"seed": None, "dtype": "float32"},
        },
    )
    norm = {
        "class_name": "BatchNormalization",
        "config": {
            "name": "norm",
            "axis": [1],
            "momentum": 0.99,
            "epsilon": 0.001,
            "center": True,
            "scale": True,
            "fused": None,
            "gamma_initializer": {
                "class_name": "VarianceScaling",
                "config": {"scale": 1.0, "mode": "fan_in", "distribution": "normal", "seed": None},
            },
        },
    }
    shape = {"batch_input_shape": [None, 4], "dtype": "float32", "ragged": False}
    inputs = {"class_name": "InputLayer", "config": {**shape, "name": "x"}}
    config = {
        "class_name": "Sequential",
        "config": {"name": "sequential", "layers": [inputs, layer, norm]},
    }
    weights = {
        **WEIGHTS,
        "norm": {f"norm/{index}:0": np.full(3, index / 10, "float32") for index in range(4)},
    }
    del weights["dropout_1"]
    wrapped = {
        "class_name": "MeanMetricWrapper",
        "config": {"name": "accuracy", "dtype": "float32", "fn": "binary_accuracy"},
    }
    named = {
        "class_name": "MeanMetricWrapper",
        "config": {"name": "mean_absolute_error", "fn": "mean_absolute_error"},
    }
    training = {
        "optimizer_config": {
            "class_name": "Custom>Adam",
            "config": {
                "name": "Adam",
                "learning_rate": 0.01,
                "jit_compile": True,
                "is_legacy_optimizer": False,
            },
        },
        "loss": {
            "class_name": "BinaryCrossentropy",
            "config": {
                "reduction": "auto",
                "name": "binary_crossentropy",
                "fn": "binary_crossentropy",
                "from_logits": True,
            },
        },
        "metrics": [[wrapped, named]],
        "weighted_metrics": [],
        "loss_weights": [],
    }
    shapes = [(4, 3), (3,), (3,), (3,)]
    means = [np.full(shape, at / 4, "float32") for at, shape in enumerate(shapes)]
    slots = [np.array(5), *means, *[mean + 1 for mean in means]]
    model = load_model(write(tmp_path / "tf.h5", config, weights, "2.10.0", training, slots))
    slots_of = model.optimizer.slots()
    assert_equal_values(slots_of["momentum"], means)
    assert_equal_values(slots_of["velocity"], [mean + 1 for mean in means])
    assert model.layers[1].axis in (1, -1)
    assert model.layers[1].gamma_initializer.distribution == "truncated_normal"
    results = model.evaluate(X, np.ones((2, 3), "float32"), verbose=0, return_dict=True)
    assert set(results) == {"loss", "accuracy", "mean_absolute_error"}
    assert int(model.optimizer.iterations) == 5
    assert model.loss.from_logits is True


def test_losses_and_metrics_of_several_outputs(tmp_path):
    from deepkit.saving._formats._older_configs import modern_training_config

    loss = {"class_name": "Huber", "config": {"delta": 2.0, "reduction": "auto"}}
    found = modern_training_config(
        {
            "optimizer_config": None,
            "loss": {"a": loss, "b": "mse"},
            "metrics": {"a": ["mae"], "b": []},
            "run_eagerly": True,
        }
    )
    kept = {
        "module": "keras.losses",
        "class_name": "Huber",
        "config": {"delta": 2.0, "reduction": "sum_over_batch_size"},
        "registered_name": None,
    }
    assert found["loss"] == {"a": kept, "b": "mse"}
    assert found["metrics"] == {"a": ["mae"], "b": None}
    assert found["run_eagerly"] is True
    assert modern_training_config({"loss": [loss, None]})["loss"] == [kept, None]


@pytest.mark.parametrize("root", [LAYERS, ""])
def test_weights_alone(root, tmp_path):
    path = write(tmp_path / "weights.h5", None, WEIGHTS, root=root)
    model = deepkit.Sequential([deepkit.Input((4,)), deepkit.layers.Dense(3, activation="relu")])
    model.load_weights(path)
    check(model)
    other = deepkit.Sequential(
        [deepkit.Input((4,)), deepkit.layers.Dense(3, activation="relu", name="dense_1")]
    )
    other.load_weights(path, by_name=True)
    check(other)


def test_nested_models(tmp_path):
    inner = {
        "class_name": "Sequential",
        "config": {"name": "inner", "layers": [dense("dense_1", 3, batch_input_shape=[None, 4])]},
    }
    outer = {"class_name": "Sequential", "config": {"name": "outer", "layers": [inner]}}
    weights = {"inner": WEIGHTS["dense_1"]}
    check(load_model(write(tmp_path / "nested.h5", outer, weights), compile=False))


def test_layers_that_wrap_layers(tmp_path):
    from deepkit.saving._formats._older_configs import modern_config

    wrapped = {
        "class_name": "TimeDistributed",
        "config": {"name": "each", "layer": dense("dense_1", 3), "batch_input_shape": [None, 2, 4]},
    }
    found = modern_config({"class_name": "Sequential", "config": [wrapped]})
    first, second = found["config"]["layers"]
    assert first["class_name"] == "InputLayer"
    assert first["config"]["batch_shape"] == [None, 2, 4]
    assert second["config"]["layer"]["config"]["units"] == 3
    assert "batch_input_shape" not in second["config"]


def test_convolutions_of_keras_1():
    from deepkit.saving._formats._older_configs import modern_config

    old = {
        "class_name": "Convolution2D",
        "config": {
            "name": "conv",
            "nb_filter": 8,
            "nb_row": 3,
            "nb_col": 5,
            "border_mode": "same",
            "subsample": [2, 2],
            "dim_ordering": "tf",
        },
    }
    assert modern_config(old)["config"] == {
        "name": "conv",
        "filters": 8,
        "kernel_size": [3, 5],
        "padding": "same",
        "strides": [2, 2],
        "data_format": "channels_last",
    }


def test_what_is_no_config_is_left_alone():
    from deepkit.saving._formats._older_configs import modern_config

    for entry in ({}, {"class_name": 3, "config": {}}, {"class_name": "Dense", "config": 3}):
        assert modern_config(entry) == entry


def test_archives_of_keras_2(tmp_path):
    """Keras 2.12 named the engine, the layers and the order of slots in another way."""
    model = deepkit.Sequential(
        [deepkit.Input((4,)), deepkit.layers.Dense(3, activation="relu"), deepkit.layers.Dense(2)]
    )
    model.compile("adam", loss="mse")
    model.optimizer.build(model.trainable_variables)
    model.save(tmp_path / "now.keras")
    model.save_weights(tmp_path / "then.weights.h5")
    with h5py.File(tmp_path / "then.weights.h5", "r+") as file:
        del file["deepkit_manifest"]
        file.move("layers", "_layer_checkpoint_dependencies")
        file["_layer_checkpoint_dependencies/dropout/_random_generator/vars/0"] = np.zeros(3)
    with zipfile.ZipFile(tmp_path / "now.keras") as archive:
        config = json.loads(archive.read("config.json"))
    config["module"] = "keras.engine.sequential"
    with zipfile.ZipFile(tmp_path / "then.keras", "w") as archive:
        archive.writestr("metadata.json", '{"keras_version": "2.12.0"}')
        archive.writestr("config.json", json.dumps(config))
        archive.write(tmp_path / "then.weights.h5", "model.weights.h5")
    loaded = load_model(tmp_path / "then.keras")
    assert_equal_values(values(loaded), values(model))


def test_optimizers_and_losses_that_are_unknown(tmp_path):
    training = {**TRAINING, "loss": "my_own_loss"}
    path = write(tmp_path / "own.h5", SEQUENTIAL, WEIGHTS, training=training)
    with pytest.raises(ValueError, match="my_own_loss") as error:
        load_model(path)
    assert any("Pass `compile=False`" in note for note in error.value.__notes__)
    check(load_model(path, compile=False))
    check(load_model(path, custom_objects={"my_own_loss": deepkit.losses.mse}))


def test_models_that_the_file_cannot_build(tmp_path):
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": [dense("dense_1", 3)]}}
    with pytest.raises(SerializationError, match="for which input shape 's' was built"):
        load_model(write(tmp_path / "a.h5", config, WEIGHTS))
