"""Variables where arrays are expected: operators, functions, methods, transformations."""

import operator

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit import ops
from deepkit.tensors import StatelessScope, Variable

A, B = np.array([[3.0, 1.0], [2.0, 5.0]], "float32"), np.array([[2.0, 4.0], [1.0, 3.0]], "float32")
BINARY = {
    **{n: getattr(operator, n) for n in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow")},
    **{n: getattr(operator, n) for n in ("matmul", "lt", "le", "gt", "ge", "eq", "ne")},
    "divmod": divmod,
}
BITWISE = [operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift]
OTHERS = {
    "variable": Variable,
    "array": jnp.asarray,
    "numpy": lambda b: b,
    "number": lambda b: 2.0,
    "numpy number": lambda b: np.float32(2.0),
}


def check(found, expected):
    for part, wanted in zip(jax.tree.leaves(found), jax.tree.leaves(expected)):
        assert isinstance(part, jax.Array)
        # One rounding of float32: XLA and NumPy divide and raise to powers by other means.
        np.testing.assert_allclose(part, wanted, rtol=1e-6)


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("name", BINARY)
def test_operators_from_both_sides(name, kind):
    apply, other = BINARY[name], OTHERS[kind](B)
    plain = other.numpy() if kind == "variable" else np.asarray(other)
    if name == "matmul" and not plain.ndim:
        with pytest.raises(ValueError, match="must have ndim at least 1"):
            apply(Variable(A), other)
        return
    check(apply(Variable(A), other), apply(A, plain))
    check(apply(other, Variable(A)), apply(plain, A))


@pytest.mark.parametrize("apply", BITWISE, ids=lambda f: f.__name__)
def test_operators_of_bits(apply):
    a, b = np.array([6, 1], "int32"), np.array([3, 2], "int32")
    for other in (Variable(b), jnp.asarray(b), b):
        check(apply(Variable(a), other), apply(a, b))
        check(apply(other, Variable(a)), apply(b, a))
    check(apply(Variable(a), 3), apply(a, np.int32(3)))
    check(apply(3, Variable(a)), apply(np.int32(3), a))


def test_operators_of_one():
    variable = Variable(A - 2.5)
    for apply in (operator.neg, operator.pos, abs):
        check(apply(variable), apply(A - 2.5))
    check(~Variable([True, False]), np.array([False, True]))
    check(round(Variable([1.234, 2.5]), 1), np.array([1.2, 2.5]))


def test_conversions():
    number = Variable(3)
    assert (int(number), float(number), complex(number), bool(number)) == (3, 3.0, 3 + 0j, True)
    assert [10, 20, 30, 40][number] == 40
    assert list(range(number)) == [0, 1, 2]
    assert [row.tolist() for row in Variable(A)] == A.tolist()
    with pytest.raises(ValueError, match="truth value"):
        bool(Variable([1, 2]))
    array = np.asarray(Variable(A))
    assert (array.dtype, array.tolist()) == ("float32", A.tolist())
    assert np.asarray(Variable(A), dtype="float64").dtype == "float64"
    assert np.sum(Variable(A)) == 11
    np.testing.assert_array_equal(np.stack([Variable(A), Variable(B)]), [A, B])
    assert jnp.asarray(Variable(A)).dtype == "float32"


def test_indexing():
    variable, index = Variable(A), Variable([1, 0])
    check(variable[0], A[0])
    check(variable[:, 1], A[:, 1])
    check(variable[..., None], A[..., None])
    check(variable[index], A[[1, 0]])
    check(variable[index, 1], A[[1, 0], 1])
    check(variable[variable > 2], A[A > 2])
    check(jnp.asarray(A)[index.value], A[[1, 0]])
    with pytest.raises(TypeError, match="item assignment"):
        variable[0] = 1


METHODS = {
    "sum": lambda a: a.sum(axis=0),
    "T": lambda a: a.T,
    "reshape": lambda a: a.reshape(4),
    "astype": lambda a: a.astype("int32"),
    "mean": lambda a: a.mean(),
    "max": lambda a: a.max(1),
    "flatten": lambda a: a.flatten(),
    "tolist": lambda a: a.tolist(),
}


@pytest.mark.parametrize("name", METHODS)
def test_methods_of_arrays(name):
    np.testing.assert_allclose(METHODS[name](Variable(A)), METHODS[name](A), rtol=1e-6)


def test_other_attributes_are_errors():
    variable = Variable(A)
    check(variable.at[0, 0].set(9.0), np.array([[9, 1], [2, 5]]))
    for name in ("nonsense", "_private", "__nonsense__"):
        with pytest.raises(AttributeError, match=f"'Variable' object has no attribute '{name}'"):
            getattr(variable, name)


FUNCTIONS = {
    "dot": lambda v: jnp.dot(jnp.asarray(B), v),
    "einsum": lambda v: jnp.einsum("ij,jk->ik", v, B),
    "concatenate": lambda v: jnp.concatenate([v, B]),
    "where": lambda v: jnp.where(A > 2, v, 0.0),
    "take": lambda v: jnp.take(v, jnp.array([1]), axis=0),
    "clip": lambda v: jnp.clip(v, 1.5, 3),
    "softmax": jax.nn.softmax,
    "relu": lambda v: jax.nn.relu(v),
    "stop_gradient": jax.lax.stop_gradient,
    "jit": jax.jit(lambda v: v * 2),
    "vmap": jax.vmap(lambda row: row.sum()),
    "grad": jax.grad(lambda v: (v * v).sum()),
    "scan": lambda v: jax.lax.scan(lambda c, row: (c + row, c), jnp.zeros(2), v),
    "cond": lambda v: jax.lax.cond(True, lambda a: a * 1, lambda a: a, v),
    "ops": lambda v: ops.matmul(ops.stack([v, v]), v),
    "tree.map": lambda v: jax.tree.map(jnp.sum, [v, {"a": v}]),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_arrays(name):
    check(FUNCTIONS[name](Variable(A)), FUNCTIONS[name](jnp.asarray(A)))


def test_transformed_functions_get_arrays():
    seen = []

    @jax.jit
    def step(tree):
        seen.append(type(tree["v"]))
        return tree

    result = step({"v": Variable(A)})
    assert not issubclass(seen[0], Variable)
    assert isinstance(result["v"], jax.Array)
    assert isinstance(jax.grad(lambda v: jnp.sum(v * v))(Variable(A)), jax.Array)


def test_subclasses_are_arrays_to_jax_too():
    class Own(Variable):
        pass

    check(jnp.dot(Own(A), B), A @ B)


def test_a_variable_in_a_scope_is_the_scope_s_value():
    variable = Variable(A)

    @jax.jit
    def step(value):
        with StatelessScope([(variable, value)]):
            return jnp.dot(variable, B) + variable[0] + B @ variable

    check(step(B), B @ B + B[0] + B @ B)


def test_variables_are_themselves_in_sets_and_dicts():
    a, b = Variable([1.0, 1.0]), Variable([1.0, 1.0])
    assert {a: "a", b: "b"}[b] == "b"
    assert len({a, b, a}) == 2
    assert a in [a, b]
    assert deepkit.Variable is Variable
