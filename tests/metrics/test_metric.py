"""The base class: state, tracking, the pure forms, configs, and metrics that users write."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deepkit import losses, metrics
from deepkit.core import config, registry, serialization
from deepkit.core.errors import ArgumentError, ArgumentTypeError, StateError
from deepkit.tensors import AutocastScope, DTypePolicy, StatelessScope, Variable


class HuberMetric(metrics.Metric):
    """As the books write it: name first, plain assignments."""

    def __init__(self, threshold=1.0, **kwargs):
        super().__init__(**kwargs)
        self.threshold = threshold
        self.total = self.add_weight("total", initializer="zeros")
        self.count = self.add_weight("count", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        error = jnp.abs(jnp.asarray(y_true) - jnp.asarray(y_pred))
        small = 0.5 * jnp.square(error)
        large = self.threshold * error - 0.5 * self.threshold**2
        values = jnp.where(error < self.threshold, small, large)
        self.total.assign_add(jnp.sum(values))
        self.count.assign_add(jnp.asarray(values.size))

    def result(self):
        return self.total / self.count


class Extremes(metrics.Metric):
    """State of several shapes and dtypes, first values other than 0, and a dict of results."""

    def __init__(self, name="extremes", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.low = self.add_variable((), "ones", name="low")
        self.batches = self.add_weight("batches", shape=(2,), dtype="int32")

    def update_state(self, values):
        self.low.assign(jnp.minimum(self.low.value, jnp.min(jnp.asarray(values))))
        self.batches.assign_add([1, 2])

    def result(self):
        return {"low": self.low, "batches": self.batches}


def test_a_metric_of_a_book() -> None:
    metric = HuberMetric(2.0, name="huber")
    y_true, y_pred = jnp.asarray([1.0, 2.0, 3.0]), jnp.asarray([1.5, 2.0, 7.0])
    expected = (0.125 + 0.0 + 6.0) / 3
    np.testing.assert_allclose(metric(y_true, y_pred), expected, rtol=1e-6)
    np.testing.assert_allclose(metric(y_true, y_pred), expected, rtol=1e-6)
    assert metric.count.numpy() == 6
    metric.reset_state()
    np.testing.assert_allclose(metric(y_true[:1], y_pred[:1]), 0.125, rtol=1e-6)


def test_a_metric_of_a_book_under_jit() -> None:
    metric = HuberMetric(2.0)
    y_true, y_pred = jnp.asarray([1.0, 2.0, 3.0]), jnp.asarray([1.5, 2.0, 7.0])

    @jax.jit
    def run(state, y_true, y_pred):
        state = metric.stateless_update_state(state, y_true, y_pred)
        return metric.stateless_update_state(state, y_true, y_pred)

    state = run(metric.stateless_reset_state(), y_true, y_pred)
    assert [float(value) for value in state] == [12.25, 6.0]
    np.testing.assert_allclose(metric.stateless_result(state), 12.25 / 6, rtol=1e-6)
    assert metric.total.numpy() == 0


def test_config_needs_no_writing() -> None:
    metric = HuberMetric(2.0, name="huber")
    assert metric.get_config() == {"threshold": 2.0, "name": "huber", "dtype": "float32"}
    clone = HuberMetric.from_config(metric.get_config())
    assert (clone.threshold, clone.name) == (2.0, "huber")
    metric.name = "renamed"
    assert metric.get_config()["name"] == "renamed"


def test_config_holds_only_what_the_constructor_takes() -> None:
    class Fixed(HuberMetric):
        def __init__(self):
            super().__init__(3.0, name="fixed")

    assert Fixed().get_config() == {}
    assert Fixed.from_config({}).threshold == 3.0


def test_config_with_objects_is_restored_from_json() -> None:
    class Inside(metrics.Mean):
        def __init__(self, metric, **kwargs):
            super().__init__(**kwargs)
            self.metric = metric

    inside = Inside(metrics.Recall(thresholds=0.3, name="recall"))
    config = serialization.serialize_keras_object(inside.get_config())
    assert config["metric"]["class_name"] == "Recall"
    assert Inside.from_config(config).metric.thresholds == [0.3]


def test_reset_returns_to_the_first_values() -> None:
    metric = Extremes()
    result = metric([0.25, 3.0])
    assert float(result["low"]) == 0.25
    assert result["batches"].tolist() == [1, 2]
    metric.reset_state()
    assert metric.low.numpy() == 1.0
    assert metric.batches.numpy().tolist() == [0, 0]
    assert [np.asarray(v).tolist() for v in metric.stateless_reset_state()] == [1.0, [0, 0]]


def test_call_returns_values_and_no_variables() -> None:
    metric = Extremes()
    before = metric([0.5])["low"]
    metric.update_state([0.25])
    assert float(before) == 0.5
    assert isinstance(before, jax.Array)


def test_stateless_result_reads_the_values_that_it_is_given() -> None:
    result = Extremes().stateless_result([jnp.asarray(0.125), jnp.asarray([3, 4])])
    assert float(result["low"]) == 0.125
    assert result["batches"].tolist() == [3, 4]


def test_stateless_calls_check_the_number_of_values() -> None:
    with pytest.raises(ArgumentError, match=r"`metric_variables` of Mean 'mean' .* 2 .*received 1"):
        metrics.Mean().stateless_result([jnp.zeros(())])
    with pytest.raises(ArgumentError, match="each of its 2 variables, received 0"):
        metrics.Mean().stateless_update_state([], [1.0])


def test_variables_made_while_tracing_are_real() -> None:
    metric = metrics.R2Score()
    y = jnp.ones((3, 2))
    state = jax.jit(lambda y: metric.stateless_update_state(metric.variables, y, y))(y)
    assert len(state) == len(metric.variables) == 5
    assert all(isinstance(variable.numpy(), np.ndarray) for variable in metric.variables)
    assert metric.num_samples.numpy() == 0


def test_updates_inside_a_scope_stay_there() -> None:
    metric = metrics.Mean()
    metric.update_state([1.0, 3.0])
    with StatelessScope():
        metric.update_state([8.0])
        assert float(metric.result()) == 4.0
    assert float(metric.result()) == 2.0


@pytest.mark.parametrize(
    "make",
    [
        lambda metric: metric.add_weight("w", initializer="ones"),
        lambda metric: metric.add_weight("w", (), "ones"),
        lambda metric: metric.add_weight("w", shape=(), initializer="ones", dtype="float32"),
        lambda metric: metric.add_weight((), "ones", "float32", "w"),
        lambda metric: metric.add_weight(name="w", initializer="ones"),
        lambda metric: metric.add_weight(shape=(), initializer=jnp.ones, name="w"),
        lambda metric: metric.add_variable((), "ones", name="w"),
        lambda metric: metric.add_variable(shape=(), initializer="ones", name="w"),
    ],
)
def test_forms_of_add_weight(make) -> None:
    metric = metrics.Metric(name="parent/child")
    weight = make(metric)
    assert (weight.name, weight.path, weight.dtype) == ("w", "parent>child/w", "float32")
    assert weight.numpy() == 1.0
    assert not weight.trainable
    assert [id(v) for v in metric.variables] == [id(weight)]


def test_shape_comes_second_in_the_older_form() -> None:
    weight = metrics.Metric().add_weight("matrix", (2, 3), dtype="int32")
    assert (tuple(weight.shape), weight.dtype) == ((2, 3), "int32")


def test_variables_and_metrics_in_attributes_are_tracked() -> None:
    metric = metrics.Mean()
    metric.extra = Variable(0.0)
    metric.more = [Variable(0.0), {"a": Variable(1.0)}]
    metric.inner = metrics.Mean()
    metric.inner.inner = metrics.Sum()
    metric.table = {"x": metrics.Sum(), "y": (metrics.Sum(),)}
    metric.numbers = [1, 2, 3]
    assert len(metric.variables) == 2 + 1 + 2 + 2 + 1 + 2
    metric.again = metric.inner
    assert len(metric.variables) == 10


def test_what_is_appended_later_is_tracked() -> None:
    metric = metrics.Mean()
    metric.parts = []
    metric.parts.append(metrics.Sum())
    assert len(metric.variables) == 3


def test_metrics_inside_are_reset_in_their_own_way() -> None:
    class Outer(metrics.Metric):
        def __init__(self):
            super().__init__()
            self.inner = Extremes()
            self.own = Variable([1.0, 2.0])

        def update_state(self, values):
            self.inner.update_state(values)

        def result(self):
            return self.inner.result()

    outer = Outer()
    outer.update_state([0.5])
    outer.reset_state()
    assert outer.inner.low.numpy() == 1.0
    assert outer.own.numpy().tolist() == [0.0, 0.0]
    state = outer.stateless_update_state(outer.variables, [0.25])
    assert float(outer.stateless_result(state)["low"]) == 0.25


def test_subclass_may_set_attributes_before_the_base_constructor() -> None:
    class Early(metrics.Mean):
        def __init__(self, scale, name="early", dtype=None):
            self.scale = scale
            super().__init__(name=name, dtype=dtype)

        def update_state(self, y_true, y_pred, sample_weight=None):
            values = self.scale * (jnp.asarray(y_true) - jnp.asarray(y_pred))
            super().update_state(values, sample_weight)

    assert float(Early(2.0)([3.0, 4.0], [1.0, 1.0])) == 5.0


def test_base_constructor_must_run() -> None:
    class Late(metrics.Metric):
        def __init__(self):
            self.total = self.add_weight("total")

    with pytest.raises(StateError, match=r"Late makes a variable before .*super\(\).__init__\(\)"):
        Late()


def test_update_state_and_result_must_be_written() -> None:
    metric = metrics.Metric()
    with pytest.raises(StateError, match=r"Metric has no `update_state`\. Define"):
        metric.update_state([1.0])
    with pytest.raises(StateError, match=r"Metric has no `result`\. Define"):
        metric.result()


def test_names() -> None:
    class MyOwnMetric(metrics.Metric):
        pass

    first, second = MyOwnMetric().name, MyOwnMetric().name
    assert first.startswith("my_own_metric")
    assert first != second
    assert repr(metrics.Mean(name="loss")) == "<Mean name=loss>"
    with pytest.raises(ArgumentTypeError, match="`name` of Mean to be text or None, received 3"):
        metrics.Mean(3)


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (None, "float32"),
        ("float16", "float16"),
        ("mixed_bfloat16", "bfloat16"),
        (DTypePolicy("mixed_float16"), "float16"),
        (np.dtype("float32"), "float32"),
        (jnp.bfloat16, "bfloat16"),
    ],
)
def test_dtypes(dtype, expected) -> None:
    metric = metrics.Mean(dtype=dtype)
    assert metric.dtype == expected
    assert metric([1.0, 2.0]).dtype == expected
    assert metrics.Mean.from_config(metric.get_config()).dtype == expected
    with pytest.raises(AttributeError):
        metric.dtype = "float32"


def test_half_precision_counts_beyond_its_integers() -> None:
    metric = metrics.Mean(dtype="float16")
    for _ in range(3):
        metric.update_state(np.ones(2000))
    # float16 holds no odd integer above 2048: a count in it would stand still or be off.
    assert metric.count.numpy() == 6000
    assert float(metric.result()) == 1.0


@pytest.mark.parametrize("name", ["Precision", "AUC", "R2Score", "TruePositives"])
def test_sums_are_never_in_half_precision(name: str) -> None:
    config.set_floatx("bfloat16")
    try:
        metric = getattr(metrics, name)()
        metric(np.ones((4, 1)), np.ones((4, 1)))
    finally:
        config.set_floatx("float32")
    assert {variable.dtype for variable in metric.variables} == {"float32"}


def test_half_precision_predictions_are_not_rounded_further() -> None:
    y_true, y_pred = np.float32([0.1, 0.3, 0.6]), jnp.asarray([0.15, 0.32, 0.51], "bfloat16")
    expected = np.mean(np.abs(y_true - np.asarray(y_pred, "float32")))
    for metric in (metrics.MeanAbsoluteError(), metrics.MeanMetricWrapper(losses.mae)):
        # In bfloat16 the error would be good to two digits.
        np.testing.assert_allclose(metric(y_true, y_pred), expected, rtol=1e-6)


def test_state_is_not_autocast() -> None:
    metric = metrics.Mean()
    with AutocastScope("bfloat16"):
        metric.update_state([1.001])
        assert metric.total.value.dtype == "float32"
    np.testing.assert_allclose(metric.result(), 1.001, rtol=1e-6)


def test_wrapper_of_a_function() -> None:
    def scaled_error(y_true, y_pred, scale=1.0):
        return scale * jnp.mean(jnp.abs(jnp.asarray(y_true) - jnp.asarray(y_pred)), axis=-1)

    metric = metrics.MeanMetricWrapper(scaled_error, name="scaled", scale=2.0)
    metric.update_state([[1.0, 2.0], [3.0, 4.0]], [[1.0, 3.0], [3.0, 4.0]], [1.0, 3.0])
    assert float(metric.result()) == 0.25
    with registry.custom_object_scope({"scaled_error": scaled_error}):
        clone = metrics.deserialize(metrics.serialize(metric))
    assert float(clone([[1.0, 2.0]], [[1.0, 3.0]])) == 1.0


def test_wrapper_of_a_value_for_the_whole_batch() -> None:
    metric = metrics.MeanMetricWrapper(lambda y_true, y_pred: jnp.mean(jnp.asarray(y_pred)))
    for batch in ([1.0, 2.0, 3.0], [8.0]):
        metric.update_state(batch, batch)
    assert float(metric.result()) == 3.5
    with pytest.raises(
        ValueError, match="one value for each sample, because `sample_weight` or a mask"
    ):
        metric.update_state([1.0], [1.0], sample_weight=[1.0])


def test_wrapper_knows_losses() -> None:
    wrapped = metrics.MeanMetricWrapper(losses.mean_squared_error)
    assert wrapped._direction == "down"
    assert not hasattr(metrics.MeanMetricWrapper(lambda y_true, y_pred: y_pred), "_direction")


def test_wrapper_needs_a_function() -> None:
    with pytest.raises(ArgumentTypeError, match=r"`fn` to be a function .* received 'mse'"):
        metrics.MeanMetricWrapper("mse")


def test_subclass_of_the_wrapper_round_trips() -> None:
    class PartOfPositives(metrics.MeanMetricWrapper):
        def __init__(self, name="part", dtype=None):
            super().__init__(lambda y_true, y_pred: jnp.asarray(y_pred) > 0.5, name, dtype)

    metric = PartOfPositives()
    assert metric.get_config() == {"name": "part", "dtype": "float32"}
    clone = PartOfPositives.from_config(metric.get_config())
    assert float(clone([0, 1], [0.4, 0.6])) == 0.5
