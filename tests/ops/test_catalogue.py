"""Every op against Keras: values, dtypes, gradients, and shapes of symbols."""

import inspect
import operator

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deepkit import ops
from deepkit.tensors import KerasTensor, Variable
from tests.ops import catalogue
from tests.oracle import keras, oracle

ROWS = catalogue.ROWS_OF_ALL
# Covered by tests of their own.
ELSEWHERE = """
    associative_scan cond convert_to_numpy custom_gradient dtype empty empty_like fori_loop
    is_tensor jvp linalg.jvp map ndim scan shape size switch vectorize vectorized_map while_loop
    image.elastic_transform
"""


# Programs this small run once: compiling them well would take longer than all else.
_QUICK = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


def call(module, row, *, replace=lambda x: x):
    function = operator.attrgetter(row.name)(module)
    return function(*replace_arrays(row.args, replace), **row.kwargs)


def replace_arrays(value, replace):
    if isinstance(value, np.ndarray):
        return replace(value)
    if isinstance(value, tuple | list):
        return type(value)(replace_arrays(part, replace) for part in value)
    return value


def arrays_of(row):
    found = []
    replace_arrays(row.args, found.append)
    return found


def run(module, row):
    """The results of an op, and the gradients of a weighted sum of them where the row wants it."""
    if not row.symbolic:
        return jax.tree.leaves(call(module, row, replace=jnp.asarray)), []
    arrays = arrays_of(row)
    floats = [x for x in arrays if x.dtype == "float32"] if row.gradient else []

    def total(floats):
        given = iter(floats)
        wanted = [next(given) if row.gradient and x.dtype == "float32" else x for x in arrays]
        arguments = iter([jnp.asarray(x) for x in wanted])
        results = jax.tree.leaves(call(module, row, replace=lambda _: next(arguments)))
        summed = [x for x in results if row.gradient and jnp.issubdtype(x.dtype, jnp.floating)]
        assert bool(summed) == row.gradient
        return sum(jnp.sum(x.astype("float32") * weights(x)) for x in summed) + 0.0, results

    def program(floats):
        gradients, results = jax.grad(total, has_aux=True)(floats)
        return results, gradients

    return jax.jit(program, compiler_options=_QUICK)(floats)


def assert_same(actual, expected, tolerance):
    assert len(actual) == len(expected)
    for a, e in zip(actual, expected):
        assert isinstance(a, jax.Array)
        assert a.dtype == e.dtype
        a, e = (np.asarray(x, "complex64" if jnp.iscomplexobj(x) else "float32") for x in (a, e))
        np.testing.assert_allclose(a, e, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_values_dtypes_and_gradients(row):
    with oracle():
        expected, expected_gradients = run(keras.ops, row)
    actual, gradients = run(ops, row)
    assert_same(actual, expected, row.tolerance)
    # Gradients add up as many terms as there are outputs: ten steps more than the values.
    assert_same(gradients, expected_gradients, 10 * row.tolerance)


@pytest.mark.parametrize("row", [row for row in ROWS if row.eager], ids=str)
def test_variables_numpy_and_lists_run_eagerly(row):
    expected = jax.tree.leaves(call(ops, row, replace=jnp.asarray))
    for replace in (Variable, lambda x: x, lambda x: x.tolist()):
        assert_same(jax.tree.leaves(call(ops, row, replace=replace)), expected, row.tolerance)


def weights(x):
    """Different numbers, so that misplaced gradients do not cancel."""
    return np.cos(np.arange(x.size, dtype="float32")).reshape(x.shape)


def symbol(x, *, unknown):
    return KerasTensor((None, *x.shape[1:]) if unknown and x.ndim else x.shape, x.dtype.name)


def specs(result):
    return [(tuple(leaf.shape), str(leaf.dtype)) for leaf in jax.tree.leaves(result)]


@pytest.mark.parametrize("row", [row for row in ROWS if row.symbolic], ids=str)
def test_symbols_know_the_shape(row):
    concrete = specs(jax.eval_shape(lambda: call(ops, row)))
    known = call(ops, row, replace=lambda x: symbol(x, unknown=False))
    assert all(isinstance(leaf, KerasTensor) for leaf in jax.tree.leaves(known))
    assert specs(known) == concrete
    if row.unknown:
        partly = specs(call(ops, row, replace=lambda x: symbol(x, unknown=True)))
        for (shape, dtype), (concrete_shape, concrete_dtype) in zip(partly, concrete, strict=True):
            assert dtype == concrete_dtype
            assert len(shape) == len(concrete_shape)
            assert all(a in (None, b) for a, b in zip(shape, concrete_shape))


def names_in(module):
    return {name for name in dir(module) if inspect.isfunction(getattr(module, name))}


def api():
    names = names_in(keras.ops)
    for part in ("numpy", "linalg", "image", "nn"):
        names |= {f"{part}.{name}" for name in names_in(getattr(keras.ops, part))}
    return sorted(names)


def signature(module, name):
    found = inspect.signature(operator.attrgetter(name)(module))
    plain = [p.replace(annotation=inspect.Parameter.empty) for p in found.parameters.values()]
    return found.replace(parameters=plain, return_annotation=inspect.Signature.empty)


@pytest.mark.parametrize("name", api())
def test_signatures_are_those_of_keras(name):
    assert signature(ops, name) == signature(keras.ops, name)


def test_every_op_has_a_row():
    rows = {row.name for row in ROWS} | set(ELSEWHERE.split())
    rows |= {name.removeprefix("linalg.") for name in rows}
    networks = names_in(keras.ops.nn)
    wanted = {name.removeprefix("numpy.") for name in api() if not name.startswith("nn.")}
    assert wanted - networks - rows == set()
