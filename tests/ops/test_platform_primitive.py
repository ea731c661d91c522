"""Primitives with a form for each platform: what defines them can be looked at."""

import jax
import numpy as np
from jax.extend.core import jaxpr_as_fun

from deepkit import ops
from deepkit.ops._platform_primitive import definition_of

X = np.random.default_rng(0).normal(size=(2, 5, 5, 3)).astype("float32")
KERNEL = np.random.default_rng(1).normal(size=(3, 3, 3, 4)).astype("float32")


def steps(function):
    """The primitives of a program that are ours, with their definitions."""
    program = jax.make_jaxpr(function)(X)
    found = [(step, definition_of(step.primitive)) for step in program.eqns]
    return [(step, definition) for step, definition in found if definition is not None]


def test_the_definition_computes_what_the_primitive_does():
    for function in (lambda x: ops.max_pool(x, 2), lambda x: ops.conv(x, KERNEL)):
        ((step, definition),) = steps(function)
        program = definition(*(var.aval for var in step.invars), **step.params)
        operands = [X, KERNEL][: len(step.invars)]
        (found,) = jaxpr_as_fun(program)(*operands)
        # Sums of 27 products in another order.
        np.testing.assert_allclose(found, function(X), rtol=1e-5, atol=1e-5)


def test_primitives_of_jax_have_none():
    assert steps(lambda x: jax.lax.exp(x)) == []
