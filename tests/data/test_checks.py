"""What data is accepted, how it is narrowed, and what the errors say."""

import collections

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deepkit.core import config
from deepkit.core.errors import ArgumentError, DataError
from deepkit.data import check_data, check_finite


class FakeTensor:
    """What PyTorch's tensors offer: a detour by `detach` and `cpu`."""

    def __init__(self, array):
        self._array = array

    def detach(self):
        return self

    def cpu(self):
        return self._array


class FakeFrame:
    """What data frames and series offer."""

    def __init__(self, array):
        self._array = array

    def to_numpy(self):
        return self._array


class FakeSparse:
    def toarray(self):
        return np.eye(2)


ACCEPTED = {
    "numpy": np.array([1.0, 2.0], "float32"),
    "jax": jnp.array([1.0, 2.0]),
    "list": [1.0, 2.0],
    "tuple": (1.0, 2.0),
    "tensor": FakeTensor(np.array([1.0, 2.0], "float32")),
    "frame": FakeFrame(np.array([1.0, 2.0])),
    "big endian": np.array([1.0, 2.0], ">f4"),
    "list of NumPy scalars": [np.float32(1), np.float32(2)],
}


@pytest.mark.parametrize("kind", ACCEPTED)
def test_array_kinds(kind):
    x, y, sample_weight = check_data(ACCEPTED[kind])
    assert x.dtype == np.float32 and x.dtype.isnative
    assert np.array_equal(x, [1.0, 2.0])
    assert y is None and sample_weight is None


def test_jax_arrays_stay_on_their_device():
    array = jnp.ones((2, 3))
    assert check_data(array)[0] is array


NARROWED = {
    "float64": "float32",
    "int64": "int32",
    "uint64": "uint32",
    "uint8": "uint8",
    "int16": "int16",
    "float16": "float16",
    "float32": "float32",
    "bool": "bool",
    jnp.bfloat16: "bfloat16",
}


@pytest.mark.parametrize("dtype", NARROWED)
def test_narrowing(dtype):
    array = np.array([0, 1], dtype)
    x, _, _ = check_data(array)
    assert x.dtype.name == NARROWED[dtype]
    assert np.array_equal(x.astype("float32"), [0, 1])


def test_floats_narrow_to_floatx():
    config.set_floatx("float16")
    try:
        assert check_data(np.ones(2))[0].dtype == np.float16
    finally:
        config.set_floatx("float32")


def test_integers_stay_in_x64_mode():
    with jax.enable_x64(True):
        assert check_data(np.array([2**40]))[0].dtype == np.int64


def test_structures_are_kept():
    Pair = collections.namedtuple("Pair", "left right")
    data = {"b": [[1, 2], [3, 4]], "a": (np.ones((2, 1)), None), "c": Pair(np.ones(2), np.zeros(2))}
    x, _, _ = check_data(data)
    assert list(x) == ["b", "a", "c"]
    assert x["b"].shape == (2, 2)
    assert x["a"][1] is None
    assert isinstance(x["c"], Pair) and x["c"].right.tolist() == [0, 0]


REFUSED = {
    "none": ((None,), "Expected x to be data, received None."),
    "only nones": (([None],), "Expected x to hold at least one array, received none."),
    "scalar": (
        (np.float32(3),),
        "Expected x to have a first axis that counts samples, received a scalar. "
        "A single sample becomes a batch of one by `[None]`",
    ),
    "object": (
        (np.array([[1, "secret"]], object),),
        "Expected x to hold numbers, received dtype object, with a str at [0, 1].",
    ),
    "object of numbers": (
        (np.array([1, 2], object),),
        "Expected x to hold numbers, received dtype object. Choose a dtype with "
        "`.astype('float32')`.",
    ),
    "none in a list": (
        ([1.0, None],),
        "Expected x to hold numbers, received dtype object, with a NoneType at [1].",
    ),
    "text": (
        (np.ones(2), ["secret", "b"]),
        "Expected y to hold real numbers, received dtype <U6. Turn it into numbers first",
    ),
    "complex": (
        ({"a": [np.ones(1), np.ones(1) * 1j]},),
        "Expected x['a'][1] to hold real numbers, received dtype complex128. Split it into",
    ),
    "ragged": (
        (np.ones(2), {"t": [[1, 2], [3]]}),
        "Expected the lists in y['t'] to have one length, received a ragged list. "
        "`deepkit.utils.pad_sequences`",
    ),
    "sparse": (
        ([FakeSparse()],),
        "Expected x[0] to be an array of numbers, received a FakeSparse. Make a sparse matrix",
    ),
    "no array": (
        ([object()],),
        "Expected x[0] to be an array of numbers, received a object. Convert it to a NumPy array",
    ),
    "large integer": (
        (np.array([[0, 2**40]]),),
        "Expected the integers in x to fit int32, received 1099511627776 at [0, 1]. Map large",
    ),
    "lengths": (
        ({"a": np.ones(3), "b": np.ones(4)}, [np.ones(3)], np.ones(2)),
        "same number of samples, received: x['a'] has 3, x['b'] has 4, y[0] has 3, "
        "sample_weight[0] has 2.",
    ),
    "no samples": ((np.ones((0, 2)),), "Expected at least one sample, received x with none."),
    "empty list": (([],), "Expected at least one sample, received x with none."),
    "weights in another structure": (
        (np.ones(2), {"a": np.ones(2), "b": np.ones(2)}, {"a": np.ones(2)}),
        "Expected sample_weight to have the structure of y: one array for each target.",
    ),
    "several weights for several targets": (
        (np.ones(2), [np.ones(2)] * 2, np.ones((2, 3))),
        "Expected one weight a sample in sample_weight, as y holds several targets, "
        "received the shape (2, 3).",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case):
    arguments, message = REFUSED[case]
    with pytest.raises(DataError) as info:
        check_data(*arguments)
    assert message in str(info.value)
    assert "secret" not in str(info.value)


def test_many_lengths_are_shortened():
    with pytest.raises(DataError, match=r"x\[11\] has 1, and 5 more arrays\."):
        check_data([np.ones(1)] * 16, np.ones(2))


def test_places_name_the_batch():
    with pytest.raises(DataError, match=r"x of batch 7 has 2, y\['a'\] of batch 7 has 1"):
        check_data(np.ones(2), {"a": np.ones(1)}, where=" of batch 7")


def test_zero_samples_may_be_allowed():
    assert check_data(np.ones((0, 2)), allow_empty=True)[0].shape == (0, 2)


def test_weights_become_floats_and_serve_all_targets():
    _, _, weights = check_data(np.ones(2), {"a": np.ones(2), "b": None}, np.array([1, 2]))
    assert weights["b"] is None
    assert weights["a"].dtype == np.float32 and weights["a"].tolist() == [1, 2]


def test_weights_keep_the_structure_of_targets():
    _, _, weights = check_data(np.ones(2), [np.ones(2)] * 2, [np.ones(2), None])
    assert weights[1] is None and weights[0].tolist() == [1, 1]


def test_check_finite():
    x = {"a": np.array([[1.0, 2.0], [np.nan, np.inf]]), "b": np.array([1, 2])}
    with pytest.raises(DataError) as info:
        check_finite(x, np.ones(2))
    assert str(info.value) == (
        "Expected finite numbers in x['a'], received 2 NaN or infinite values, "
        "the first in sample 1."
    )
    check_finite(np.ones(2), None)
    with pytest.raises(DataError, match="in sample_weight, received 1 NaN"):
        check_finite(np.ones(1), None, np.array([np.inf]))


def test_data_errors_are_value_errors():
    assert issubclass(DataError, ValueError) and issubclass(ArgumentError, ValueError)
