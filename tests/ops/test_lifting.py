"""Recording: stateful functions traced once, run again as pure ones."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit.errors import StateError
from deepkit.ops._lifting import Carried, record


def test_a_recording_says_what_state_it_changes():
    count, other = deepkit.Variable(1.0), deepkit.Variable(5.0)
    traced = []

    def step(x):
        traced.append(x)
        count.assign_add(x * other)
        return [count * 2.0]

    scalar = jax.ShapeDtypeStruct((), "float32")
    first = record(step, [scalar], Carried())
    assert (first.carried.variables, first.is_complete) == ([count], False)
    outputs, values = first([jnp.float32(3)], ())
    assert (float(outputs[0]), float(values[0])) == (32.0, 16.0)

    again = record(step, [scalar], first.carried)
    assert again.is_complete
    outputs, values = again([jnp.float32(3)], (jnp.float32(2),))
    assert (float(outputs[0]), float(values[0])) == (34.0, 17.0)
    assert len(traced) == 2
    assert float(count) == 1.0


def test_a_recording_carries_seeds_and_losses():
    seed = deepkit.random.SeedGenerator(1)
    layer = deepkit.layers.Identity()

    def step():
        layer.add_loss(2.0)
        return [deepkit.random.uniform((), seed=seed)]

    recording = record(step, [], Carried())
    assert recording.carried.variables == [seed.state]
    assert recording.carried.owners == [layer]
    _, (state, total) = recording([], ())
    assert float(total) == 2.0
    np.testing.assert_array_equal(state, np.asarray(seed.state.value) + np.array([0, 1], "uint32"))


def test_variables_that_each_trace_makes_anew_are_refused():
    def step(carry, x):
        deepkit.Variable(0.0).assign(x)
        return carry, x

    with pytest.raises(StateError, match="it changes other variables. Make"):
        deepkit.ops.scan(step, 0.0, jnp.ones(3))
