"""What older configs say that cannot be said today stops with a reason, unless the user helps."""

import json

import numpy as np
import pytest

import deepkit
from deepkit.errors import SerializationError
from deepkit.models import model_from_json
from deepkit.saving._formats._older_configs import modern_config, modern_training_config

SHAPE = {"batch_input_shape": [None, 4]}


def chain(class_name, **config):
    """A chain of one layer."""
    layer = {"class_name": class_name, "config": {"name": "own", **SHAPE, **config}}
    return {"class_name": "Sequential", "config": {"name": "chain", "layers": [layer]}}


def drawing(class_name, call, **config):
    """A drawing of an input and one layer."""
    x = {"class_name": "InputLayer", "name": "x", "config": {**SHAPE, "name": "x"}}
    layer = {"class_name": class_name, "name": "own", "config": {"name": "own", **config}}
    layers = [{**x, "inbound_nodes": []}, {**layer, "inbound_nodes": [call]}]
    places = {"input_layers": [["x", 0, 0]], "output_layers": [["own", 0, 0]]}
    return {"class_name": "Functional", "config": {"name": "m", "layers": layers, **places}}


def op(function, *call, **kwargs):
    return drawing("TFOpLambda", [["x", 0, 0, dict(*call, **kwargs)]], function=function)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (chain("Highway"), r"The layer 'own' \(Highway\) .* is of a class that deepkit has no"),
        (chain("LSTM", units=2, time_major=True), "'own' .LSTM. .* time_major=True, for which"),
        (chain("Merge", mode="sum", layers=[]), "merges by a function of the user's"),
        (chain("LSTM", output_dim=2, forget_bias_init="normal"), "forget_bias_init='normal'"),
        (
            chain("Dense", output_dim=2, W_regularizer={"name": "EigenvalueRegularizer", "k": 1}),
            "The regularizer .EigenvalueRegularizer. .* has no equal here",
        ),
        (
            chain("Dense", output_dim=2, W_constraint={"name": "Own", "m": 1}),
            "The constraint .Own. .* has no equal here",
        ),
        (op("math.betainc"), "The operation 'own' .math.betainc. .* that deepkit has no equal of"),
        (op("math.cumsum", reverse=True), "has reverse=True, for which there is no equal here"),
        (op("math.add", y=1.0, other=2), r"arguments without an equal here: \['other'\]"),
        (op("split", num_or_size_splits=[1, -1]), "num_or_size_splits=.1, -1.: one is open"),
    ],
)
def test_models(config, message):
    with pytest.raises(SerializationError, match=message):
        modern_config(config)


def test_operations_in_parts_that_are_called_twice():
    config = op("linalg.matmul", b=["x", 0, 0], transpose_b=True)
    layer = config["config"]["layers"][1]
    layer["inbound_nodes"] = layer["inbound_nodes"] * 2
    with pytest.raises(SerializationError, match="'own' .linalg.matmul. .* is called more than"):
        modern_config(config)


def test_images_that_keras_alone_resized():
    config = {**chain("UpSampling2D", interpolation="bilinear"), "keras_version": "2.3.1"}
    with pytest.raises(SerializationError, match="'own' .UpSampling2D. .* other pixel centers"):
        modern_config(config)
    assert modern_config({**config, "keras_version": "2.4.0"})["class_name"] == "Sequential"
    with pytest.raises(SerializationError, match="other pixel centers"):
        modern_config(chain("UpSampling2D", interpolation="bilinear"), "2.2.4")


@pytest.mark.parametrize(
    ("training", "message"),
    [
        (
            {
                "optimizer_config": {
                    "class_name": "LossScaleOptimizer",
                    "config": {"dynamic": False, "inner_optimizer": None},
                }
            },
            "has a loss scale that never changes around an optimizer that is none of deepkit's",
        ),
        (
            {
                "optimizer_config": {
                    "class_name": "LossScaleOptimizer",
                    "config": {
                        "loss_scale": {
                            "class_name": "DynamicLossScale",
                            "config": {"multiplier": 4.0},
                        }
                    },
                }
            },
            r"has a loss scale with multiplier=4.0, .* Only 2 can be read",
        ),
        ({"metrics": [{"class_name": "function", "config": 3}]}, "none of the metrics"),
    ],
)
def test_training(training, message):
    with pytest.raises(SerializationError, match=message):
        modern_training_config(training)


def test_the_cosine_of_keras_1():
    with pytest.raises(SerializationError, match="'cosine_proximity'|cosine_proximity.* is a mean"):
        modern_training_config({"loss": ["cosine_proximity"]}, "1.2.2")
    found = modern_training_config({"metrics": {"a": ["cosine"]}}, "2.2.4")["metrics"]["a"][0]
    assert found["config"]["fn"]["module"] == "keras.losses"


def test_arguments_that_no_table_knows():
    layer = {"units": 3, "temperature": 2.0}
    with pytest.raises(TypeError, match="'own' .Dense.: temperature"):
        model_from_json(json.dumps(chain("Dense", **layer)))


class Highway(deepkit.layers.Layer):
    """A layer of the user's, in the place of one that is gone."""

    def __init__(self, input_dim=1, **kwargs):
        super().__init__(**kwargs)
        self.factor = input_dim

    def call(self, x):
        return x * self.factor


def test_classes_of_the_users_win():
    text = json.dumps(chain("Highway", input_dim=3))
    model = model_from_json(text, custom_objects={"Highway": Highway})
    assert model.layers[0].factor == 3
    np.testing.assert_allclose(model(np.ones((1, 4), "float32")), np.full((1, 4), 3.0))


def test_configs_of_today_are_left_alone():
    x = deepkit.Input((4,))
    dense = deepkit.layers.Dense(4, activation="hard_sigmoid")
    model = deepkit.Model(x, deepkit.ops.add(dense(dense(x)), 1.0))
    config = json.loads(model.to_json())
    assert modern_config(config) == config
    # In `.h5`, Keras 3 names no modules.
    plain = {"class_name": config["class_name"], "config": config["config"]}
    assert modern_config(plain, "3.15.1") == plain


def test_first_states_and_what_merges():
    """Configs that no version at hand could be made to write."""
    merged = drawing("Merge", [["x", 0, 0], ["x", 0, 0]], mode="concat", concat_axis=1)
    [_, layer] = modern_config(merged)["config"]["layers"]
    assert layer["class_name"] == "Concatenate"
    assert layer["config"] == {"name": "own", "axis": 1}
    cosine = drawing("Merge", [["x", 0, 0], ["x", 0, 0]], mode="cos", dot_axes=1)
    [_, layer] = modern_config(cosine)["config"]["layers"]
    assert layer["config"] == {"name": "own", "axes": [1, 1], "normalize": True}
    x = np.arange(8, dtype="float32").reshape(2, 4)
    model = model_from_json(json.dumps(drawing("Merge", [["x", 0, 0], ["x", 0, 0]], mode="sum")))
    np.testing.assert_allclose(model(x), 2 * x)


def test_names_with_slashes():
    config = op("math.add", y=2.0)
    for layer in config["config"]["layers"][1:]:
        layer["name"] = layer["config"]["name"] = "block/add"
    config["config"]["output_layers"] = [["block/add", 0, 0]]
    model = model_from_json(json.dumps(config))
    np.testing.assert_allclose(model(np.ones((1, 4), "float32")), np.full((1, 4), 3.0))


def test_scaled_losses_of_several_forms():
    inner = {"class_name": "SGD", "config": {"learning_rate": 0.1, "name": "SGD"}}
    scale = {
        "class_name": "DynamicLossScale",
        "config": {"initial_loss_scale": 8.0, "increment_period": 5, "multiplier": 2.0},
    }
    older = {
        "class_name": "LossScaleOptimizer",
        "config": {"optimizer": inner, "loss_scale": scale},
    }
    made = modern_training_config({"optimizer_config": older})["optimizer"]["config"]
    assert (made["initial_scale"], made["dynamic_growth_steps"]) == (8.0, 5)
    assert made["inner_optimizer"]["module"] == "keras.optimizers"
    for fixed in ({"class_name": "FixedLossScale", "config": {"loss_scale_value": 4.0}}, 4.0):
        older["config"]["loss_scale"] = fixed
        arguments = modern_training_config({"optimizer_config": older})
        assert arguments["optimizer"]["class_name"] == "SGD"
        assert arguments["optimizer"]["config"]["loss_scale_factor"] == 4.0
        assert arguments["auto_scale_loss"] is False
