"""Values that are given away to compiled programs, while others hold them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deepkit.tensors import SeedGenerator, StatelessScope, Variable, draw_seed

consume = jax.jit(lambda x: x + jnp.ones((), x.dtype), donate_argnums=0)


def give_away(variable):
    variable.put_back(consume(variable.take_for_donation()))


KEPT = jnp.zeros(3)
HOLDERS = {
    "value": lambda v: v.value,
    "stored value": lambda v: v.stored_value(),
    "assigned": lambda v: v.assign(jnp.full(3, 2.0)),
    "added": lambda v: v.assign_add(1.0),
    "through jnp": jnp.asarray,
    "leaf": lambda v: jax.tree.leaves(v)[0],
    "in a scope": lambda v: _in_scope(v),
}


def _in_scope(variable):
    with StatelessScope():
        return variable.value


@pytest.mark.parametrize("name", HOLDERS)
def test_what_was_handed_out_stays(name):
    variable = Variable(np.ones(3))
    give_away(variable)
    held = HOLDERS[name](variable)
    expected = np.array(held)
    for _ in range(2):
        give_away(variable)
    np.testing.assert_array_equal(held, expected)
    np.testing.assert_array_equal(variable.numpy(), expected + 2)


def test_what_was_given_stays():
    given = jnp.ones(3)
    variables = [
        Variable(given),
        Variable(lambda shape, dtype: KEPT, (3,)),
        Variable(np.ones(3)),
        Variable(np.ones(3)),
    ]
    variables[2].assign(given)
    variables[3].assign(variables[2])
    for _ in range(2):
        for variable in variables:
            give_away(variable)
    np.testing.assert_array_equal(given, 1)
    np.testing.assert_array_equal(KEPT, 0)
    np.testing.assert_array_equal([v.numpy()[0] for v in variables], [3, 2, 3, 3])


def test_buffers_are_given_and_not_copied_once_nobody_holds_them():
    variable = Variable(np.ones(3))
    give_away(variable)
    own = variable.concrete_value()
    assert variable.take_for_donation() is own
    variable.numpy()
    repr(variable)
    np.asarray(variable)
    assert variable.take_for_donation() is own


def test_what_programs_share_is_copied_each_time():
    variable = Variable(np.ones(3))
    variable.is_shared = True
    for count in range(1, 4):
        shared = variable.concrete_value()
        assert variable.take_for_donation() is not shared
        give_away(variable)
        np.testing.assert_array_equal(shared, count)
        np.testing.assert_array_equal(variable.numpy(), count + 1)


@pytest.mark.parametrize("scoped", [True, False])
def test_keys_stay_when_the_state_of_their_seed_is_given_away(scoped):
    seeds = SeedGenerator(3)
    give_away(seeds.state)
    if scoped:
        with StatelessScope():
            key = draw_seed(seeds)
    else:
        key = draw_seed(seeds)
    expected = np.array(key)
    for _ in range(2):
        give_away(seeds.state)
    np.testing.assert_array_equal(key, expected)
