"""Products with kernels equal those of `jax.numpy`, in value and in gradient."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deepkit import ops
from deepkit.ops._matrix_product import _axes_that_meet, einsum_product, matrix_product

RNG = np.random.default_rng(0)
SIZES = dict(zip("abcdefz", (2, 3, 4, 5, 6, 7, 2)))

# Equations, and how many axes meet in a form that two matrices can take.
EQUATIONS = {
    "abc,cd->abd": 1,
    "abc,cde->abde": 1,
    "abcd,cde->abe": 2,
    "...c,cd->...d": 1,
    "ab,bc->ac": 1,
    "abc,cd->adb": 0,
    "abc,bd->acd": 0,
    "abc,dc->abd": 0,
    "abc,abd->acd": 0,
    "abc,cd->bd": 0,
    "abc,cd": 0,
    "abc,de->abcde": 0,
    "abcd,dce->abe": 0,
}


def operand(term):
    return jnp.asarray(RNG.normal(size=[SIZES[c] for c in term.replace("...", "ab")]), "float32")


def check(function, plain, *operands):
    weights = jnp.cos(jnp.arange(plain(*operands).size, dtype="float32"))

    def total(run):
        return lambda *args: jnp.sum(run(*args).ravel() * weights)

    places = tuple(range(len(operands)))
    actual = jax.value_and_grad(total(function), argnums=places)(*operands)
    expected = jax.value_and_grad(total(plain), argnums=places)(*operands)
    np.testing.assert_array_equal(function(*operands).shape, plain(*operands).shape)
    for a, e in zip(jax.tree.leaves(actual), jax.tree.leaves(expected)):
        # Sums of at most some hundred products of float32, in another order.
        np.testing.assert_allclose(a, e, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("equation", EQUATIONS)
def test_einsum(equation):
    operands = [operand(term) for term in equation.split("->")[0].split(",")]
    assert _axes_that_meet(equation) == EQUATIONS[equation]
    for function in (einsum_product, ops.einsum):
        check(
            lambda *x, f=function: f(equation, *x), lambda *x: jnp.einsum(equation, *x), *operands
        )


@pytest.mark.parametrize("shapes", ["abc,cd", "abcd,de", "bc,cd", "c,cd", "abc,acd", "abc,c"])
def test_matmul(shapes):
    operands = [operand(term) for term in shapes.split(",")]
    for function in (matrix_product, ops.matmul):
        check(function, jnp.matmul, *operands)


def test_the_gradient_of_a_kernel_is_a_product_of_matrices():
    def loss(kernel, x):
        return jnp.sum(ops.matmul(x, kernel) ** 2)

    jaxpr = jax.make_jaxpr(jax.grad(loss))(operand("cd"), operand("abc"))
    ranks = {v.aval.ndim for e in jaxpr.eqns if e.primitive.name == "dot_general" for v in e.invars}
    assert ranks == {2}


def test_sizes_that_do_not_fit_are_told_as_ever():
    with pytest.raises(TypeError, match="contracting dimensions"):
        matrix_product(operand("abc"), operand("bc"))
    with pytest.raises((TypeError, ValueError)):
        einsum_product("abc,cd->abd", operand("abc"), operand("bd"))


def test_no_rows():
    assert matrix_product(jnp.zeros((0, 3, 4)), operand("cd")).shape == (0, 3, 5)
    assert einsum_product("abc,cd->abd", jnp.zeros((0, 3, 4)), operand("cd")).shape == (0, 3, 5)
