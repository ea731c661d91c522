"""CompileMetrics beside Keras's, and what it does where Keras's fails."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit.tensors import KerasTensor
from deepkit.training._compile_loss import CompileLoss
from deepkit.training._compile_metrics import CompileMetrics
from tests.oracle import keras, oracle
from tests.pure import functionalize
from tests.training.batches import batches


def largest_error(y_true, y_pred):
    return jnp.max(jnp.abs(y_true - y_pred), axis=-1)


class LargestError:
    def __call__(self, y_true, y_pred):
        return largest_error(y_true, y_pred)


def of(library, metrics):
    """Metrics in which functions of a library stand for its metrics."""
    if isinstance(metrics, dict):
        return {key: of(library, value) for key, value in metrics.items()}
    if isinstance(metrics, list | tuple):
        return type(metrics)(of(library, value) for value in metrics)
    return metrics(library) if getattr(metrics, "__name__", "") == "make" else metrics


def of_library(function):
    def make(library):
        return function(library)

    return make


MAE = of_library(lambda library: library.metrics.MeanAbsoluteError())
NAMED = of_library(lambda library: library.metrics.MeanAbsoluteError(name="mine"))
RECALL = of_library(lambda library: library.metrics.Recall(name="recall"))
CLASS = of_library(lambda library: library.metrics.MeanSquaredError)
LOSS = of_library(lambda library: library.losses.Huber(reduction=None))

# Form, metrics, weighted metrics, names of the outputs.
CASES = [
    ("single", ["mse", "mae"], None, None),
    ("single", ("mse", "MeanAbsoluteError", "mean_squared_error"), ["mse"], None),
    ("single", ["mse", "mse", "mse"], ["mse", "mse", "mae"], ["out"]),
    ("single", [MAE, NAMED, CLASS, RECALL], [NAMED, RECALL], None),
    ("single", [largest_error, LargestError(), functools.partial(largest_error)], None, None),
    ("single", [lambda y_true, y_pred: y_pred[:, 0], LOSS], [largest_error], None),
    ("single", ["accuracy", "acc", "Accuracy"], ["accuracy"], None),
    ("single", [["mse", "acc"]], None, None),
    ("single", {"out": ["mse", "mae"]}, {"out": "mse"}, ["out"]),
    ("single", [], [], None),
    ("one_list", ["mse", "mae"], ["mse"], ["out"]),
    ("one_dict", {"b": ["mse", "mae"]}, None, ["b"]),
    ("list", ["mse", "mae"], None, None),
    ("list", [["mse", "acc"], "mae"], ["mse", None], ["u", "v"]),
    ("list", [None, ["mse", "mse"]], [["mse"], "mse"], None),
    ("list", {"v": "mse", "u": ["mae", MAE]}, {"v": ["mse", "mse"]}, ["u", "v"]),
    ("list", {"v": RECALL}, None, ["u", "v"]),
    ("tuple", ["mse", "mae"], ["acc", ["acc", largest_error]], ["u", "v"]),
    ("dict", {"b": "mse", "a": ["mae", "mse"]}, {"a": "mae"}, None),
    ("dict", ["mse", ["mae"]], None, None),
    ("dict", {"b": "mse", "a": ["mae", "mse"]}, None, ["b", "a"]),
    ("unsorted", {"b": "mse", "a": ["mae", "mse"]}, None, ["x", "y"]),
    ("nested", {"w": "mse", "x": ["mse", {"k": ["mae", "mse"]}]}, None, None),
    ("nested", {"w": "mse", "x": ("mse", {"k": MAE})}, None, ["o1", "o2", "o3"]),
]


def _name(value):
    return value if isinstance(value, str) else None


def _run(metrics, form):
    for y_true, y_pred, weight in batches(form):
        metrics.update_state(y_true, y_pred, weight)
    return {name: float(value) for name, value in metrics.result().items()}


@pytest.mark.parametrize(("form", "metrics", "weighted", "names"), CASES, ids=_name)
def test_names_and_values_are_keras_s(form, metrics, weighted, names):
    with oracle():
        theirs = keras.src.trainers.compile_utils.CompileMetrics(
            of(keras, metrics), of(keras, weighted), output_names=names
        )
        expected = _run(theirs, form)
    ours = CompileMetrics(of(deepkit, metrics), of(deepkit, weighted), output_names=names)
    found = _run(ours, form)
    assert list(found) == list(expected)
    # Means of ten float32 numbers near 1, summed in another order.
    assert found == pytest.approx(expected, rel=1e-6)
    ours.reset_state()
    assert ours.result().keys() == expected.keys()
    assert all(float(variable.value.sum()) == 0.0 for variable in ours.variables)


TARGETS = {
    "binary": (np.ones((4, 1), "float32"), (4, 1)),
    "binary_steps": (np.ones((4, 3, 1), "float32"), (4, 3, 1)),
    "sparse": (np.array([0, 2, 1, 1], "int32"), (4, 3)),
    "sparse_column": (np.array([[0], [2], [1], [1]], "int32"), (4, 3)),
    "sparse_steps": (np.ones((4, 2), "int32"), (4, 2, 3)),
    "categorical": (np.eye(3, dtype="float32")[[0, 2, 1, 1]], (4, 3)),
}
FAMILIES = {
    "binary": ("BinaryAccuracy", "BinaryCrossentropy"),
    "sparse": ("SparseCategoricalAccuracy", "SparseCategoricalCrossentropy"),
    "categorical": ("CategoricalAccuracy", "CategoricalCrossentropy"),
}


@pytest.mark.parametrize("case", TARGETS)
def test_short_names_are_chosen_by_shapes(case):
    y_true, shape = TARGETS[case]
    y_pred = np.random.default_rng(0).random(shape, "float32")
    metrics = CompileMetrics(["acc", "ce", "crossentropy"], None)
    metrics.update_state(y_true, y_pred)
    accuracy, crossentropy = FAMILIES[case.split("_")[0]]
    assert [type(metric).__name__ for metric in metrics.metrics] == [
        accuracy,
        crossentropy,
        crossentropy,
    ]
    with oracle():
        expected = {
            "acc": keras.metrics.get(accuracy)(y_true, y_pred),
            "ce": keras.metrics.get(crossentropy)(y_true, y_pred),
        }
    for name, value in expected.items():
        assert float(metrics.result()[name]) == pytest.approx(float(value), rel=1e-5)


def test_configs():
    y_true, y_pred, _ = batches("list")[0]
    config = deepkit.metrics.serialize(deepkit.metrics.MeanAbsoluteError(name="mine"))
    expected = deepkit.metrics.MeanAbsoluteError()(y_true[0], y_pred[0])
    for given in ([config, None], [["mse", config], None]):
        metrics = CompileMetrics(given, None)
        metrics.update_state(y_true, y_pred)
        assert metrics.result()["mine"] == expected


def test_one_number_a_sample_is_binary():
    """Keras takes the samples of a vector for classes."""
    metrics = CompileMetrics(["accuracy"], None)
    metrics.update_state(np.array([1.0, 0.0, 1.0, 1.0]), np.array([0.9, 0.8, 0.7, 0.2]))
    assert float(metrics.result()["accuracy"]) == 0.5


def test_partial_metrics_of_nested_outputs():
    y_true, y_pred, _ = batches("nested")[0]
    metrics = CompileMetrics({"x": [None, {"k": "mse"}]}, None)
    metrics.update_state(y_true, y_pred)
    expected = CompileMetrics(["mse"], None)
    expected.update_state(y_true["x"][1]["k"], y_pred["x"][1]["k"])
    assert metrics.result() == expected.result()


@pytest.mark.parametrize("weights", ["list", "dict"])
def test_weights_of_single_outputs(weights):
    y_true, y_pred, weight = batches("list")[0]
    given = {"list": [None, weight], "dict": {"v": weight}}[weights]
    metrics = CompileMetrics(None, ["mse", "mse"], output_names=["u", "v"])
    metrics.update_state(y_true, y_pred, given)
    first, second = deepkit.metrics.MeanSquaredError(), deepkit.metrics.MeanSquaredError()
    first.update_state(y_true[0], y_pred[0])
    second.update_state(y_true[1], y_pred[1], weight)
    assert metrics.result() == {"u_mse": first.result(), "v_mse": second.result()}


def test_unweighted_metrics_get_no_weights():
    class Seen(deepkit.metrics.Metric):
        """Has no argument for weights at all."""

        def update_state(self, y_true, y_pred):
            self.rows = y_pred.shape[0]

        def result(self):
            return self.rows

    y_true, y_pred, weight = batches("single")[0]
    metrics = CompileMetrics([Seen(name="seen")], ["mse"])
    metrics.update_state(y_true, y_pred, weight)
    assert metrics.result()["seen"] == 4


@pytest.mark.parametrize("with_loss", [True, False])
def test_targets_of_outputs_with_a_loss_alone(with_loss):
    _, y_pred, _ = batches("list")[0]
    y_true = y_pred[1] + 1.0
    loss = CompileLoss([None, "mse"]) if with_loss else None
    metrics = CompileMetrics([None, "mae"], None, loss=loss)
    metrics.update_state(y_true, y_pred)
    assert float(metrics.result()["mae"]) == pytest.approx(1.0)


def test_the_losses_tell_which_targets_are_given():
    _, y_pred, weight = batches("list")[0]
    outputs = [*y_pred, y_pred[0]]
    y_true = [y_pred[0] + 1.0, y_pred[0] + 2.0]
    metrics = CompileMetrics([None, None, "mae"], None, loss=CompileLoss(["mse", None, "mse"]))
    metrics.update_state(y_true, outputs)
    assert float(metrics.result()["mae"]) == pytest.approx(2.0)
    weighted = CompileMetrics(None, [None, None, "mae"], loss=CompileLoss(["mse", None, "mse"]))
    weighted.update_state(y_true, outputs, [weight, weight * 2.0])
    assert float(weighted.result()["mae"]) == pytest.approx(2.0)


def test_no_metrics_need_no_targets():
    metrics = CompileMetrics(None, [])
    metrics.update_state(None, np.ones((2, 1)))
    assert metrics.result() == {}


@pytest.mark.parametrize("form", ["single", "dict"])
def test_shapes_are_enough_to_build(form):
    y_true, y_pred, _ = batches(form)[0]
    symbols = [
        jax.tree.map(lambda a: KerasTensor((None, *a.shape[1:])), y) for y in (y_true, y_pred)
    ]
    structs = [jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype), y_true)] * 2
    names = ["acc", "mse"] if form == "single" else {"a": ["acc"], "b": "mse"}
    for given in (symbols, structs):
        metrics = CompileMetrics(names, None)
        assert metrics.variables == metrics.metrics == []
        metrics.build(*given)
        assert metrics.built
        assert len(metrics.metrics) == 2
        assert len(metrics.variables) == 4
        metrics.build(*given)
        assert len(metrics.variables) == 4


@pytest.mark.parametrize("form", ["single", "dict", "nested"])
def test_a_pure_function_of_its_state(form):
    """Under jit, with the state of all metrics going in and out."""
    metrics, weighted = {
        "single": (["mse", largest_error], ["mae"]),
        "dict": ({"a": ["acc", "mse"]}, {"b": "mse"}),
        "nested": ({"x": ["acc", {"k": "mse"}]}, None),
    }[form]
    eager = CompileMetrics(metrics, weighted)
    expected = _run(eager, form)
    compiled = CompileMetrics(metrics, weighted)
    compiled.build(*batches(form)[0][:2])
    step = jax.jit(functionalize(compiled.update_state, compiled.variables))
    values = [variable.value for variable in compiled.variables]
    for batch in batches(form):
        _, values = step(values, *batch)
    found = {name: float(value) for name, value in compiled.stateless_result(values).items()}
    assert found == pytest.approx(expected, rel=1e-6)
    assert all(float(variable.value) == 0.0 for variable in compiled.variables)
