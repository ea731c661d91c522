"""Layers in inference act row by row: all of the catalogue are proven to, and do."""

import inspect

import jax
import numpy as np
import pytest

import deepkit
from deepkit.training._row_wise import is_row_wise
from tests.layers.catalogue import ROWS as CATALOGUE

ROWS, FEWER = 8, 5
# Divides a loss by the number of rows, which nothing uses here.
_DEPEND_ON_THE_NUMBER = {"ActivityRegularization"}


def with_rows(inputs, rows):
    """Inputs of two rows as those of more."""
    return jax.tree.map(lambda leaf: np.resize(leaf, (rows, *leaf.shape[1:])), inputs)


def padded(inputs):
    return jax.tree.map(
        lambda leaf: np.concatenate([leaf, np.repeat(leaf[-1:], ROWS - FEWER, 0)]), inputs
    )


def prepared(row):
    """The call of a layer as a pure function of weights and inputs, and both of these."""
    layer, inputs = row.make(deepkit.layers), row.make_inputs()
    settings = {"training": False} if "training" in inspect.signature(layer.call).parameters else {}
    layer(inputs, **row.call, **settings)
    settings |= {name: value for name, value in row.call.items() if np.isscalar(value)}
    arrays = {name: value for name, value in row.call.items() if name not in settings}
    weights = [[v.value for v in layer.trainable_variables]]
    weights += [[v.value for v in layer.non_trainable_variables]]

    def call(weights, batch):
        inputs, arrays = batch
        return layer.stateless_call(*weights, inputs, **arrays, **settings)[0]

    return call, weights, (inputs, arrays)


@pytest.mark.parametrize("row", CATALOGUE, ids=str)
def test_layers_act_row_by_row(row):
    call, weights, batch = prepared(row)
    exact = with_rows(batch, FEWER)
    leaves = len(jax.tree.leaves(batch))
    program, twin = (jax.make_jaxpr(call)(weights, with_rows(batch, n)) for n in (ROWS, FEWER))
    assert is_row_wise(program, leaves)
    assert is_row_wise(program, leaves, twin) == (row.name not in _DEPEND_ON_THE_NUMBER)
    wide = jax.tree.leaves(jax.jit(call)(weights, padded(exact)))
    for one, two in zip(wide, jax.tree.leaves(jax.jit(call)(weights, exact)), strict=True):
        np.testing.assert_allclose(one[:FEWER], two, rtol=row.tolerance, atol=row.tolerance)


def test_training_of_what_normalizes_by_the_batch_is_not_proven():
    layer = deepkit.layers.BatchNormalization()
    layer(np.ones((ROWS, 3), "float32"))

    def call(weights, x):
        return layer.stateless_call(*weights, x, training=True)[0]

    weights = [[v.value for v in layer.trainable_variables]]
    weights += [[v.value for v in layer.non_trainable_variables]]
    assert not is_row_wise(jax.make_jaxpr(call)(weights, np.ones((ROWS, 3), "float32")), 1)
