"""Gradients of compiled loops and branches, against JAX by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deepkit import errors
from deepkit.autograph import convert, experimental, set_loop_options


def cell(x, h, w):
    return jnp.tanh(h * w + x)


def recurrent(xs, w):
    h = 0.0
    for x in xs:
        h = cell(x, h, w)
    return h


XS = jnp.asarray(np.linspace(-1, 1, 7), "float32")


def test_a_for_over_a_tensor_is_a_scan_with_gradients():
    def by_hand(xs, w):
        return jax.lax.scan(lambda h, x: (cell(x, h, w), None), jnp.float32(0), xs)[0]

    converted = jax.jit(convert(recurrent))
    assert " scan[" in str(jax.make_jaxpr(converted)(XS, 0.5))
    for argnum in (0, 1):
        np.testing.assert_allclose(
            jax.grad(converted, argnum)(XS, 0.5),
            jax.grad(by_hand, argnum)(XS, jnp.float32(0.5)),
            rtol=1e-6,
        )


def test_a_for_with_break_has_gradients():
    def total(xs, w):
        result = 0.0
        for x in xs:
            if x > 3:
                break
            result += w * x * x
        return result

    xs = jnp.asarray([1.0, 2.0, 5.0, 1.0])
    gradient = jax.jit(jax.grad(convert(total), (0, 1)))(xs, 2.0)
    np.testing.assert_allclose(gradient[0], [4.0, 8.0, 0.0, 0.0])
    assert gradient[1] == 5.0


def bounded(x):
    y = x
    while y < 100.0:
        set_loop_options(maximum_iterations=20)
        y = y * x
    return y


def unbounded(x):
    y = x
    while y < 100.0:
        y = y * x
    return y


def test_a_while_with_maximum_iterations_has_gradients():
    # 3 ** 5 is the first power of 3 above 100.
    assert jax.jit(convert(bounded))(3.0) == 243.0
    np.testing.assert_allclose(jax.jit(jax.grad(convert(bounded)))(3.0), 5 * 3.0**4, rtol=1e-6)


def test_maximum_iterations_limits_the_turns():
    def count(n):
        turns = 0
        while n > 0:
            experimental.set_loop_options(maximum_iterations=4)
            n -= 1
            turns += 1
        return turns

    assert [int(jax.jit(convert(count))(n)) for n in (2, 4, 9)] == [2, 4, 4]


def test_turns_after_the_end_give_no_nan():
    def root(x):
        left, turns = x, 0
        while left > 0.5:
            set_loop_options(maximum_iterations=10)
            left = jnp.sqrt(left - 0.5) * 0.5
            turns += 1
        return left

    # After the end `left - 0.5` is negative, whose root is NaN.
    f = convert(root)
    expected = 0.25 / np.sqrt(0.5)
    np.testing.assert_allclose(jax.jit(jax.grad(f))(1.0), expected, rtol=1e-6)
    rows = jax.jit(jax.vmap(jax.grad(f)))(jnp.asarray([1.0, 1.2, 9.0]))
    assert np.isfinite(rows).all()
    np.testing.assert_allclose(rows[0], expected, rtol=1e-6)


def test_a_while_without_a_bound_names_itself_where_a_gradient_is_asked_for():
    line = unbounded.__code__.co_firstlineno + 2
    message = rf"test_gradients.py:{line}: a gradient in reverse .* `while`.*maximum_iterations"
    with pytest.raises(errors.GradientError, match=message):
        jax.jit(jax.grad(convert(unbounded)))(3.0)
    with pytest.raises(errors.GradientError, match=message):
        jax.vmap(jax.grad(convert(unbounded)))(jnp.asarray([2.0, 3.0]))


def test_a_while_without_a_bound_has_forward_derivatives():
    f = jax.jit(convert(unbounded))
    value, slope = jax.jvp(f, (3.0,), (1.0,))
    np.testing.assert_allclose((value, slope), (243.0, 405.0), rtol=1e-6)
    np.testing.assert_allclose(jax.jacfwd(f)(3.0), 405.0, rtol=1e-6)
    rows = jax.vmap(jax.jacfwd(f))(jnp.asarray([2.0, 3.0]))
    np.testing.assert_allclose(rows, [7 * 2.0**6, 405.0], rtol=1e-6)


def test_gradients_pass_by_a_loop_over_integers():
    def scaled(x, n):
        steps = 0
        while n > 1:
            n = n // 2
            steps += 1
        return x * x * steps

    assert jax.jit(jax.grad(convert(scaled)))(3.0, 16) == 24.0


def test_a_range_to_a_traced_bound_needs_maximum_iterations_for_gradients():
    def power(x, n):
        y = 1.0
        for _ in range(n):
            y = y * x
        return y

    def bounded_power(x, n):
        y = 1.0
        for _ in range(n):
            set_loop_options(maximum_iterations=8)
            y = y * x
        return y

    assert jax.jit(convert(power))(2.0, 5) == 32.0
    assert jax.jit(jax.grad(convert(bounded_power)))(2.0, 5) == 80.0
    with pytest.raises(errors.GradientError, match="through this `for`"):
        jax.jit(jax.grad(convert(power)))(2.0, 5)


def test_gradients_go_through_the_branch_that_is_taken():
    def bent(x):
        if x > 0:
            return x**3
        return -2 * x

    gradient = jax.jit(jax.grad(convert(bent)))
    assert (gradient(2.0), gradient(-2.0)) == (12.0, -2.0)
    rows = jax.jit(jax.vmap(jax.grad(convert(bent))))(jnp.asarray([2.0, -2.0]))
    np.testing.assert_array_equal(rows, [12.0, -2.0])


def test_eager_gradients_run_python():
    assert jax.grad(convert(unbounded))(3.0) == 405.0


@pytest.mark.parametrize("limit", [-1, 2.5])
def test_maximum_iterations_is_checked(limit):
    def f(x):
        while x < 3:
            set_loop_options(maximum_iterations=limit)
            x += 1
        return x

    with pytest.raises(errors.ArgumentError, match="`maximum_iterations` to be a whole number"):
        jax.jit(convert(f))(1)


def test_nested_loops_have_gradients():
    def f(x):
        total = 0.0
        for row in x:
            part = 1.0
            for item in row:
                part = part * item
            total += part
        return total

    x = jnp.asarray([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_allclose(jax.jit(jax.grad(convert(f)))(x), [[2, 1], [4, 3]])


def test_other_options_are_accepted():
    def f(n):
        total = 0
        for i in range(n):
            set_loop_options(parallel_iterations=5, swap_memory=True, shape_invariants=[])
            total += i
        return total

    assert jax.jit(convert(f))(4) == 6
    assert set_loop_options(maximum_iterations=3) is None
