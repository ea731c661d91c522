"""Dtypes: what results when several meet, next to Keras, and the strict setting."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deepkit import ops
from deepkit.core import config
from deepkit.core.errors import DTypeError
from deepkit.tensors import KerasTensor
from tests.oracle import keras, oracle

DTYPES = ("bool", "int8", "uint8", "int32", "uint32", "float16", "bfloat16", "float32")
UNARY = """
    abs negative sign square exp log sqrt rsqrt sin arctan tanh floor ceil round trunc erf cbrt
    reciprocal expm1 log1p log2 deg2rad sinc i0 sum mean var std max prod cumsum cumprod any
    argmax median norm isnan logical_not sort ravel zeros_like count_nonzero diff trace
    transpose average nansum angle
"""
BINARY = """
    add subtract multiply divide maximum minimum floor_divide mod power equal less logical_and
    arctan2 logaddexp hypot matmul dot outer append vdot
"""


def dtype_of(function, *dtypes, shape=(2, 2)):
    return jax.eval_shape(function, *(jax.ShapeDtypeStruct(shape, dtype) for dtype in dtypes)).dtype


def keras_dtype_of(function, *dtypes):
    with oracle():
        return dtype_of(function, *dtypes)


@pytest.mark.parametrize("name", UNARY.split())
def test_one_argument(name):
    for dtype in DTYPES:
        try:
            expected = keras_dtype_of(getattr(keras.ops, name), dtype)
        except (TypeError, ValueError):
            continue
        assert dtype_of(getattr(ops, name), dtype) == expected, dtype


@pytest.mark.parametrize("name", BINARY.split())
def test_two_arguments(name):
    for dtypes in itertools.product(DTYPES, repeat=2):
        try:
            expected = keras_dtype_of(getattr(keras.ops, name), *dtypes)
        except (TypeError, ValueError):
            continue
        assert dtype_of(getattr(ops, name), *dtypes) == expected, dtypes
        assert getattr(ops, name)(*(KerasTensor((2, 2), d) for d in dtypes)).dtype == expected


@pytest.mark.parametrize("name", ["add", "multiply", "maximum", "greater", "divide"])
@pytest.mark.parametrize("number", [2, 2.5, True])
def test_python_numbers_follow_the_array(name, number):
    for dtype in DTYPES:
        expected = keras_dtype_of(functools.partial(getattr(keras.ops, name), x2=number), dtype)
        actual = dtype_of(functools.partial(getattr(ops, name), x2=number), dtype)
        assert actual == expected, dtype


@pytest.mark.parametrize("name", ["concatenate", "stack", "hstack"])
def test_joined_arrays_meet(name):
    joined = getattr(ops, name)([np.ones(2, "int32"), np.ones(2, "float16")])
    assert joined.dtype == "float16"


@pytest.fixture
def strict():
    config.set_dtype_promotion("strict")
    yield
    config.set_dtype_promotion("standard")


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize(
    ("first", "second", "names"),
    [
        (np.ones(2, "float32"), np.ones(2, "int32"), "float32 and int32"),
        (np.ones(2, "int8"), np.ones(2, "int32"), "int8 and int32"),
        (np.ones(2, "int32"), 1.5, "int32 and a Python float"),
        (np.ones(2, "bool"), 1, "bool and a Python int"),
    ],
)
def test_strict_promotion_refuses_mixed_dtypes(first, second, names):
    with pytest.raises(DTypeError, match=f"received {names}. Convert them first.*`ops.cast"):
        ops.add(first, second)


@pytest.mark.usefixtures("strict")
def test_strict_promotion_takes_python_numbers_that_fit():
    assert ops.add(np.ones(2, "int8"), 1).dtype == "int8"
    assert ops.multiply(np.ones(2, "float16"), 2).dtype == "float16"
    assert ops.multiply(jnp.ones(2, "bfloat16"), 2.5).dtype == "bfloat16"
    assert ops.add(1, 2.5).dtype == "float32"


@pytest.fixture
def half():
    config.set_floatx("float16")
    yield
    config.set_floatx("float32")


@pytest.mark.usefixtures("half")
@pytest.mark.parametrize(
    "name", ["exp", "mean", "sqrt", "var", "divide", "zeros", "eye", "linspace"]
)
def test_integers_become_floatx(name):
    integers = np.ones(3, "int32")
    result = {
        "divide": lambda: ops.divide(integers, 2),
        "zeros": lambda: ops.zeros(3),
        "eye": lambda: ops.eye(3),
        "linspace": lambda: ops.linspace(0, 1, 3),
    }.get(name, lambda: getattr(ops, name)(integers))()
    assert result.dtype == "float16"


def test_means_of_half_precision_do_not_overflow():
    large = np.full(200, 1000.0, "float16")
    assert ops.mean(large) == 1000.0
    assert ops.std(large) == 0.0
    assert ops.mean(large).dtype == "float16"


def test_numbers_out_of_range_act_as_in_jax():
    assert ops.add(np.array([1, 3], "uint8"), -1).tolist() == [0, 2]
    assert ops.add(np.ones(1, "float16"), 1e10).tolist() == [float("inf")]


def test_numbers_follow_64_bits_that_are_allowed_explicitly():
    before = jax.config.jax_explicit_x64_dtypes
    jax.config.update("jax_explicit_x64_dtypes", "allow")
    try:
        x = jnp.asarray([1.0], dtype="float64")
        assert ops.add(x, 2.5).dtype == "float64"
        # 0.1 in float32 is off by 1.5e-9.
        assert float(ops.multiply(x, 0.1)[0]) == 0.1
    finally:
        jax.config.update("jax_explicit_x64_dtypes", before.name.lower())
