"""What every layer does: weights, sublayers, dtypes, masks, training, losses, configs."""

import gc
import weakref

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit import errors, layers
from tests.oracle import keras, oracle

X = np.arange(6, dtype="float32").reshape(2, 3)


class Scale(layers.Layer):
    """Its weight is made the older way, name first."""

    def build(self, batch_input_shape):
        assert batch_input_shape.as_list()[1:] == [3]
        self.factor = self.add_weight("factor", shape=(3,), initializer="ones")

    def call(self, x):
        return x * self.factor


# Weights and sublayers


@pytest.mark.parametrize("form", ["name first", "shape first", "keywords", "name and shape"])
def test_weights_are_added_in_each_form(form):
    layer = layers.Layer()
    weight = {
        "name first": lambda: layer.add_weight("w", initializer="zeros"),
        "shape first": lambda: layer.add_weight((2, 3), "zeros", name="w"),
        "keywords": lambda: layer.add_weight(shape=(2, 3), initializer="zeros", name="w"),
        "name and shape": lambda: layer.add_weight("w", (2, 3), initializer="zeros"),
    }[form]()
    assert weight.name == "w" and tuple(weight.shape) == (() if form == "name first" else (2, 3))
    assert layer.weights == [weight] == layer.trainable_weights


def test_sublayers_are_found_wherever_they_are_kept():
    class Holder(layers.Layer):
        def __init__(self):
            super().__init__()
            self.listed = [layers.Dense(1), [layers.Dense(2)]]
            self.keyed = {"a": layers.Dense(3), "b": (layers.Dense(4),)}
            self.listed.append(layers.Dense(5))
            self.plain = layers.Dense(6)
            self.again = self.plain

        def call(self, x):
            for layer in self._flatten_layers(include_self=False):
                x = layer(x)
            return x

    holder = Holder()
    holder(X)
    assert [tuple(w.shape)[-1] for w in holder.weights] == [1, 1, 2, 2, 5, 5, 3, 3, 4, 4, 6, 6]
    assert len(holder.trainable_variables) == 12


def test_what_is_replaced_or_deleted_is_forgotten():
    layer = layers.Layer()
    layer.inner = layers.Dense(1)
    layer.inner(X)
    layer.weight = deepkit.Variable(1.0)
    assert len(layer.weights) == 3
    layer.inner = None
    del layer.weight
    assert layer.weights == []


def order_of_weights(library):
    class Mixed(library.layers.Layer):
        def __init__(self):
            super().__init__()
            self.norm = library.layers.BatchNormalization()
            self.late = self.add_weight(shape=(1,), name="frozen", trainable=False)
            self.dense = library.layers.Dense(2)
            self.first = self.add_weight(shape=(2,), name="free")

        def call(self, x):
            return self.norm(self.dense(x)) + self.first

    layer = Mixed()
    layer(X)
    return [[w.name for w in ws] for ws in (layer.weights, layer.trainable_weights)]


def test_weights_come_in_the_order_of_keras():
    with oracle():
        expected = order_of_weights(keras)
    assert order_of_weights(deepkit) == expected


def test_values_are_got_and_set():
    layer = layers.Dense(2)
    layer(X)
    kernel, bias = layer.get_weights()
    layer.set_weights([kernel + 1, bias - 1])
    np.testing.assert_array_equal(layer.get_weights()[0], kernel + 1)
    assert layer.count_params() == 8 and layers.Dense(2).count_params() == 0
    for wrong, text in (([kernel], "Expected 2 arrays"), ([kernel.T, bias], "No weight was")):
        with pytest.raises(errors.WeightMismatchError, match=text):
            layer.set_weights(wrong)
    np.testing.assert_array_equal(layer.get_weights()[0], kernel + 1)


def test_trainable_reaches_all_that_is_inside():
    outer = deepkit.Sequential([deepkit.Input((3,)), layers.Dense(2), layers.BatchNormalization()])
    outer.trainable = False
    assert outer.trainable_weights == [] and len(outer.non_trainable_weights) == 6
    assert not outer.layers[0].trainable
    outer.trainable = True
    assert len(outer.trainable_weights) == 4
    late = layers.Dense(2, trainable=False)
    late(X)
    assert late.trainable_weights == []


# Building


def test_build_runs_once_with_shapes():
    calls = []

    class Counting(layers.Layer):
        def build(self, input_shape):
            calls.append(input_shape)
            self.w = self.add_weight(shape=(input_shape[-1],))

        def call(self, x):
            return x + self.w

    layer = Counting(name="counting")
    layer.build((None, 3))
    layer(X)
    layer.build((None, 3))
    assert calls == [(None, 3)] and layer.built and layer.w.path == f"counting/{layer.w.name}"


def test_build_gets_a_shape_for_each_argument():
    class Two(layers.Layer):
        def build(self, left_shape, right_shape):
            self.w = self.add_weight(shape=(left_shape[-1], right_shape[-1]))

        def call(self, left, right):
            return left @ self.w @ right.T

    layer = Two()
    assert layer(X, np.ones((4, 5), "float32")).shape == (2, 4)
    again = Two.from_config(layer.get_config())
    again.build_from_config(layer.get_build_config())
    assert [w.shape for w in again.weights] == [(3, 5)]


def test_a_build_may_take_more_than_shapes():
    class Started(layers.Layer):
        def build(self, input_shape, start):
            super().build(input_shape)
            self.bias = self.add_weight(shape=input_shape[1:], initializer=start)

    layer = Started()
    layer.build((None, 2), start="ones")
    again = Started()
    again.build_from_config(layer.get_build_config())
    np.testing.assert_array_equal(again.bias, [1.0, 1.0])
    other = Started()
    other.build((None, 2), "zeros")
    np.testing.assert_array_equal(other.bias, [0.0, 0.0])


def test_an_error_while_building_says_where():
    class Failing(layers.Layer):
        def build(self, input_shape):
            raise ValueError("no")

        def call(self, x):
            return x

    layer = Failing(name="failing")
    with pytest.raises(ValueError, match="no") as raised:
        layer(X)
    assert "Raised while building layer 'failing' (Failing)." in raised.value.__notes__
    assert not layer.built


def test_an_error_in_a_call_says_where_once():
    class Failing(layers.Layer):
        def call(self, x):
            raise ValueError("no")

    model = deepkit.Sequential([layers.Dense(3, name="d"), Failing(name="failing")], name="m")
    with pytest.raises(ValueError, match="no") as raised:
        model(X)
    note, *others = (n for n in raised.value.__notes__ if "Raised in the call" in n)
    assert "'m/failing' (Failing)" in note and "float32(None, 3)" in note and others == []


MISUSED = {
    "no super": (
        type("NoSuper", (layers.Layer,), {"__init__": lambda self: None}),
        errors.StateError,
        "super().__init__()",
    ),
    "no call": (type("NoCall", (layers.Layer,), {}), errors.StateError, "has no `call` method"),
}


@pytest.mark.parametrize("case", MISUSED)
def test_misuse(case):
    make, error, text = MISUSED[case]
    with pytest.raises(error) as raised:
        make()(X)
    assert text in str(raised.value)


def test_arguments_that_a_layer_does_not_take():
    with pytest.raises(errors.ArgumentTypeError, match="Unexpected arguments of the layer"):
        layers.Dense(2, colour="red")
    with pytest.raises(errors.ArgumentTypeError, match="does not take"):
        layers.Dense(2)(X, X, X, X)
    with pytest.raises(errors.NotBuiltError, match="is not built"):
        layers.Dense(2).stateless_call([], [], X)
    with pytest.raises(errors.ShapeError, match="Expected a scalar in `add_loss`"):
        layers.Layer().add_loss(jnp.ones(2))


# Dtypes


POLICIES = {
    "float32": ("float32", "float32"),
    "float16": ("float16", "float16"),
    "mixed_bfloat16": ("bfloat16", "float32"),
}


@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_decides_what_is_computed_and_kept(policy):
    compute, keep = POLICIES[policy]
    seen = []

    class Watching(Scale):
        def call(self, x):
            seen.append((x.dtype.name, self.factor.dtype, (x * self.factor).dtype.name))
            return x * self.factor

    layer = Watching(dtype=policy)
    assert layer(X).dtype == compute and layer.factor.dtype == keep
    assert seen == [(compute,) * 3]


def test_integers_and_what_is_no_tensor_are_not_cast():
    class Passing(layers.Layer):
        def call(self, x, flag):
            return x if flag else None

    assert Passing(dtype="float16")(np.ones((2,), "int32"), True).dtype == "int32"
    assert Passing(dtype="float16", autocast=False)(X, True).dtype == "float32"


def test_a_map_of_policies_goes_by_path():
    policies = deepkit.dtype_policies.DTypePolicyMap()
    policies["net/low"] = deepkit.dtype_policies.DTypePolicy("mixed_bfloat16")

    class Net(deepkit.Model):
        def __init__(self):
            super().__init__(name="net")
            self.low = layers.Dense(2, dtype=policies, name="low")
            self.high = layers.Dense(2, dtype=policies, name="high")

        def call(self, x):
            return self.low(x), self.high(x)

    low, high = Net()(X)
    assert (low.dtype, high.dtype) == ("bfloat16", "float32")


# Training and masks


def test_training_goes_down_and_can_be_overruled():
    seen = []

    class Leaf(layers.Layer):
        def call(self, x, training=None):
            seen.append(training)
            return x

    class Branch(layers.Layer):
        def __init__(self):
            super().__init__()
            self.leaf, self.other = Leaf(), Leaf()

        def call(self, x):
            return self.other(self.leaf(x), training=False)

    branch = Branch()
    branch(X)
    branch(X, training=True)
    Leaf()(X)
    assert seen == [None, False, True, False, None]


def test_masks_travel_with_tensors_through_layers_that_support_them():
    seen = []

    class Last(layers.Layer):
        def call(self, x, mask=None):
            seen.append(None if mask is None else np.asarray(mask).tolist())
            return x

    class Passing(layers.Layer):
        def __init__(self, supports):
            super().__init__()
            self.supports_masking = supports

        def call(self, x):
            return x + 1.0

    x = np.asarray([[[1.0], [0.0]]], "float32")
    for supports in (True, False):
        deepkit.Sequential([layers.Masking(), Passing(supports), Last()])(x)
    inputs = deepkit.Input((2, 1))
    deepkit.Model(inputs, Last()(layers.Masking()(inputs)))(x)
    assert [entry for entry in seen if entry is not None] == [[[True, False]]] * 2
    Last()(x, mask=np.asarray([[False, True]]))
    assert seen[-1] == [[False, True]]


# Losses and metrics


def test_losses_are_those_of_the_last_call():
    class Penalty(layers.Layer):
        def call(self, x):
            self.add_loss(jnp.sum(x))
            return x

    class Outer(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = Penalty()
            self.dense = layers.Dense(1, kernel_regularizer=deepkit.regularizers.L2(0.5))

        def call(self, x):
            return self.dense(self.inner(self.inner(x)))

    outer = Outer()
    for _ in range(2):
        outer(X)
    assert [float(loss) for loss in outer.losses[:2]] == [15.0, 15.0]
    kernel = outer.dense.kernel.numpy()
    assert float(outer.losses[2]) == pytest.approx(0.5 * (kernel**2).sum(), rel=1e-6)


def test_penalties_of_outputs_do_not_grow_with_the_batch():
    layer = layers.Activation("linear", activity_regularizer=deepkit.regularizers.L2(1.0))
    found = []
    for rows in (1, 4):
        layer(np.ones((rows, 3), "float32"))
        found.append(float(layer.losses[0]))
    assert found == [3.0, 3.0]


def test_metrics_are_found_and_are_no_weights():
    layer = layers.Layer()
    layer.own = deepkit.metrics.Mean(name="own")
    layer.inner = layers.Layer()
    layer.inner.more = {"a": deepkit.metrics.Sum(name="more")}
    assert [metric.name for metric in layer.metrics] == ["own", "more"]
    assert layer.weights == layer.variables == [] and len(layer.metrics_variables) == 3


# Pure calls and configs


def test_a_stateless_call_changes_nothing():
    layer = layers.BatchNormalization()
    layer(X)
    before = layer.get_weights()
    values = [
        [v.value for v in vs] for vs in (layer.trainable_variables, layer.non_trainable_variables)
    ]
    pure = jax.jit(lambda t, n, x: layer.stateless_call(t, n, x, training=True, return_losses=True))
    outputs, updated, losses = pure(*values, X)
    assert losses == [] and len(updated) == 2
    for old, new in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert (np.asarray(updated[0]) != before[2]).any()
    # One pass of float32 over two rows.
    np.testing.assert_allclose(outputs, layer(X, training=True), rtol=1e-5, atol=1e-6)
    with pytest.raises(errors.WeightMismatchError, match="values in `trainable_variables`"):
        layer.stateless_call([], values[1], X)


def test_constructor_arguments_are_remembered():
    class Own(layers.Layer):
        def __init__(self, units, rate=0.1, *, inner=None, **kwargs):
            super().__init__(**kwargs)
            self.units, self.inner = units, inner

    layer = Own(3, inner=layers.Dense(2, name="in"), name="own", dtype="float16", trainable=False)
    config = layer.get_config()
    assert (config["units"], config["name"], config["trainable"]) == (3, "own", False)
    with deepkit.saving.custom_object_scope({"Own": Own}):
        again = Own.from_config(config)
    assert again.units == 3 and isinstance(again.inner, layers.Dense) and again.inner.units == 2
    assert again.compute_dtype == "float16" and not again.trainable
    assert again.get_config() == config


def test_a_config_of_ones_own():
    class Own(layers.Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.units = units

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    config = Own(3, name="own").get_config()
    assert config["units"] == 3 and set(config) == {"name", "trainable", "dtype", "units"}
    assert Own.from_config(config).units == 3


def test_an_argument_that_no_config_can_hold():
    class Own(layers.Layer):
        def __init__(self, thing):
            super().__init__()

    with pytest.raises(errors.SerializationError, match=r"`thing` of Own .* define `get_config"):
        Own(object()).get_config()


def test_shapes_of_outputs():
    class Two(layers.Layer):
        def call(self, x):
            return {"a": x[:, :1], "b": jnp.sum(x)}

    assert Two().compute_output_shape((None, 3)) == {"a": (None, 1), "b": ()}
    assert layers.Dense(4).compute_output_shape((None, 7, 3)) == (None, 7, 4)


def test_names_paths_and_repr():
    layer = layers.Dense(2, name="d")
    assert repr(layer) == "<Dense name=d, built=False>"
    model = deepkit.Sequential([deepkit.Input((3,)), layer], name="m")
    assert (layer.path, layer.kernel.path) == ("m/d", "m/d/kernel") and model.path == "m"


def test_an_input_of_numbers_and_of_nested_tensors():
    class Sum(layers.Layer):
        def call(self, xs):
            return xs["a"] + xs["b"][0]

    assert Sum()({"a": X, "b": [X]}).tolist() == (2 * X).tolist()


def test_a_layer_goes_when_nobody_holds_it():
    layer = layers.Dense(2)
    layer(X)
    gone = weakref.ref(layer)
    del layer
    gc.collect()
    assert gone() is None
