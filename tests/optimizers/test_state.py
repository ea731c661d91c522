"""The state of optimizers goes to files and lists, and comes back, here and in Keras."""

import copy
import pickle

import numpy as np
import pytest

import deepkit
from tests.optimizers.catalogue import OPTIMIZERS
from tests.optimizers.problems import gradients, make_variables, values_of
from tests.oracle import keras, oracle


def run(lib, row, steps):
    with oracle():
        variables = make_variables(lib)
        optimizer = getattr(lib.optimizers, row.class_name)(learning_rate=0.1, **row.arguments)
        for grads in steps:
            optimizer.apply([keras.ops.convert_to_tensor(g) for g in grads], variables)
    return optimizer, variables


@pytest.mark.parametrize("name", ["sgd nesterov", "adam amsgrad", "rmsprop all", "nadam"])
def test_state_moves_from_keras_and_back(name):
    row, steps = OPTIMIZERS[name], gradients()
    theirs, their_variables = run(keras, row, steps[:2])
    store = {}
    with oracle():
        theirs.save_own_variables(store)

    ours, our_variables = run(deepkit, row, steps[:1])
    ours.load_own_variables(store)
    for ours_v, theirs_v in zip(our_variables, their_variables):
        ours_v.assign(theirs_v.value)
    ours.apply(steps[2], our_variables)
    with oracle():
        theirs.apply([keras.ops.convert_to_tensor(g) for g in steps[2]], their_variables)
    for received, expected in zip(
        values_of([*our_variables, *ours.variables]),
        values_of([*their_variables, *theirs.variables]),
        strict=True,
    ):
        np.testing.assert_allclose(received, expected, rtol=1e-5, atol=1e-6)

    store.clear()
    ours.save_own_variables(store)
    assert list(store) == [str(i) for i in range(len(ours.variables))]
    with oracle():
        theirs.load_own_variables(store)
    for received, expected in zip(values_of(theirs.variables), ours.get_weights(), strict=True):
        np.testing.assert_array_equal(received, expected)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_go_on_with_copies_of_their_variables(duplicate):
    make = deepkit.optimizers.Adam
    optimizer_map = deepkit.optimizers.OptimizerMap(make(0.1, weight_decay=0.1))
    optimizer_map["bias"] = deepkit.optimizers.ScheduleFreeAdamW(0.1, use_ema=True)
    optimizer = deepkit.optimizers.MultiOptimizer(optimizer_map)
    variables = make_variables(deepkit)
    steps = gradients()
    optimizer.apply(steps[0], variables)
    twin, twins = duplicate((optimizer, variables))
    optimizer.apply(steps[1], variables)
    twin.apply(steps[1], twins)
    assert not any(a is b for a, b in zip(variables, twins))
    for received, expected in zip(
        values_of([*twins, *twin.variables]), values_of([*variables, *optimizer.variables])
    ):
        np.testing.assert_array_equal(received, expected)


def built(**options):
    optimizer = deepkit.optimizers.Adam(name="adam", **options)
    optimizer.build([deepkit.Variable([1.0, 2.0], name="weight")])
    return optimizer


def test_weights_as_lists():
    optimizer = built()
    weights = [np.full_like(weight, i) for i, weight in enumerate(optimizer.get_weights())]
    optimizer.set_weights(weights)
    for received, expected in zip(optimizer.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(received, expected)


def test_weights_that_do_not_fit():
    optimizer = built()
    weights = optimizer.get_weights()
    with pytest.raises(ValueError, match="Expected 4 weights for optimizer 'adam', received 3"):
        optimizer.set_weights(weights[:-1])
    weights[2] = np.zeros(3)
    message = r"shape \(2,\) for the optimizer variable 'adam/weight_momentum', .* shape \(3,\)"
    with pytest.raises(ValueError, match=message):
        optimizer.set_weights(weights)
    with pytest.raises(ValueError, match=r"'sgd' has no slots yet. Call `optimizer.build"):
        deepkit.optimizers.SGD(name="sgd").set_weights(weights)


def test_state_of_other_variables_is_not_loaded():
    store = {}
    built().save_own_variables(store)
    optimizer = built(amsgrad=True)
    with pytest.warns(UserWarning, match="'adam' was not loaded: it has 5 variables and .* has 4"):
        optimizer.load_own_variables(store)
    store["2"] = np.zeros(3)
    optimizer = built()
    before = optimizer.get_weights()
    with pytest.raises(ValueError, match="'adam/weight_momentum'"):
        optimizer.load_own_variables(store)
    for received, expected in zip(optimizer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(received, expected)
