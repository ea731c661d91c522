"""Branches, loops and maps: values, gradients, and state that goes through them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deepkit import ops
from deepkit.tensors import KerasTensor, SeedGenerator, StatelessScope, Variable, loss_scope
from tests.oracle import keras, oracle

XS = np.array([1.0, 2.0, 4.0], "float32")


def total_and_product(carry, x):
    return carry + x, carry * x


CASES = {
    "cond": lambda ops, x: ops.cond(x[0] > 0, lambda: x * 2, lambda: x),
    "cond_else": lambda ops, x: ops.cond(x[0] > 5, lambda: (x, None), lambda: (-x, None)),
    "switch": lambda ops, x: ops.switch(2, [jnp.sin, jnp.cos, jnp.exp], x),
    "switch_out_of_range": lambda ops, x: ops.switch(9, [jnp.sin, jnp.cos], x),
    "scan": lambda ops, x: ops.scan(total_and_product, jnp.zeros(()), x),
    "scan_reverse": lambda ops, x: ops.scan(total_and_product, x[0], x, reverse=True, unroll=2),
    "scan_length": lambda ops, x: ops.scan(lambda c, _: (c * x, c), x, length=2),
    "fori_loop": lambda ops, x: ops.fori_loop(1, 4, lambda i, v: v * x, x),
    "associative_scan": lambda ops, x: ops.associative_scan(jnp.multiply, x, reverse=True),
    "map": lambda ops, x: ops.map(lambda pair: pair[0] * jnp.sin(pair[1]), (x, x)),
    "vectorized_map": lambda ops, x: ops.vectorized_map(lambda v: v * v, x),
    "vectorize": lambda ops, x: ops.vectorize(jnp.dot, signature="(n),(n)->()")(x, x),
    "jvp": lambda ops, x: ops.jvp(lambda v: v * v, (x,), (x,)),
}
WHILE = {
    "one": lambda ops, x: ops.while_loop(lambda v: v[0] < 10, lambda v: v * 2, x),
    "several": lambda ops, x: ops.while_loop(
        lambda i, v: i < 3, lambda i, v: (i + 1, v * v), [0, x]
    ),
    "limited": lambda ops, x: ops.while_loop(
        lambda v: v[0] > 0, lambda v: v * 2, x, maximum_iterations=2
    ),
}


def compare(actual, expected):
    assert jax.tree.structure(actual) == jax.tree.structure(expected)
    # The same few float32 operations in both.
    jax.tree.map(lambda a, e: np.testing.assert_allclose(a, e, rtol=1e-6), actual, expected)


@pytest.mark.parametrize("name", sorted(CASES | WHILE))
def test_results_are_those_of_keras(name):
    case = (CASES | WHILE)[name]
    with oracle():
        expected = case(keras.ops, jnp.asarray(XS))
    compare(case(ops, jnp.asarray(XS)), expected)


@pytest.mark.parametrize("name", sorted(CASES))
def test_gradients_are_those_of_keras(name):
    def total(module):
        return lambda x: sum(
            jnp.sum(leaf * XS[0]) for leaf in jax.tree.leaves(CASES[name](module, x))
        )

    with oracle():
        expected = jax.grad(total(keras.ops))(XS)
    compare(jax.jit(jax.grad(total(ops)))(XS), expected)


@pytest.mark.parametrize("name", sorted(WHILE))
def test_loops_take_symbols(name):
    result = jax.tree.leaves(WHILE[name](ops, KerasTensor((3,))))
    assert [leaf.shape for leaf in result if isinstance(leaf, KerasTensor)][-1] == (3,)


def test_scan_takes_symbols_of_unknown_length():
    carry, ys = ops.scan(total_and_product, KerasTensor((4,)), KerasTensor((None, 4)))
    assert (carry.shape, ys.shape) == ((4,), (None, 4))


def counting(counter):
    def step(carry, x):
        counter.assign_add(1)
        return carry + counter * x, counter * x

    return step


def programs(counter):
    """Control flow that adds to `counter`, and what that must come to from 0."""
    return {
        "scan": (lambda: ops.scan(counting(counter), 0.0, XS)[0], 1 + 4 + 12, 3),
        "map": (lambda: ops.map(lambda x: counting(counter)(0, x)[1], XS)[2], 12, 3),
        "fori_loop": (
            lambda: ops.fori_loop(0, 4, lambda i, v: v + counter.assign_add(1), 0.0),
            10,
            4,
        ),
        "while_loop": (
            lambda: ops.while_loop(lambda v: v < 5, lambda v: v + counter.assign_add(1), 0.0),
            6,
            3,
        ),
        "cond": (lambda: ops.cond(True, lambda: counter.assign_add(2), lambda: 0.0), 2, 2),
        "cond_else": (lambda: ops.cond(False, lambda: counter.assign_add(2), lambda: 7.0), 7, 0),
        "nested": (
            lambda: ops.fori_loop(
                0, 3, lambda i, v: ops.cond(i > 0, lambda: counter.assign_add(1), lambda: v), 0.0
            ),
            2,
            2,
        ),
    }


@pytest.mark.parametrize("name", sorted(programs(None)))
@pytest.mark.parametrize("compiled", [False, True])
def test_assigned_variables_come_out(name, compiled):
    counter = Variable(0.0)
    program, expected, count = programs(counter)[name]
    if compiled:

        def pure(value):
            with StatelessScope([(counter, value)]) as scope:
                return program(), scope.get_current_value(counter)

        result, state = jax.jit(pure)(0.0)
        assert counter.numpy() == 0
    else:
        result, state = program(), counter.numpy()
    assert float(result) == expected
    assert float(state) == count


def test_branches_may_assign_different_variables():
    a, b = Variable(1.0), Variable(1.0)
    for pred, expected in ((True, (3.0, 1.0)), (False, (3.0, 5.0))):
        ops.cond(pred, lambda: a.assign(3.0), lambda: b.assign(5.0))
        assert (float(a), float(b)) == expected


def test_a_loop_sees_the_values_of_now():
    scale = Variable(1.0)

    def step(carry, x):
        return carry + scale * x, None

    assert float(ops.scan(step, 0.0, XS)[0]) == 7
    scale.assign(10.0)
    assert float(ops.scan(step, 0.0, XS)[0]) == 70


@pytest.mark.parametrize("scoped", [False, True])
def test_each_step_draws_other_random_numbers(scoped):
    seeds = SeedGenerator(3)

    def draw(carry, _):
        return carry, jax.random.uniform(seeds.next())

    if scoped:
        with StatelessScope() as scope:
            numbers = ops.scan(draw, 0, length=4)[1]
            state = scope.get_current_value(seeds.state)
    else:
        numbers = ops.scan(draw, 0, length=4)[1]
        state = seeds.state.numpy()
    assert len(set(numbers.tolist())) == 4
    again = SeedGenerator(3)
    assert numbers.tolist() == [float(jax.random.uniform(again.next())) for _ in range(4)]
    assert state.tolist() == again.state.numpy().tolist()


class Owner:
    """What a layer is to control flow: it adds losses to the scope that collects them."""

    def __init__(self):
        self.losses = []

    def add_loss(self, loss):
        scope = loss_scope()
        if scope is None:
            self.losses.append(loss)
        else:
            scope.add_loss(loss, owner=self)


def add_losses(owner, other, x):
    owner.add_loss(x * x)
    owner.add_loss(x)
    other.add_loss(2 * x)
    return x


LOSSES = {
    "scan": lambda step: ops.scan(lambda c, x: (c, step(x)), 0, XS)[1],
    "map": lambda step: ops.map(step, XS),
    "fori_loop": lambda step: ops.fori_loop(
        0, 3, lambda i, v: step(2.0 ** jnp.asarray(i, "float32")), 0.0
    ),
    "nested": lambda step: ops.map(lambda x: ops.cond(x > 0, lambda: step(x), lambda: x), XS),
}


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_losses_add_up_over_steps(name):
    owner, other = Owner(), Owner()
    LOSSES[name](lambda x: add_losses(owner, other, x))
    assert [float(loss) for loss in owner.losses] == [1 + 4 + 16 + 1 + 2 + 4]
    assert [float(loss) for loss in other.losses] == [14]


def test_losses_of_scopes_have_gradients():
    owner = Owner()

    def loss(scale):
        with StatelessScope(collect_losses=True) as scope:
            ops.scan(lambda c, x: (c, owner.add_loss(scale * x)), 0, XS)
        (total,) = scope.losses_of([owner])
        return total

    assert float(jax.jit(jax.grad(loss))(3.0)) == 7


def test_losses_of_the_branch_taken():
    for pred, expected in ((True, 5.0), (False, 0.0)):
        owner = Owner()
        ops.cond(pred, lambda: owner.add_loss(5.0), lambda: None)  # noqa: B023
        assert [float(loss) for loss in owner.losses] == [expected]


def test_losses_without_an_owner_go_to_the_scope():
    with StatelessScope(collect_losses=True) as scope:
        ops.map(lambda x: loss_scope().add_loss(x), XS)
    assert [float(loss) for loss in scope.losses] == [7]


def test_functions_of_loops_may_return_variables():
    v = Variable([1.0, 2.0])
    result = ops.cond(True, lambda: v, lambda: v * 2)
    assert isinstance(result, jax.Array)
    assert result.tolist() == [1.0, 2.0]


def test_custom_gradient_replaces_the_gradient():
    @ops.custom_gradient
    def double(x, y):
        return x * y, lambda upstream: (upstream * 10, upstream * 100)

    assert float(double(Variable(2.0), 3.0)) == 6
    assert [float(g) for g in jax.grad(double, argnums=(0, 1))(2.0, 3.0)] == [10, 100]
    assert double(KerasTensor((None, 2)), 2.0).shape == (None, 2)


def test_jvp_has_aux():
    value, tangent, aux = ops.jvp(lambda x: (x * x, x), [3.0], [2.0], has_aux=True)
    assert (float(value), float(tangent), float(aux)) == (9, 12, 3)


def test_stop_gradient_of_a_variable():
    v = Variable(3.0)
    assert float(jax.grad(lambda x: x * ops.stop_gradient(v) * ops.stop_gradient(x))(2.0)) == 6
