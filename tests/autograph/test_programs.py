"""Small programs: converted, eager and compiled, they give what plain Python gives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepkit.autograph import convert
from tests.autograph import programs

FLOATS = np.array([1.0, -2.0, 3.5, 4.0, -1.0, 9.0], "float32")
INTEGERS = np.array([5, 3, 9, 1, 1, -4, 8], "int32")

CASES = [
    (programs.collatz, (27,), (1,), (97,)),
    (programs.newton_sqrt, (2.0,), (100.0,), (0.25,)),
    (programs.fibonacci, (0,), (1,), (20,)),
    (programs.fizzbuzz, (0,), (15,), (47,)),
    (programs.gcd, (54, 24), (17, 5), (0, 3)),
    (programs.is_prime, (1,), (2,), (9,), (97,)),
    (programs.count_primes, (30,), (2,)),
    (programs.power, (3, 5), (2, 0), (7, 1)),
    (programs.digits, (0,), (90817,)),
    (programs.nested, (6, 5), (0, 3), (4, 0)),
    (programs.grade, (-1,), (5,), (12,), (50,)),
    (programs.between, (0,), (5,), (15,), (30,), (12,)),
    (programs.state_in_dict, (0,), (5,)),
    (programs.state_in_tuple, (0,), (7,)),
    (programs.interest, (50.0, 0.1), (50.0, 0.001)),
    (programs.matching, (0,), (1,), (2,), (101,), (7,)),
    (programs.walrus, (1,), (40,), (3,)),
    (programs.ternary_chain, (-9,), (0,), (3,), (8,)),
    (programs.return_in_nested_loops, (3,), (7,)),
    (programs.uses_helper, (0,), (6,)),
    (programs.closure, (1,), (3,), (9,)),
    (programs.changes_closure, (0,), (7,)),
    (programs.try_and_with, (1,), (5,)),
    (programs.truthy, (0,), (4,)),
    (programs.chained_call, (3,), (7,)),
    (programs.late_binding, (5,)),
    (programs.functions_in_loops, (0,), (6,)),
    (programs.zipped_ranges, (0,), (5,)),
    (programs.ranges_of_ops, (0,), (1,), (6,)),
    (programs.bubble_sort, (jnp.asarray(INTEGERS),), (jnp.asarray(FLOATS),)),
    (programs.sieve, (jnp.ones(50, bool),)),
    (programs.first_above, (jnp.asarray(FLOATS), 3.0), (jnp.asarray(FLOATS), 50.0)),
    (programs.skip_negative, (jnp.asarray(FLOATS),), (jnp.asarray(-FLOATS),)),
    (programs.beam, (jnp.asarray(FLOATS).reshape(3, 2),)),
    (programs.search, (jnp.asarray(INTEGERS), 9), (jnp.asarray(INTEGERS), 77)),
]
ROWS = [
    pytest.param(function, arguments, id=f"{function.__name__}-{index}")
    for function, *several in CASES
    for index, arguments in enumerate(several)
]


def assert_same(result, expected):
    assert jax.tree.structure(result) == jax.tree.structure(expected)
    for one, other in zip(jax.tree.leaves(result), jax.tree.leaves(expected)):
        np.testing.assert_allclose(np.asarray(one), np.asarray(other), rtol=1e-5)


@pytest.mark.parametrize(("function", "arguments"), ROWS)
def test_compiled_code_gives_what_python_gives(function, arguments):
    assert_same(jax.jit(convert(function))(*arguments), function(*arguments))


@pytest.mark.parametrize(("function", "arguments"), ROWS)
def test_eager_code_gives_what_python_gives(function, arguments):
    result = convert(function)(*arguments)
    assert_same(result, function(*arguments))
    assert jax.tree.map(type, result) == jax.tree.map(type, function(*arguments))


@pytest.mark.parametrize("function", [programs.collatz, programs.grade, programs.digits])
def test_rows_of_a_batch_take_ways_of_their_own(function):
    rows = [1, 3, 12, 27]
    result = jax.vmap(convert(function))(jnp.asarray(rows))
    expected = [function(row) for row in rows]
    np.testing.assert_array_equal(jnp.stack(jax.tree.leaves(result), -1).squeeze(), expected)


COMPILED = {
    function: jax.jit(convert(function))
    for function in (programs.collatz, programs.gcd, programs.nested, programs.power)
}


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 500))
def test_collatz_of_any_number(n):
    assert COMPILED[programs.collatz](n) == programs.collatz(n)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 300), st.integers(0, 300))
def test_greatest_common_divisor_of_any_numbers(a, b):
    assert COMPILED[programs.gcd](a, b) == programs.gcd(a, b)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 12), st.integers(0, 12))
def test_nested_loops_of_any_size(n, m):
    assert COMPILED[programs.nested](n, m) == programs.nested(n, m)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(-50, 50), min_size=6, max_size=6))
def test_bubble_sort_of_any_numbers(numbers):
    result = jax.jit(convert(programs.bubble_sort))(jnp.asarray(numbers))
    np.testing.assert_array_equal(result, sorted(numbers))
