"""Configs of Keras 1 and 2 that golden files do not have in all their forms."""

import numpy as np
import pytest

import deepkit
from deepkit.saving._formats._legacy_configs import modern_config, modern_training_config
from deepkit.saving._formats._older._archive_configs import modern_archive_config
from deepkit.saving._formats._older._graphs import recounted


@pytest.mark.parametrize(
    ("mode", "class_name"),
    [("sum", "Add"), ("mul", "Multiply"), ("ave", "Average"), ("max", "Maximum")],
)
def test_merges_of_keras_1(mode, class_name):
    old = {"class_name": "Merge", "config": {"name": "joined", "mode": mode}}
    assert modern_config(old) == {"class_name": class_name, "config": {"name": "joined"}}


def test_merges_of_keras_1_with_options():
    joined = {"name": "joined", "mode": "concat", "concat_axis": 2}
    found = modern_config({"class_name": "Merge", "config": joined})
    assert found == {"class_name": "Concatenate", "config": {"name": "joined", "axis": 2}}
    for mode in ("dot", "cos"):
        config = {"name": "joined", "mode": mode, "dot_axes": [1, 1]}
        found = modern_config({"class_name": "Merge", "config": config})
        expected = {"name": "joined", "axes": [1, 1], "normalize": mode == "cos"}
        assert found == {"class_name": "Dot", "config": expected}


def test_decay_becomes_a_schedule():
    optimizer = {"class_name": "SGD", "config": {"lr": 0.1, "decay": 0.5, "momentum": 0.0}}
    found = modern_training_config({"optimizer_config": optimizer, "loss": "mse"})["optimizer"]
    rate = deepkit.optimizers.SGD.from_config(found["config"])
    # Keras 2: the rate divided by one and the decay for each step.
    for steps in range(4):
        rate.iterations.assign(steps)
        np.testing.assert_allclose(rate.learning_rate, 0.1 / (1 + 0.5 * steps), rtol=1e-6)


def test_the_former_hard_sigmoid():
    activation = deepkit.activations.get("keras_2_hard_sigmoid")
    x = np.array([-9.0, -2.5, -1.0, 0.0, 1.0, 2.5, 9.0], "float32")
    np.testing.assert_allclose(activation(x), np.clip(0.2 * x + 0.5, 0, 1), rtol=1e-6)
    config = {"name": "gru", "units": 2, "recurrent_activation": "hard_sigmoid"}
    found = modern_config({"class_name": "GRU", "config": config})["config"]
    assert found["recurrent_activation"] == "keras_2_hard_sigmoid"
    assert found["reset_after"] is False


def nested(*node_of):
    """A model within a model whose calls are counted from a number."""
    calls = [[[["x", 0, 0, {}]]], [[["y", 0, 0, {"other": ["x", 0, 0]}]]]]
    inner = {"class_name": "Model", "config": {"layers": []}, "name": "inner"}
    layers = [
        {"class_name": "InputLayer", "config": {}, "name": "x", "inbound_nodes": []},
        {**inner, "inbound_nodes": calls},
        {
            "class_name": "Add",
            "config": {},
            "name": "sum",
            "inbound_nodes": [
                [["inner", node, 0, {"more": ["inner", node, 0]}] for node in node_of]
            ],
        },
    ]
    return {"layers": layers, "output_layers": [["sum", 0, 0], ["inner", node_of[-1], 0]]}


def test_calls_of_inner_models_count_from_zero():
    assert recounted(nested(1, 2)) == nested(0, 1)
    assert recounted(nested(0, 1)) == nested(0, 1)


def test_archives_keep_what_is_of_ones_own():
    layer = {
        "module": "my.layers",
        "class_name": "Mine",
        "config": {
            "name": "mine",
            "inner": {
                "module": "builtins",
                "class_name": "function",
                "config": "twice",
                "registered_name": "function",
            },
        },
        "registered_name": "pack>Mine",
        "build_config": {"input_shape": [None, 2]},
    }
    model = {
        "module": "keras.src.engine.sequential",
        "class_name": "Sequential",
        "config": {"name": "s", "layers": [layer]},
        "registered_name": "Sequential",
    }
    found = modern_archive_config(model)
    assert found["class_name"] == "Sequential" and "module" not in found
    kept = found["config"]["layers"][0]
    assert kept["registered_name"] == "pack>Mine" and "module" not in kept
    assert kept["build_config"] == {"input_shape": [None, 2]}
    assert kept["config"]["inner"]["module"] == "builtins"
    assert "compile_config" not in found
