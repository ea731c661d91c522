"""What holds for every layer of the catalogue."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from tests.layers.catalogue import ROWS
from tests.layers.row import Row
from tests.oracle import keras, oracle

# Bases, and layers whose rows are models or need other tests.
_WITHOUT_ROW = {"Layer", "InputLayer", "InputSpec", "Wrapper", "Lambda"}

every_row = pytest.mark.parametrize("row", ROWS, ids=str)


def _leaves(value):
    return [np.asarray(leaf) for leaf in jax.tree.leaves(value)]


def _assert_close(actual, expected, tolerance):
    actual, expected = _leaves(actual), _leaves(expected)
    assert len(actual) == len(expected)
    for a, e in zip(actual, expected):
        assert a.shape == e.shape
        np.testing.assert_allclose(a.astype("float64"), e, rtol=tolerance, atol=tolerance)


def _built(row: Row, **extra):
    layer = row.make(deepkit.layers, **extra)
    inputs = row.make_inputs()
    outputs = layer(inputs, **row.call, **_training(layer, row))
    return layer, inputs, outputs


def _training(layer, row):
    takes = "training" in inspect.signature(layer.call).parameters
    return {"training": row.training} if takes else {}


def _randomize(layer):
    """Weights that are no zeros and ones, so that every one of them matters."""
    generator = np.random.default_rng(1)
    layer.set_weights(
        [(w + generator.uniform(0.05, 0.3, w.shape)).astype(w.dtype) for w in layer.get_weights()]
    )


def test_every_class_has_a_row():
    classes = {
        name
        for name in dir(deepkit.layers)
        if isinstance(getattr(deepkit.layers, name), type)
        and issubclass(getattr(deepkit.layers, name), deepkit.layers.Layer)
    }
    rows = {getattr(deepkit.layers, row.name) for row in ROWS}
    missing = {name for name in classes if getattr(deepkit.layers, name) not in rows}
    assert missing - _WITHOUT_ROW == set()


@every_row
def test_agrees_with_keras_forward_and_backward(row):
    if row.training and row.trains_randomly:
        row = Row(**{**vars(row), "training": False})
    layer, inputs, _ = _built(row)
    _randomize(layer)
    weights = layer.get_weights()
    with oracle():
        twin = row.make(keras.layers)
        twin(inputs, **row.call, **_training(twin, row))
        assert [tuple(w.shape) for w in twin.weights] == [w.shape for w in weights]
        twin.set_weights(weights)
        _, state = _run(twin, row, inputs)
        expected = _loss_and_gradients(twin, row, inputs)
    actual = _loss_and_gradients(layer, row, inputs)
    _assert_close(actual, expected, row.tolerance)
    outputs, new_state = _run(layer, row, inputs)
    _assert_close(new_state, list(state), row.tolerance)
    assert outputs is not None


def _run(layer, row, inputs):
    return layer.stateless_call(
        [v.value for v in layer.trainable_variables],
        [v.value for v in layer.non_trainable_variables],
        inputs,
        **row.call,
        **_training(layer, row),
    )


def _loss_and_gradients(layer, row, inputs):
    """Outputs, and gradients of a weighted sum of them."""
    frozen = [v.value for v in layer.non_trainable_variables]

    def loss(trainable, x):
        outputs, _ = layer.stateless_call(trainable, frozen, x, **row.call, **_training(layer, row))
        leaves = [o for o in jax.tree.leaves(outputs) if jnp.issubdtype(o.dtype, jnp.floating)]
        weights = [
            jnp.cos(jnp.arange(leaf.size, dtype="float32")).reshape(leaf.shape) for leaf in leaves
        ]
        total = sum((jnp.sum(o * w.astype(o.dtype)) for o, w in zip(leaves, weights)), 0.0)
        return total, outputs

    trainable = [v.value for v in layer.trainable_variables]
    if not row.differentiable:
        if not trainable:
            return jax.jit(loss)(trainable, inputs)[1]
        gradients, outputs = jax.jit(jax.grad(loss, has_aux=True))(trainable, inputs)
        return outputs, gradients
    inputs = jax.tree.map(jnp.asarray, inputs)
    gradient = jax.jit(jax.grad(loss, argnums=(0, 1), has_aux=True))
    gradients, outputs = gradient(trainable, inputs)
    return outputs, gradients


@every_row
def test_jit_equals_eager(row):
    if row.training and row.trains_randomly:
        row = Row(**{**vars(row), "training": False})
    layer, inputs, eager = _built(row)

    @jax.jit
    def call(trainable, frozen, x):
        return layer.stateless_call(trainable, frozen, x, **row.call, **_training(layer, row))

    layer, inputs, eager = _built(row)
    trainable = [v.value for v in layer.trainable_variables]
    frozen = [v.value for v in layer.non_trainable_variables]
    eager = _run(layer, row, inputs)
    outputs, _ = call(trainable, frozen, inputs)
    _assert_close(outputs, eager[0], row.tolerance)


@every_row
def test_in_a_vmapped_scan(row):
    """A user's own transformations: each of two copies of the inputs gives what one gives alone."""
    if row.training and row.trains_randomly:
        row = Row(**{**vars(row), "training": False})
    layer, inputs, _ = _built(row)
    outputs, _ = _run(layer, row, inputs)
    inputs = jax.tree.map(jnp.asarray, inputs)

    def twice(inputs):
        return jax.lax.scan(lambda count, x: (count + 1, _run(layer, row, x)[0]), 0, inputs)[1]

    copies = jax.tree.map(lambda x: jnp.stack([jnp.stack([x, x])] * 2), inputs)
    mapped = jax.vmap(twice)(copies)
    _assert_close(mapped, jax.tree.map(lambda x: np.stack([[x, x]] * 2), outputs), row.tolerance)


@every_row
def test_config_round_trip(row):
    layer, inputs, outputs = _built(row)
    twin = type(layer).from_config(layer.get_config())
    assert twin.get_config() == layer.get_config()
    twin(inputs, **row.call, **_training(twin, row))
    twin.set_weights(layer.get_weights())
    if not (row.training and row.trains_randomly):
        again = twin(inputs, **row.call, **_training(twin, row))
        first = layer(inputs, **row.call, **_training(layer, row))
        if not layer.non_trainable_variables:
            _assert_close(again, first, row.tolerance)
    assert jax.tree.structure(outputs) is not None


@every_row
def test_config_is_read_and_written_as_keras_does(row):
    layer, _, _ = _built(row)
    entry = deepkit.saving.serialize_keras_object(layer)
    with oracle():
        twin = keras.saving.deserialize_keras_object(entry)
        assert type(twin) is getattr(keras.layers, row.name)
        theirs = keras.saving.serialize_keras_object(row.make(keras.layers))
    back = deepkit.saving.deserialize_keras_object(theirs)
    assert type(back) is type(layer)


@every_row
def test_symbolic_shape_is_the_real_one(row):
    layer, inputs, outputs = _built(row)

    def symbol(x):
        if not isinstance(x, np.ndarray):
            return x
        return deepkit.KerasTensor((None, *x.shape[1:]), dtype=x.dtype.name)

    symbols, call = jax.tree.map(symbol, (inputs, row.call))
    symbolic = layer(symbols, **call, **_training(layer, row))
    expected = [leaf.shape for leaf in _leaves(outputs)]
    found = [tuple(t.shape) for t in deepkit.tree.flatten(symbolic) if t is not None]
    assert [shape[1:] for shape in found] == [shape[1:] for shape in expected]


@every_row
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "float16"])
def test_computes_in_the_dtype_of_its_policy(row, policy):
    layer, _, outputs = _built(row, dtype=policy)
    wanted = deepkit.DTypePolicy(policy)
    for leaf in jax.tree.leaves(outputs):
        if jnp.issubdtype(leaf.dtype, jnp.floating):
            assert leaf.dtype == wanted.compute_dtype
            assert np.isfinite(np.asarray(leaf, dtype="float32")).all()
    for variable in layer.weights:
        if "float" in variable.dtype:
            assert variable.dtype == wanted.variable_dtype
