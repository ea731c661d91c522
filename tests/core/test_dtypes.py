"""Names of dtypes, and the dtype in which several meet, beside Keras."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deepkit import backend, config, errors
from deepkit.core import dtypes
from tests.oracle import keras, oracle

SPELLINGS = [
    *(None, "float32", "bfloat16", "string", "int", float, int, str, bool, complex),
    *(np.float64, np.int32, np.bool_, np.dtype("int16"), np.dtype("bool"), np.dtype("complex64")),
    *(jnp.bfloat16, jnp.float32, jnp.dtype("bfloat16"), jnp.float8_e5m2, jnp.ones(2).dtype),
]


@pytest.mark.parametrize("dtype", SPELLINGS, ids=str)
def test_names_are_keras_s(dtype):
    with oracle():
        expected = keras.backend.standardize_dtype(dtype)
    assert backend.standardize_dtype(dtype) == expected


class Foreign:
    """A dtype of another library."""

    def __init__(self, text, name=None):
        self.text = text
        if name is not None:
            self.name = name

    def __repr__(self):
        return self.text


def test_dtypes_of_other_libraries_have_the_same_names():
    assert dtypes.standardize_dtype(Foreign("torch.float16")) == "float16"
    assert dtypes.standardize_dtype(Foreign("<dtype: 'float64'>", "float64")) == "float64"


@pytest.mark.parametrize(
    ("dtype", "text"),
    [
        ("float99", r"received 'float99'\. Did you mean 'float.*'\?"),
        ("flaot32", "Did you mean 'float32'"),
        ("float", "received 'float'"),
        (3, "received 3"),
        ([1], r"received \[1\]"),
        (np.dtype("<U3"), "received dtype"),
        (np.dtype(object), "received dtype"),
        (b"float32", "received b'float32'"),
    ],
)
def test_other_things_are_no_dtypes(dtype, text):
    with pytest.raises(errors.DTypeError, match=text):
        dtypes.standardize_dtype(dtype)


def test_kinds_of_dtypes():
    floats = {name for name in dtypes.ALLOWED_DTYPES if dtypes.is_float(name)}
    ints = {name for name in dtypes.ALLOWED_DTYPES if dtypes.is_int(name)}
    assert floats == {n for n in dtypes.ALLOWED_DTYPES if "float" in n}
    assert ints == {n for n in dtypes.ALLOWED_DTYPES if "int" in n}
    assert backend.is_float_dtype("bfloat16")
    assert not backend.is_int_dtype("bool")


MEMBERS = [
    *("bool", "uint8", "uint16", "uint32", "int8", "int16", "int32", "int64"),
    *("bfloat16", "float16", "float32", "float64", "complex64", "complex128", int, float, None),
]


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_dtypes_meet_as_in_keras(count):
    differing = []
    members = MEMBERS if count < 3 else ["uint8", "int16", "int64", "bfloat16", "float16", float]
    for combination in itertools.product(members, repeat=count):
        with oracle():
            expected = keras.backend.result_type(*combination)
        found = backend.result_type(*combination)
        if found != expected:
            differing.append((combination, found, expected))
    assert differing == []


def test_wide_unsigned_integers_stay_integers():
    """Keras makes them float32, as JAX does with 64 bits; without those JAX gives int32."""
    assert dtypes.result_type("uint64", "int8") == "int32"


def test_a_weak_float_among_integers_is_floatx():
    try:
        config.set_floatx("bfloat16")
        assert dtypes.result_type("int32", float) == "bfloat16"
        assert dtypes.result_type(int, float) == "bfloat16"
        assert dtypes.result_type("float32", float) == "float32"
        assert dtypes.result_type() == "bfloat16"
    finally:
        config.set_floatx("float32")


@pytest.mark.parametrize(
    ("members", "text"),
    [
        (("float8_e4m3fn", "float32"), "in which float32, float8_e4m3fn meet"),
        (("float8_e4m3fn", int), "in which Python's int, float8_e4m3fn meet"),
        (("string", "int32"), "in which int32, string meet. Cast them"),
    ],
)
def test_some_dtypes_do_not_meet(members, text):
    with pytest.raises(errors.DTypeError, match=text):
        dtypes.result_type(*members)
    assert dtypes.result_type(members[0], members[0]) == members[0]


def test_64_bits_are_narrowed_unless_they_are_allowed():
    wide = ("float64", "int64", "uint64", "complex128")
    narrow = ["float32", "int32", "uint32", "complex64"]
    assert [dtypes.canonicalize_dtype(name) for name in wide] == narrow
    assert dtypes.result_type("int64", "float64") == "float32"
    before = jax.config.jax_explicit_x64_dtypes
    try:
        jax.config.update("jax_explicit_x64_dtypes", "allow")
        assert [dtypes.canonicalize_dtype(name) for name in wide] == list(wide)
        assert dtypes.result_type("int64", "float64") == "float64"
        assert dtypes.result_type("int64", float) == "float32"
    finally:
        jax.config.update("jax_explicit_x64_dtypes", before.name.lower())
    with jax.enable_x64(True):
        assert [dtypes.canonicalize_dtype(name) for name in wide] == list(wide)
