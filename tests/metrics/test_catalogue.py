"""What every metric must do: agree with Keras on a stream, be pure under jit, reset, round trip."""

import inspect
import json
import pickle

import jax
import numpy as np
import pytest

from deepkit import metrics
from deepkit.core import serialization
from tests.metrics.catalogue import ROWS, Row, batches, weights
from tests.oracle import keras, oracle

# Single precision, sums of about ten numbers in another order.
TOLERANCE = {"rtol": 2e-5, "atol": 2e-6}

all_rows = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
first_rows = pytest.mark.parametrize(
    "row", {row.name: row for row in reversed(ROWS)}.values(), ids=lambda row: row.name
)


def _make(row: Row) -> metrics.Metric:
    return getattr(metrics, row.name)(**row.kwargs)


def _stream(row: Row, weighted: bool) -> list[tuple]:
    """Arguments of `update_state`, batch by batch."""
    arrays = row.data()
    return batches((*arrays, weights()) if weighted else arrays)


def _keras_result(row: Row, weighted: bool) -> np.ndarray:
    """What Keras says of all samples at once."""
    arrays = row.data()
    weight = weights()
    if row.takes_one_weight_a_label:
        weight = np.broadcast_to(weight[:, None], arrays[0].shape)
    with oracle():
        metric = getattr(keras.metrics, row.name)(**row.kwargs)
        metric.update_state(*arrays, weight if weighted else None)
        return np.asarray(metric.result())


@all_rows
def test_weighted_stream_equals_keras(row: Row) -> None:
    _compare_with_keras(row, weighted=True)


@first_rows
def test_stream_equals_keras(row: Row) -> None:
    _compare_with_keras(row, weighted=False)


def _compare_with_keras(row: Row, weighted: bool) -> None:
    metric = _make(row)
    for batch in _stream(row, weighted):
        metric.update_state(*batch)
    result, expected = metric.result(), _keras_result(row, weighted)
    assert (result.shape, result.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(result, expected, **TOLERANCE)
    assert np.isfinite(expected).all()
    assert np.any(expected != 0)


@all_rows
def test_samples_of_weight_zero_leave_no_trace(row: Row) -> None:
    first = _stream(row, weighted=True)[0]
    expected = _make(row)
    expected.update_state(*(array[:3] for array in first))
    metric = _make(row)
    *arrays, weight = first
    metric.update_state(*arrays, np.where(np.arange(4) < 3, weight, 0))
    np.testing.assert_allclose(metric.result(), expected.result(), **TOLERANCE)


@all_rows
def test_state_is_pure_under_tracing(row: Row) -> None:
    metric = _make(row)
    batch = _stream(row, weighted=True)[0]
    # Some metrics make their variables at the first batch; abstractly is enough.
    shapes = jax.eval_shape(
        lambda batch: metric.stateless_update_state(metric.variables, *batch), batch
    )
    assert [s.shape for s in shapes] == [tuple(v.shape) for v in metric.variables]
    result = jax.eval_shape(metric.stateless_result, shapes)
    assert result.shape == np.shape(_make(row)(*batch))
    assert all(not variable.numpy().any() for variable in metric.variables)


@first_rows
def test_stateless_under_jit_equals_eager(row: Row) -> None:
    metric, eager = _make(row), _make(row)
    first, second, _ = _stream(row, weighted=True)
    for batch in (first, second):
        eager.update_state(*batch)
    metric.update_state(*first)
    metric.reset_state()
    update = jax.jit(lambda state, batch: metric.stateless_update_state(state, *batch))
    state = update(update(metric.stateless_reset_state(), first), second)
    result = jax.jit(metric.stateless_result)(state)
    np.testing.assert_allclose(result, eager.result(), **TOLERANCE)


@first_rows
def test_in_a_vmapped_scan(row: Row) -> None:
    """Two streams of two equal batches, in a user's own transformations."""
    metric = _make(row)
    first = _stream(row, weighted=True)[0]
    metric.update_state(*first)
    metric.update_state(*first)

    def over(batches):
        def step(state, batch):
            return tuple(metric.stateless_update_state(state, *batch)), None

        state, _ = jax.lax.scan(step, tuple(metric.stateless_reset_state()), batches)
        return metric.stateless_result(state)

    copies = jax.tree.map(lambda x: np.stack([[x, x]] * 2), first)
    for result in jax.vmap(over)(copies):
        np.testing.assert_allclose(result, metric.result(), **TOLERANCE)


@all_rows
def test_reset_forgets_everything(row: Row) -> None:
    metric = _make(row)
    first, second, _ = _stream(row, weighted=True)
    fresh = metric(*second) if metric.variables else None
    metric.reset_state()
    metric.update_state(*first)
    metric.reset_state()
    assert all(not variable.numpy().any() for variable in metric.variables)
    result = metric(*second)
    expected = _make(row)(*second) if fresh is None else fresh
    np.testing.assert_array_equal(result, expected)


@all_rows
def test_config_round_trips(row: Row) -> None:
    metric = _make(row)
    for clone in (
        type(metric).from_config(metric.get_config()),
        metrics.deserialize(json.loads(json.dumps(metrics.serialize(metric)))),
    ):
        assert type(clone) is type(metric)
        assert clone.name == metric.name
        batch = _stream(row, weighted=True)[0]
        np.testing.assert_array_equal(clone(*batch), _make(row)(*batch))


@all_rows
def test_config_loads_in_keras(row: Row) -> None:
    metric = getattr(metrics, row.name)(**row.kwargs, name="m")
    config = json.loads(json.dumps(metrics.serialize(metric)))
    with oracle():
        loaded = keras.metrics.deserialize(config)
        expected = getattr(keras.metrics, row.name)(**row.kwargs, name="m")
        assert type(loaded) is type(expected)
        assert _jsonable(loaded) == _jsonable(expected)


def _jsonable(metric: object) -> str:
    return json.dumps(keras.metrics.serialize(metric), sort_keys=True)


@all_rows
def test_config_of_keras_loads(row: Row) -> None:
    with oracle():
        metric = getattr(keras.metrics, row.name)(**row.kwargs)
        config = json.loads(json.dumps(keras.metrics.serialize(metric)))
    clone = metrics.deserialize(config)
    assert type(clone) is getattr(metrics, row.name)
    assert clone.name == config["config"]["name"]
    batch = _stream(row, weighted=True)[0]
    np.testing.assert_array_equal(clone(*batch), _make(row)(*batch))


@pytest.mark.parametrize("row", [ROWS[0], ROWS[5], ROWS[45], ROWS[64]], ids=lambda row: row.id)
def test_pickle_keeps_the_state(row: Row) -> None:
    metric = _make(row)
    first, second, _ = _stream(row, weighted=False)
    metric.update_state(*first)
    copy = pickle.loads(pickle.dumps(metric))
    np.testing.assert_array_equal(copy(*second), metric(*second))


def test_every_class_has_a_row() -> None:
    classes = {
        name
        for name in dir(metrics)
        if inspect.isclass(getattr(metrics, name)) and not name.startswith("_")
    }
    assert classes - {"Metric", "MeanMetricWrapper"} == {row.name for row in ROWS}


def test_names_and_signatures_are_those_of_keras() -> None:
    names = {name for name in dir(keras.metrics) if not name.startswith("_")}
    assert names <= set(dir(metrics))
    for name in names:
        ours, theirs = (
            inspect.signature(getattr(module, name)).parameters
            for module in (metrics, keras.metrics)
        )
        assert list(ours) == list(theirs), name
        for argument, parameter in theirs.items():
            assert ours[argument].default == parameter.default, f"{name}({argument})"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_direction_is_that_of_keras(row: Row) -> None:
    with oracle():
        theirs = getattr(getattr(keras.metrics, row.name)(**row.kwargs), "_direction", None)
    ours = getattr(_make(row), "_direction", None)
    # Keras forgets to say which way these two are better.
    assert ours == (theirs or {"KLDivergence": "down", "Poisson": "down"}.get(row.name))


def test_serialized_form_names_the_public_module() -> None:
    config = serialization.serialize_keras_object(metrics.Recall(name="recall"))
    assert config["module"] == "keras.metrics"
    assert config["registered_name"] is None
    assert config["config"] == {"name": "recall", "dtype": "float32"}
