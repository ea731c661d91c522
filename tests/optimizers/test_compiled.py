"""Steps inside compiled programs are the steps that are taken eagerly."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from tests.optimizers.catalogue import EVERYTHING
from tests.optimizers.problems import STEPS, gradients, make_variables, values_of

# Fused multiplications and additions round once where eager ones round twice.
close = functools.partial(np.testing.assert_allclose, rtol=1e-5, atol=1e-6)


def make(name, **more):
    row = EVERYTHING[name]
    optimizer_class = getattr(deepkit.optimizers, row.class_name)
    return optimizer_class(learning_rate=0.05, **row.arguments, **more)


def eager(optimizer, steps):
    variables = make_variables(deepkit)
    for grads in steps:
        optimizer.apply(grads, variables)
    return values_of([*variables, *optimizer.variables])


def built(optimizer):
    """The pure step of an optimizer, and copies of the values it starts from."""
    variables = make_variables(deepkit)
    optimizer.build(variables)
    own, values = (
        [jnp.array(v.value, copy=True) for v in vs] for vs in (optimizer.variables, variables)
    )
    return optimizer.stateless_apply, own, values


@pytest.mark.parametrize("name", EVERYTHING)
def test_scanned_steps_equal_eager_ones(name):
    expected = eager(make(name), gradients())
    apply, own, values = built(make(name))

    @functools.partial(jax.jit, donate_argnums=0)
    def run(state, steps):
        def body(state, grads):
            values, own = apply(state[1], grads, state[0])
            return (values, own), None

        return jax.lax.scan(body, state, steps)[0]

    stacked = [jnp.stack(column) for column in zip(*gradients())]
    values, own = run((values, own), stacked)
    for received, wanted in zip([*values, *own], expected, strict=True):
        close(received, wanted)


@pytest.mark.parametrize("name", ["adam", "accumulation ema", "muon"])
def test_jitted_steps_equal_eager_ones_and_compile_once(name):
    expected = eager(make(name), gradients())
    apply, own, values = built(make(name))
    step = jax.jit(apply, donate_argnums=(0, 2))
    for grads in gradients():
        values, own = step(own, grads, values)
    assert step._cache_size() == 1
    for received, wanted in zip([*values, *own], expected, strict=True):
        close(received, wanted)


def test_stateless_apply_assigns_nothing():
    optimizer = make("adam")
    apply, own, values = built(optimizer)
    before = values_of(optimizer.variables)
    new_values, new_own = apply(own, gradients()[0], values)
    for left, right in zip(values_of(optimizer.variables), before):
        np.testing.assert_array_equal(left, right)
    assert int(new_own[0]) == 1
    assert not np.array_equal(new_values[0], values[0])


def test_schedule_is_evaluated_inside_the_program():
    schedule = deepkit.optimizers.schedules.PiecewiseConstantDecay([1, 3], [1.0, 0.5, 0.25])
    optimizer = deepkit.optimizers.SGD(schedule)
    weight = deepkit.Variable(0.0)
    optimizer.build([weight])
    step = jax.jit(optimizer.stateless_apply)
    values, own, path = [weight.value], [v.value for v in optimizer.variables], []
    for _ in range(5):
        values, own = step(own, [jnp.float32(-1.0)], values)
        path.append(float(values[0]))
    # Steps 0 and 1 at 1.0, steps 2 and 3 at 0.5, then 0.25.
    assert path == [1.0, 2.0, 2.5, 3.0, 3.25]


def test_accumulation_does_the_update_in_one_branch_only():
    apply, own, values = built(make("adam", gradient_accumulation_steps=4))
    program = jax.make_jaxpr(apply)(own, gradients()[0], values)
    conditionals = [e for e in program.eqns if e.primitive.name == "cond"]
    assert len(conditionals) == 1
    kept, updated = (len(b.eqns) for b in conditionals[0].params["branches"])
    assert kept < 5 < updated


@pytest.mark.parametrize("name", ["adam", "schedule free", "ema", "accumulation"])
def test_state_may_be_made_inside_of_a_program(name):
    expected = eager(make(name), gradients()[:1])
    optimizer, variables = make(name), make_variables(deepkit)

    @jax.jit
    def step(values, grads):
        with deepkit.StatelessScope(zip(variables, values)) as scope:
            optimizer.apply(grads, variables)
            return [scope.get_current_value(v) for v in (*variables, *optimizer.variables)]

    received = step([v.value for v in variables], gradients()[0])
    # What was read but not assigned is not in the scope: the learning rate.
    pairs = [(r, e) for r, e in zip(received, expected, strict=True) if r is not None]
    assert len(pairs) == len(expected) - 1
    for value, wanted in pairs:
        close(value, wanted)


def test_apply_works_in_a_vmapped_program():
    optimizer = deepkit.optimizers.SGD(0.5, gradient_accumulation_steps=2)
    weight = deepkit.Variable([0.0, 0.0])
    optimizer.build([weight])
    own = [v.value for v in optimizer.variables]

    def two_steps(gradient):
        values, state = optimizer.stateless_apply(own, [gradient], [weight.value])
        return optimizer.stateless_apply(state, [gradient], values)[0][0]

    grads = jnp.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(jax.vmap(two_steps)(grads), -0.5 * grads)


def test_steps_can_be_differentiated():
    optimizer = deepkit.optimizers.SGD(0.25, momentum=0.5)
    weight = deepkit.Variable(2.0)
    optimizer.build([weight])
    own = [v.value for v in optimizer.variables]

    def loss_after_a_step(value):
        gradient = jax.grad(lambda w: w**2)(value)
        values, _ = optimizer.stateless_apply(own, [gradient], [value])
        return values[0] ** 2

    # w - 0.25 * 2w = w / 2, so that the loss is w^2 / 4 and its derivative w / 2.
    assert float(jax.grad(loss_after_a_step)(jnp.float32(2.0))) == 1.0


SHORT_FLOATS = ("sgd nesterov", "adam amsgrad", "adamax", "nadam", "adadelta", "adafactor")
SHORT_FLOATS += ("adagrad", "rmsprop all", "ftrl", "lion", "lamb", "schedule free")
SHORT_FLOATS += ("accumulation ema", "weight decay", "global clipnorm")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", SHORT_FLOATS)
def test_short_floats_take_the_steps_of_long_ones(name, dtype):
    moves = {}
    for kind in (dtype, "float32"):
        optimizer = make(name)
        variable = deepkit.Variable(jnp.full((4, 3), 0.25, kind), name="kernel")
        for grads in gradients()[:4]:
            optimizer.apply([grads[0].astype(kind)], [variable])
        assert variable.value.dtype == kind
        assert all(v.dtype in (kind, "int32", "float32") for v in optimizer.variables)
        moves[kind] = np.asarray(variable.value.astype("float32")) - 0.25
    # Four roundings of values near 0.3 and of their slots; bfloat16 has 8 bits, float16 11.
    unit = {"float16": 2**-11, "bfloat16": 2**-8}[dtype]
    np.testing.assert_allclose(moves[dtype], moves["float32"], atol=8 * unit * 0.5, rtol=8 * unit)


def test_scanned_steps_cover_every_step_of_the_problem():
    assert len(gradients()) == STEPS
