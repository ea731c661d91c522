"""Every function of `ops.nn` against Keras: values, dtypes, gradients, and shapes of symbols."""

import inspect
import operator

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deepkit.ops import nn
from deepkit.tensors import KerasTensor, Variable
from tests.ops.nn_catalogue import ROWS_OF_NN
from tests.oracle import keras, oracle

# Keras's does not sum to 1; `test_nn_functions` compares it with its definition.
ELSEWHERE = {"sparsemax"}


def call(module, row, replace):
    function = operator.attrgetter(row.name)(module)
    return function(
        *[replace(x) if isinstance(x, np.ndarray) else x for x in row.args], **row.kwargs
    )


def assert_same(actual, expected, tolerance):
    actual, expected = jax.tree.leaves(actual), jax.tree.leaves(expected)
    assert len(actual) == len(expected)
    for a, e in zip(actual, expected):
        assert isinstance(a, jax.Array)
        assert a.dtype == e.dtype
        np.testing.assert_allclose(a, e, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("row", ROWS_OF_NN, ids=str)
def test_values_and_dtypes(row):
    with oracle():
        expected = call(keras.ops.nn, row, jnp.asarray)
    assert_same(call(nn, row, jnp.asarray), expected, row.tolerance)
    assert_same(call(nn, row, Variable), expected, row.tolerance)


@pytest.mark.parametrize("row", [row for row in ROWS_OF_NN if row.gradient], ids=str)
def test_gradients(row):
    arrays = [x for x in row.args if isinstance(x, np.ndarray) and x.dtype == "float32"]

    def total(module, floats):
        floats = iter(floats)
        result = call(
            module, row, lambda x: next(floats) if x.dtype == "float32" else jnp.asarray(x)
        )
        return sum(
            # Different weights, so that misplaced gradients do not cancel.
            jnp.sum(leaf * np.cos(np.arange(leaf.size, dtype="float32")).reshape(leaf.shape))
            for leaf in jax.tree.leaves(result)
        )

    arrays = [jnp.asarray(x) for x in arrays]
    actual = jax.jit(jax.grad(lambda x: total(nn, x)))(arrays)
    with oracle():
        expected = jax.jit(jax.grad(lambda x: total(keras.ops.nn, x)))(arrays)
    # Gradients add up as many terms as there are outputs: ten steps more than the values.
    assert_same(actual, expected, 10 * row.tolerance)


def symbol(x, *, unknown):
    return KerasTensor((None, *x.shape[1:]) if unknown else x.shape, x.dtype.name)


@pytest.mark.parametrize("row", [row for row in ROWS_OF_NN if row.symbolic], ids=str)
def test_symbols_know_the_shape(row):
    def specs(result):
        return [(tuple(x.shape), str(x.dtype)) for x in jax.tree.leaves(result)]

    concrete = specs(call(nn, row, jnp.asarray))
    assert specs(call(nn, row, lambda x: symbol(x, unknown=False))) == concrete
    if row.unknown:
        batch = row.args[0].shape[0]
        partly = specs(
            call(nn, row, lambda x: symbol(x, unknown=True) if x.shape[0] == batch else x)
        )
        assert [dtype for _, dtype in partly] == [dtype for _, dtype in concrete]
        for (shape, _), (expected, _) in zip(partly, concrete, strict=True):
            assert len(shape) == len(expected)
            assert all(a in (None, b) for a, b in zip(shape, expected))


def names_in(module):
    return {name for name in dir(module) if inspect.isfunction(getattr(module, name))}


@pytest.mark.parametrize("name", sorted(names_in(keras.ops.nn)))
def test_signatures_are_those_of_keras(name):
    def signature(module):
        found = inspect.signature(getattr(module, name))
        plain = [p.replace(annotation=inspect.Parameter.empty) for p in found.parameters.values()]
        return found.replace(parameters=plain, return_annotation=inspect.Signature.empty)

    assert signature(nn) == signature(keras.ops.nn)


def test_every_function_has_a_row():
    rows = {row.name for row in ROWS_OF_NN} | ELSEWHERE
    assert names_in(keras.ops.nn) - rows == set()
