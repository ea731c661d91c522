"""Each optimizer and option takes the steps that Keras's takes, and keeps the same state."""

import inspect

import jax
import numpy as np
import pytest

import deepkit
from tests.optimizers.catalogue import EVERYTHING, OPTIMIZERS
from tests.optimizers.problems import gradients, make_variables, values_of
from tests.oracle import keras, oracle

# Ten steps of some ten roundings each: 100 * 6e-8. The iterations of Muon multiply matrices.
RTOL, ATOL = 1e-5, 2e-6


def close(received, expected, label):
    np.testing.assert_allclose(received, expected, rtol=RTOL, atol=ATOL, err_msg=label)


def run_keras(make, steps):
    with oracle():
        variables = make_variables(keras)
        optimizer = make(keras)
        optimizer.build(variables)
        apply = optimizer.stateless_apply
        # Keras's accumulation compiles a conditional anew in each eager step.
        apply = jax.jit(apply) if optimizer.gradient_accumulation_steps else apply
        state = [v.value for v in optimizer.variables], [v.value for v in variables]
        for grads in steps:
            values, own = apply(state[0], [jax.numpy.asarray(g) for g in grads], state[1])
            state = own, values
    return [*state[1], *state[0]]


def run_deepkit(make, steps):
    variables = make_variables(deepkit)
    optimizer = make(deepkit)
    for grads in steps:
        optimizer.apply(grads, variables)
    return variables, optimizer


def compare(make):
    steps = gradients()
    expected = run_keras(make, steps)
    variables, optimizer = run_deepkit(make, steps)
    for variable, value in zip([*variables, *optimizer.variables], expected, strict=True):
        assert variable.dtype == value.dtype
        close(variable.numpy(), np.asarray(value), variable.path)
    return optimizer


@pytest.mark.parametrize("name", EVERYTHING)
def test_ten_steps(name):
    row = EVERYTHING[name]
    compare(
        lambda lib: getattr(lib.optimizers, row.class_name)(learning_rate=0.05, **row.arguments)
    )


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_names_of_the_state(name):
    row = OPTIMIZERS[name]
    arguments = {**row.arguments, "name": "o", "use_ema": True, "gradient_accumulation_steps": 2}
    paths = {}
    for lib in (deepkit, keras):
        with oracle():
            optimizer = getattr(lib.optimizers, row.class_name)(**arguments)
            optimizer.build(make_variables(lib))
        paths[lib] = [(v.path, tuple(v.shape)) for v in optimizer.variables]
    named = [
        (ours, theirs)
        for ours, theirs in zip(paths[deepkit], paths[keras], strict=True)
        # Two of Keras's classes make variables without the optimizer's name in front of them.
        if "/" in theirs[0]
    ]
    assert len(named) >= len(paths[deepkit]) - 8
    for ours, theirs in named:
        assert ours == theirs


def test_automatic_names():
    for class_name in {row.class_name for row in OPTIMIZERS.values()}:
        received, expected = (
            getattr(lib.optimizers, class_name)().name.rstrip("_0123456789")
            for lib in (deepkit, keras)
        )
        assert received == expected


def test_schedule_counts_real_steps_under_accumulation():
    def make(lib):
        schedule = lib.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)
        return lib.optimizers.SGD(schedule, momentum=0.5, gradient_accumulation_steps=2)

    compare(make)


def test_excluded_from_weight_decay():
    def make(lib):
        optimizer = lib.optimizers.AdamW(0.05, weight_decay=0.2)
        optimizer.exclude_from_weight_decay(var_names=["bias", "^embed"])
        return optimizer

    optimizer = compare(make)
    kernel, bias, embeddings, _ = optimizer._trainable_variables
    assert bias in optimizer._exclusions and embeddings in optimizer._exclusions
    assert kernel not in optimizer._exclusions


def test_constraints_are_applied_after_each_step():
    results = {}
    for lib in (keras, deepkit):
        with oracle():
            variables = make_variables(lib)
            for variable in variables:
                variable.constraint = lib.constraints.NonNeg()
            optimizer = lib.optimizers.Adam(0.3)
            for grads in gradients():
                optimizer.apply([jax.numpy.asarray(g) for g in grads], variables)
        results[lib] = values_of(variables)
    assert min(value.min() for value in results[deepkit]) == 0
    for received, expected in zip(results[deepkit], results[keras]):
        close(received, expected, "constrained")


@pytest.mark.parametrize("steps", [None, 3])
def test_variables_overwritten_with_their_gradients(steps):
    def make(lib):
        optimizer = lib.optimizers.Adam(0.1, gradient_accumulation_steps=steps)
        build = optimizer.build

        def mark_and_build(variables):
            variables[1].overwrite_with_gradient = True
            build(variables)

        optimizer.build = mark_and_build
        return optimizer

    compare(make)


@pytest.mark.parametrize("class_name", sorted({row.class_name for row in OPTIMIZERS.values()}))
def test_signature(class_name):

    received, expected = (
        inspect.signature(getattr(lib.optimizers, class_name)).parameters
        for lib in (deepkit, keras)
    )
    assert [(p.name, p.default) for p in received.values()] == [
        (p.name, p.default) for p in expected.values()
    ]
