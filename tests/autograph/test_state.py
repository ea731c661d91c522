"""Variables, random numbers and added losses inside of compiled branches and loops."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit import errors
from deepkit.autograph import convert


def stateful(function, variables):
    """A compiled function of values and arguments to a result and new values."""

    @jax.jit
    def pure(values, *args):
        with deepkit.StatelessScope(zip(variables, values)) as scope:
            result = convert(function)(*args)
            return result, [scope.get_current_value(v) for v in variables]

    return pure


def test_variables_change_in_a_branch():
    count, total = deepkit.Variable(1.0), deepkit.Variable(10.0)

    def f(x):
        if x > 0:
            count.assign_add(1.0)
        else:
            total.assign(total * 2.0)
            count.assign(count - x)
        return count + total

    pure = stateful(f, [count, total])
    result, values = pure([1.0, 10.0], 3.0)
    assert (float(result), [float(v) for v in values]) == (12.0, [2.0, 10.0])
    result, values = pure([1.0, 10.0], -3.0)
    assert (float(result), [float(v) for v in values]) == (24.0, [4.0, 20.0])
    assert float(count) == 1.0


def test_variables_change_in_loops():
    count = deepkit.Variable(0.0)

    def f(xs, n):
        for x in xs:
            if x > 0:
                count.assign_add(x)
        while count < n:
            count.assign_add(1.0)
        return count * 2.0

    pure = stateful(f, [count])
    result, values = pure([0.5], jnp.asarray([1.0, -2.0, 3.0]), 10.0)
    assert (float(result), float(values[0])) == (21.0, 10.5)


def test_a_variable_may_be_the_condition():
    on, level = deepkit.Variable(True, dtype="bool"), deepkit.Variable(2.0)

    def f(x):
        if on:
            x = x + level
        return x

    pure = stateful(f, [on, level])
    assert float(pure([True, 2.0], 1.0)[0]) == 3.0
    assert float(pure([False, 2.0], 1.0)[0]) == 1.0


def test_a_variable_may_start_a_loop():
    start = deepkit.Variable(3.0)

    def f(n):
        x = start
        while n > 0:
            x = x * 2.0
            n -= 1
        return x

    assert float(stateful(f, [start])([3.0], 3)[0]) == 24.0


class Counter:
    def __init__(self):
        self.count = deepkit.Variable(0.0)
        self.plain = 0

    def step(self, xs):
        for x in xs:
            if x > 1:
                self.count.assign_add(x)
        return self.count.value

    def plain_step(self, x):
        if x > 1:
            self.plain += 1
        return x

    def plain_loop(self, xs):
        for x in xs:
            self.plain = self.plain + x
        return self.plain

    def replaces_variable(self, x):
        if x > 1:
            self.count = self.count + 1.0
        return x


def test_variables_of_self_are_state():
    counter = Counter()
    result, values = stateful(counter.step, [counter.count])([1.0], jnp.asarray([1.0, 2.0, 3.0]))
    assert (float(result), float(values[0])) == (6.0, 6.0)


@pytest.mark.parametrize(
    ("method", "argument", "message"),
    [
        ("plain_step", 2.0, "`self.plain` is a plain Python attribute that an `if` changes"),
        ("plain_loop", np.ones(3, "float32"), "`self.plain` is a plain Python attribute"),
        ("replaces_variable", 2.0, "`self.count` is a plain Python attribute"),
    ],
)
def test_plain_attributes_of_self_are_refused(method, argument, message):
    counter = Counter()
    before = counter.count
    with pytest.raises(errors.StateError, match=message) as caught:
        jax.jit(convert(getattr(counter, method)))(argument)
    assert "Keep it in a `deepkit.Variable` and use `assign`" in str(caught.value)
    assert counter.plain == 0
    assert counter.count is before


def test_attributes_of_objects_made_inside_are_carried():
    def f(n):
        holder = type("Holder", (), {})()
        holder.total = 0
        while n > 0:
            holder.total += n
            n -= 1
        return holder.total

    assert jax.jit(convert(f))(4) == 10


TALLY = 0


def test_variables_of_the_module_are_refused():
    def f(x):
        global TALLY
        if x > 0:
            TALLY = TALLY + 1
        return x

    with pytest.raises(errors.StateError, match="`TALLY` is a plain Python variable from outside"):
        jax.jit(convert(f))(1.0)
    assert TALLY == 0
    assert convert(f)(1.0) == 1.0
    assert TALLY == 1


def test_random_numbers_differ_from_turn_to_turn():
    seed = deepkit.random.SeedGenerator(3)

    def f(xs):
        drawn = []
        for x in xs:
            drawn.append(x + deepkit.random.uniform((), seed=seed))
        return jnp.stack(drawn)

    pure = stateful(f, [seed.state])
    start = np.asarray(seed.state.value)
    first, values = pure([start], jnp.zeros(4))
    assert len(set(np.asarray(first).tolist())) == 4
    again, _ = pure(values, jnp.zeros(4))
    assert not set(np.asarray(first).tolist()) & set(np.asarray(again).tolist())


def test_random_numbers_in_a_branch_count_where_it_is_taken():
    seed = deepkit.random.SeedGenerator(3)

    def f(x):
        if x > 0:
            x = x + deepkit.random.uniform((), seed=seed)
        return x

    pure = stateful(f, [seed.state])
    start = np.asarray(seed.state.value)
    _, (taken,) = pure([start], 1.0)
    _, (left,) = pure([start], -1.0)
    np.testing.assert_array_equal(taken, start + np.array([0, 1], "uint32"))
    np.testing.assert_array_equal(left, start)


class Penalized(deepkit.layers.Layer):
    def call(self, x):
        if deepkit.ops.sum(x) > 0:
            self.add_loss(deepkit.ops.sum(x))
        for row in x:
            self.add_loss(0.5 * row[0])
        return x


def test_losses_added_in_branches_and_loops_are_collected():
    layer = Penalized()

    @jax.jit
    def losses(x):
        with deepkit.StatelessScope(collect_losses=True) as scope:
            convert(layer)(x)
            return sum(scope.losses)

    assert losses(jnp.ones((3, 2))) == 6.0 + 1.5
    assert losses(-jnp.ones((3, 2))) == -1.5


def test_a_condition_that_draws_is_refused():
    seed = deepkit.random.SeedGenerator(3)

    def f(x):
        while deepkit.random.uniform((), seed=seed) < x:
            x = x - 0.1
        return x

    with pytest.raises(errors.StateError, match="the condition of a compiled `while` changes"):
        stateful(f, [seed.state])([np.asarray(seed.state.value)], 0.5)


def test_keys_are_carried():
    def f(key, n):
        total = 0.0
        for _ in range(n):
            key, part = jax.random.split(key)
            if total < 1:
                total += jax.random.uniform(part)
        return total, key

    key = jax.random.key(3)
    total, last = jax.jit(convert(f))(key, 5)
    expected, last_expected = f(key, 5)
    np.testing.assert_allclose(total, expected, rtol=1e-6)
    assert last == last_expected


def test_each_row_of_keys():
    def first_small(keys):
        for key in keys:
            if jax.random.uniform(key) < 0.5:
                return key
        return keys[0]

    keys = jax.random.split(jax.random.key(0), 4)
    assert jax.jit(convert(first_small))(keys) == first_small(keys)


def test_variables_that_are_made_in_a_loop_are_refused():
    def f(n):
        while n > 0:
            deepkit.Variable(0.0).assign(1.0)
            n -= 1
        return n

    with pytest.raises(errors.StateError, match="each time that the turn of this `while` is trac"):
        jax.jit(convert(f))(3)
