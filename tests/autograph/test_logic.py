"""`and`, `or`, `not` and chains of comparisons: what Python gives, known or traced."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deepkit import errors
from deepkit.autograph import convert


def logic(a, b):
    return a and b, a or b, not a, not (a and not b), (a or b) and not (a and b)


def chains(a, b, c):
    return a < b < c, a <= b == c, a != b > c, not a < b < c


VALUES = [True, False]


@pytest.mark.parametrize("static", [(), (0,), (1,)])
def test_booleans(static):
    f = jax.jit(convert(logic), static_argnums=static)
    for a, b in itertools.product(VALUES, VALUES):
        assert tuple(map(bool, f(a, b))) == logic(a, b)


@pytest.mark.parametrize("static", [(), (0,), (1,), (0, 2)])
def test_chains(static):
    f = jax.jit(convert(chains), static_argnums=static)
    for numbers in itertools.product((1, 2, 3), repeat=3):
        assert tuple(map(bool, f(*numbers))) == chains(*numbers)


def test_operands_are_results():
    def f(a, b):
        return a or b, a and b

    g = jax.jit(convert(f))
    for a, b in itertools.product((0, 3), (0, 5)):
        assert tuple(map(int, g(a, b))) == f(a, b)


def test_a_known_operand_decides_alone():
    def f(x, known):
        return known and x < 1 / 0, known or x > 1

    first, second = jax.jit(convert(f), static_argnums=1)(2.0, False)
    assert (first, bool(second)) == (False, True)


def test_a_known_operand_decides_after_a_traced_one():
    def f(x, limit=None):
        if x > 0 and limit is not None and x > limit:
            return x
        if x < 0 or limit is None:
            return -x
        return 0 * x

    assert jax.jit(convert(f))(2.0) == -2.0
    assert [float(jax.jit(convert(f))(2.0, limit)) for limit in (1.0, 3.0)] == [2.0, 0.0]


def test_other_comparisons_in_chains():
    def f(x, items):
        return 1 < x in items, x is x is not None, 0 < x not in items

    assert convert(f)(2, [2, 3]) == (True, True, False)


def test_several_truths_are_refused():
    def f(x):
        return x > 0 and x < 1

    with pytest.raises(errors.ShapeError, match="the condition of `and` to be one truth value"):
        jax.jit(convert(f))(jnp.ones(2))


def test_python_arrays_are_left_to_numpy():
    def f(x):
        return not x.any() and x.sum() > 1

    assert not convert(f)(np.ones(3))


def test_numbers_are_promoted_in_branches():
    def f(x, y):
        a = y if x > 0 else 0
        b = 1 if x > 0 else 0.5
        c = True if x > 0 else 2
        return a, b, c

    for x in (1.0, -1.0):
        a, b, c = jax.jit(convert(f))(x, jnp.float32(2.5))
        assert (a.dtype, b.dtype, c.dtype) == ("float32", "float32", "int32")
        assert (float(a), float(b), int(c)) == f(x, 2.5)


def test_what_both_branches_leave_alone_stays_python():
    def f(x):
        sizes = [2, 3]
        mode = "same"
        if x > 0:
            mode, count, sizes = "same", 2, [2, 3]
        else:
            count = 2
        for _ in range(count):
            x = x * sizes[0]
        return x if mode == "same" else None

    assert jax.jit(convert(f))(1.0) == 4.0


def test_a_strong_integer_gives_way_to_a_float_number():
    def f(x, n):
        return n if x > 0 else 0.5

    result = jax.jit(convert(f))(-1.0, jnp.int32(3))
    assert (result, result.dtype) == (0.5, "float32")


def test_total_starts_as_an_integer():
    def f(xs):
        total = 0
        for x in xs:
            total += x
        return total

    result = jax.jit(convert(f))(jnp.asarray([0.5, 1.0], "float16"))
    assert (result, result.dtype) == (1.5, "float16")


def test_half_precision_is_kept_beside_python_numbers():
    def f(x, n):
        scale = 1.0
        while n > 0:
            scale = scale * 0.5
            x = x * scale
            n -= 1
        return x

    result = jax.jit(convert(f))(jnp.asarray(8.0, "bfloat16"), 2)
    assert (float(result), result.dtype) == (1.0, "bfloat16")
