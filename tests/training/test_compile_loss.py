"""CompileLoss beside Keras's, and what it does where Keras's fails."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit.tensors import KerasTensor, StatelessScope, set_mask
from deepkit.training._compile_loss import CompileLoss
from tests.oracle import keras, oracle
from tests.pure import functionalize
from tests.training.batches import FORMS, Pair, batches

# Sums of at most a dozen float32 numbers near 1, in another order.
TOLERANCE = {"rtol": 1e-6, "atol": 1e-7}


def largest_error(y_true, y_pred):
    return jnp.max(jnp.abs(y_true - y_pred), axis=-1)


def mean_error(y_true, y_pred):
    return jnp.mean(jnp.abs(y_true - y_pred))


class Quartic:
    def __call__(self, y_true, y_pred):
        return jnp.mean((y_true - y_pred) ** 4, axis=-1)


def group_error(y_true, y_pred):
    """A loss of several outputs together."""
    return sum(jnp.mean((t - p) ** 2, axis=-1) for t, p in zip(y_true, y_pred))


# Form, loss, further arguments.
CASES = [
    ("single", "mse", {}),
    ("single", "MeanAbsoluteError", {}),
    ("single", "crossentropy", {}),
    ("single", "ce", {}),
    ("single", largest_error, {}),
    ("single", mean_error, {}),
    ("single", Quartic(), {}),
    ("single", lambda y_true, y_pred: largest_error(y_true, y_pred) * 2.0, {}),
    ("single", ["mse"], {}),
    ("single", {"b": "mse"}, {"output_names": ["b"]}),
    ("single", "mse", {"loss_weights": 0.25}),
    ("one_list", "mse", {}),
    ("one_list", ["mse"], {"output_names": ["b"]}),
    ("one_list", {"b": "mse"}, {"output_names": ["b"]}),
    ("one_dict", "mse", {}),
    ("one_dict", {"b": ["mse"]}, {}),
    ("list", ["mse", "mae"], {}),
    ("list", [mean_error, Quartic()], {}),
    ("list", ["mse", "mae"], {"output_names": ["u", "v"]}),
    ("list", ("mse", "mae"), {"output_names": ["u", "v"], "loss_weights": (0.1, 3.0)}),
    ("list", "mse", {"output_names": ["u", "v"]}),
    ("list", "mse", {"output_names": ["u", "v"], "loss_weights": 0.5}),
    ("list", ["mse", ["mae"]], {"output_names": ["u", "v"]}),
    ("list", ["mse", None], {"output_names": ["u", "v"]}),
    ("list", [None, largest_error], {}),
    ("list", {"v": "mse", "u": "mae"}, {"output_names": ["u", "v"]}),
    (
        "list",
        {"v": "mse", "u": "mae"},
        {"output_names": ["u", "v"], "loss_weights": {"u": 0.1, "v": 3.0}},
    ),
    ("tuple", ["mse", "mae"], {"output_names": ["u", "v"]}),
    ("pair", Pair("mse", "mae"), {"output_names": ["u", "v"]}),
    ("dict", "mse", {}),
    ("dict", {"b": "mse", "a": largest_error}, {}),
    ("dict", {"b": "mse", "a": "mae"}, {"loss_weights": {"a": 0.1, "b": 3.0}}),
    ("dict", ["mae", "mse"], {"loss_weights": [0.1, 3.0]}),
    ("dict", {"b": "mse"}, {}),
    ("dict", {"b": "mse", "a": None}, {"loss_weights": {"a": 0.1, "b": 3.0}}),
    ("unsorted", {"b": "mse", "a": "mae"}, {"output_names": ["x", "y"]}),
    ("unsorted", {"a": "mse", "b": "mae"}, {}),
    ("nested", "mse", {}),
    ("nested", "mse", {"output_names": ["o1", "o2", "o3"]}),
    ("nested", ["mse", "mae", "mse"], {"output_names": ["o1", "o2", "o3"]}),
    ("nested", {"x": ["mse", {"k": "mae"}]}, {"output_names": ["o1", "o2", "o3"]}),
    (
        "nested",
        {"w": "mae", "x": ["mse", {"k": "mae"}]},
        {"loss_weights": {"w": 2.0, "x": [3.0, {"k": 4.0}]}},
    ),
    ("pair", {"x": group_error}, {"wrapped": True}),
]


def _name(value):
    """The same in every process: without addresses."""
    return re.sub(r" at 0x[0-9a-f]+", "", str(value))


def _run(compile_loss, data, weighted):
    return [compile_loss(*batch) if weighted else compile_loss(*batch[:2]) for batch in data]


def _data(form, wrapped=False):
    data = batches(form)
    if form == "single":  # rows of probabilities, so that crossentropies are comparable
        data = [(t / t.sum(-1, keepdims=True), p, w) for t, p, w in data]
    return [({"x": t}, {"x": p}, w) for t, p, w in data] if wrapped else data


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize(("form", "loss", "arguments"), CASES, ids=_name)
def test_values_and_names_are_keras_s(form, loss, arguments, weighted):
    if weighted and mean_error in jax.tree.leaves(loss):
        pytest.skip("a loss that reduces its batch itself leaves nothing to weigh")
    arguments = dict(arguments)
    data = _data(form, arguments.pop("wrapped", False))
    with oracle():
        theirs = keras.src.trainers.compile_utils.CompileLoss(loss, **arguments)
        expected = _run(theirs, data, weighted)
        trackers = {tracker.name: float(tracker.result()) for tracker in theirs.metrics}
    ours = CompileLoss(loss, **arguments)
    np.testing.assert_allclose(_run(ours, data, weighted), expected, **TOLERANCE)
    found = {tracker.name: float(tracker.result()) for tracker in ours.metrics}
    assert list(found) == list(trackers)
    assert found == pytest.approx(trackers, rel=1e-6)


@pytest.mark.parametrize("form", ["list", "tuple", "pair", "dict", "nested"])
def test_weights_in_the_form_of_the_outputs(form):
    data = [(t, p, jax.tree.map(lambda _, w=w: w, t)) for t, p, w in batches(form)]
    with oracle():
        theirs = keras.src.trainers.compile_utils.CompileLoss("mse")
        expected = _run(theirs, data, True)
    np.testing.assert_allclose(_run(CompileLoss("mse"), data, True), expected, **TOLERANCE)


def test_weights_of_one_output_alone():
    y_true, y_pred, weight = batches("dict")[0]
    mse = deepkit.losses.MeanSquaredError()
    expected = mse(y_true["a"], y_pred["a"], weight) + mse(y_true["b"], y_pred["b"])
    by_key = CompileLoss("mse")(y_true, y_pred, {"a": weight})
    np.testing.assert_allclose(by_key, expected, **TOLERANCE)
    listed = CompileLoss("mse", output_names=["a", "b"])
    pairs = [list(part.values()) for part in (y_true, y_pred)]
    np.testing.assert_allclose(listed(*pairs, [weight, None]), expected, **TOLERANCE)
    np.testing.assert_allclose(listed(*pairs, {"a": weight}), expected, **TOLERANCE)


CONTAINERS = {
    "list": list,
    "tuple": tuple,
    "pair": lambda arrays: Pair(*arrays),
    "dict": lambda arrays: dict(zip("ab", arrays)),
}


@pytest.mark.parametrize("y_container", CONTAINERS.values(), ids=CONTAINERS)
@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)
def test_targets_in_another_form(container, y_container):
    """Lists, tuples and dicts can stand for each other, where names or sorted keys pair them."""
    y_true, y_pred, _ = batches("list")[0]
    expected = CompileLoss(["mse", "mae"])(y_true, y_pred)
    loss = CompileLoss({"a": "mse", "b": "mae"}, output_names=["a", "b"])
    assert loss(y_container(y_true), container(y_pred)) == expected


@pytest.mark.parametrize("y_form", ["single", "one_list", "one_dict"])
@pytest.mark.parametrize("form", ["single", "one_list", "one_dict"])
def test_one_target_for_one_output(form, y_form):
    y_true, y_pred, weight = batches("single")[0]
    loss = CompileLoss("mse", output_names=["b"])
    wrapped = [FORMS[f](part, None) for f, part in ((y_form, y_true), (form, y_pred))]
    expected = deepkit.losses.MeanSquaredError()(y_true, y_pred, weight)
    np.testing.assert_allclose(loss(*wrapped, FORMS[y_form](weight, None)), expected, **TOLERANCE)


@pytest.mark.parametrize("rows", [2, 4])
@pytest.mark.parametrize("loss", [["mse", None], [None, "mse"], ["mse", None, "mae"]], ids=str)
def test_targets_of_outputs_with_a_loss_alone(loss, rows):
    """Also where there are as many rows as outputs."""
    rng = np.random.default_rng(1)
    y_pred = [rng.random((rows, 2), "float32") for _ in loss]
    y_true = [rng.random((rows, 2), "float32") for _ in loss]
    expected = CompileLoss(loss)(y_true, y_pred)
    given = [y for y, single in zip(y_true, loss) if single is not None]
    weights = [np.ones(rows, "float32") for _ in given]
    assert CompileLoss(loss)(given, y_pred) == expected
    np.testing.assert_allclose(CompileLoss(loss)(given, y_pred, weights), expected, **TOLERANCE)
    if len(given) == 1:
        assert CompileLoss(loss)(given[0], y_pred) == expected


def test_a_missing_target_without_a_loss_may_be_none():
    y_true, y_pred, _ = batches("list")[0]
    loss = CompileLoss(["mse", None])
    assert loss([y_true[0], None], y_pred) == CompileLoss(["mse", None])(y_true, y_pred)
    named = CompileLoss({"a": "mse"})
    assert named({"a": y_true[0]}, {"a": y_pred[0], "b": y_pred[1]}) == loss(y_true, y_pred)


def test_weights_of_losses_beyond_keras():
    """One loss with a weight for each output; weights that are left out; one for each loss."""
    y_true, y_pred, _ = batches("list")[0]
    first, second = (float(deepkit.losses.MeanSquaredError()(*p)) for p in zip(y_true, y_pred))
    cases = [
        ("mse", [0.1, 3.0], first * 0.1 + second * 3.0),
        ("mse", {"v": 3}, first + second * 3.0),
        (["mse", "mse"], [None, np.float32(3.0)], first + second * 3.0),
        (["mse", "mse"], np.asarray(2.0), first * 2.0 + second * 2.0),
        ([None, "mse"], [3.0], second * 3.0),
        (["mse", ["mse", "mae"]], [1.0, [2.0, 0.0]], first + second * 2.0),
        (["mse", ["mse", "mse"]], [1.0, 2.0], first + second * 4.0),
    ]
    for loss, weights, expected in cases:
        compile_loss = CompileLoss(loss, weights, output_names=["u", "v"])
        assert float(compile_loss(y_true, y_pred)) == pytest.approx(expected, rel=1e-6)


def test_trackers_with_one_name_are_numbered():
    y_true, y_pred, _ = batches("list")[0]
    loss = CompileLoss(["mse", "mse"])
    loss(y_true, y_pred)
    assert [tracker.name for tracker in loss.metrics] == ["mse_loss", "mse_loss_1"]
    loss = CompileLoss([["mse", "mae"], "mse"], output_names=["u", "v"])
    loss(y_true, y_pred)
    assert [tracker.name for tracker in loss.metrics] == ["u_loss", "u_loss_1", "v_loss"]


def test_a_layer_that_is_several_outputs():
    y_true, y_pred, _ = batches("list")[0]
    loss = CompileLoss({"u": "mse"}, output_names=["u", "u"])
    assert float(loss(y_true, y_pred)) == float(CompileLoss("mse")(y_true, y_pred))


def test_a_name_for_a_group_serves_each_output():
    y_true, y_pred, _ = batches("nested")[0]
    by_name = CompileLoss({"x": "mse", "w": "mse"})
    assert float(by_name(y_true, y_pred)) == float(CompileLoss("mse")(y_true, y_pred))


def test_a_loss_of_a_group():
    data = batches("list")
    loss = CompileLoss({"x": group_error, "w": "mae"}, loss_weights={"x": 2.0})
    for y_true, y_pred, weight in data:
        total = loss({"x": y_true, "w": y_true[0]}, {"x": y_pred, "w": y_pred[0]}, weight)
        expected = 2.0 * deepkit.losses.LossFunctionWrapper(group_error)(y_true, y_pred, weight)
        expected += deepkit.losses.MeanAbsoluteError()(y_true[0], y_pred[0], weight)
        np.testing.assert_allclose(total, expected, **TOLERANCE)
    assert [tracker.name for tracker in loss.metrics] == ["x_loss", "w_loss"]


def test_crossentropy_is_chosen_for_each_output():
    rng = np.random.default_rng(0)
    y_pred = {
        "binary": rng.random((4, 1), "float32"),
        "categorical": rng.dirichlet(np.ones(3), 4).astype("float32"),
        "sparse": rng.dirichlet(np.ones(3), 4).astype("float32"),
        "vector": rng.random(4, "float32"),
    }
    labels = np.array([0, 2, 1, 1], "int32")
    y_true = {
        "binary": np.ones((4, 1), "float32"),
        "categorical": np.eye(3, dtype="float32")[labels],
        "sparse": labels,
        "vector": np.ones(4, "float32"),
    }
    sparse = deepkit.losses.SparseCategoricalCrossentropy()(labels, y_pred["sparse"])
    expected = {
        "binary_loss": -np.log(y_pred["binary"]).mean(),
        "categorical_loss": -np.log(y_pred["categorical"][range(4), labels]).mean(),
        "sparse_loss": sparse,
        "vector_loss": -np.log(y_pred["vector"]).mean(),
    }
    loss = CompileLoss("crossentropy")
    loss(y_true, y_pred)
    found = {tracker.name: float(tracker.result()) for tracker in loss.metrics}
    assert found == pytest.approx({key: float(value) for key, value in expected.items()}, rel=1e-5)


def test_configs_and_classes():
    y_true, y_pred, _ = batches("single")[0]
    huber = deepkit.losses.Huber(delta=0.1)
    expected = float(huber(y_true, y_pred))
    config = deepkit.losses.serialize(huber)
    assert float(CompileLoss(config)(y_true, y_pred)) == expected
    assert float(CompileLoss([config])(y_true, y_pred)) == expected
    by_class = CompileLoss(deepkit.losses.MeanSquaredError)
    assert float(by_class(y_true, y_pred)) == float(CompileLoss("mse")(y_true, y_pred))


def test_no_loss_at_all():
    y_true, y_pred, _ = batches("list")[0]
    loss = CompileLoss([None, None])
    assert loss(y_true, y_pred) is None
    assert loss(None, y_pred) is None
    assert loss.metrics == []


def test_masks_reach_the_losses():
    y_true, y_pred = jnp.zeros((2, 3, 1)), jnp.arange(6.0).reshape(2, 3, 1)
    mask = jnp.array([[True, True, False], [True, False, False]])
    set_mask(y_pred, mask)
    # The squares of 0, 1 and 3 are left.
    assert float(CompileLoss("mse")(y_true, y_pred)) == pytest.approx(10.0 / 3.0)


def test_integer_targets_and_half_precision_outputs():
    y_true, y_pred = np.array([[1], [2]], "int32"), jnp.array([[1.5], [2.5]], "bfloat16")
    total = CompileLoss(["mse", "mae"])([y_true, y_true], [y_pred, y_pred])
    assert total.dtype == "float32"
    assert float(total) == 0.75


def test_shapes_are_enough_to_build():
    loss = CompileLoss(["ce", "mse"], output_names=["u", "v"])
    loss.build([KerasTensor((None,), "int32")] * 2, [KerasTensor((None, 3))] * 2)
    assert [tracker.name for tracker in loss.metrics] == ["u_loss", "v_loss"]
    structs = [jax.ShapeDtypeStruct((4, 3), "float32")] * 2
    loss.build(structs, structs)
    assert loss.target_paths == [(0,), (1,)]
    assert all(float(tracker.total.value) == 0.0 for tracker in loss.metrics)


@pytest.mark.parametrize("form", ["single", "dict", "nested"])
def test_a_pure_function_of_its_state(form):
    """Under jit and grad, with the trackers' state going in and out."""
    data = batches(form)
    eager = CompileLoss("mse", loss_weights=0.5)
    expected = [eager(*batch) for batch in data]
    loss = CompileLoss("mse", loss_weights=0.5)
    loss.build(*data[0][:2])
    variables = [variable for tracker in loss.metrics for variable in tracker.variables]
    step = jax.jit(functionalize(loss, variables))
    values = [variable.value for variable in variables]
    for batch, total in zip(data, expected):
        result, values = step(values, *batch)
        np.testing.assert_allclose(result, total, **TOLERANCE)
    with StatelessScope(zip(variables, values)):
        found = [float(tracker.result()) for tracker in loss.metrics]
    np.testing.assert_allclose(found, [float(t.result()) for t in eager.metrics], rtol=1e-6)
    assert all(float(variable.value) == 0.0 for variable in variables)
    _check_gradient(functionalize(loss, variables), values, *data[0])


def _check_gradient(pure, values, y_true, y_pred, weight):
    gradient = jax.grad(lambda outputs: pure(values, y_true, outputs, weight)[0])(y_pred)
    with oracle():
        theirs = keras.src.trainers.compile_utils.CompileLoss("mse", loss_weights=0.5)
        theirs.build(y_true, y_pred)

        def total(outputs):
            with keras.StatelessScope():
                return theirs(y_true, outputs, weight)

        expected = jax.grad(total)(y_pred)
    for ours, keras_s in zip(jax.tree.leaves(gradient), jax.tree.leaves(expected)):
        np.testing.assert_allclose(ours, keras_s, **TOLERANCE)
