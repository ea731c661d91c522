"""Variables: how they begin, are read and assigned, beside Keras's."""

import copy
import pickle
import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit import errors
from deepkit.core import registry
from deepkit.tensors import AutocastScope, StatelessScope, SymbolicScope, Variable
from tests.oracle import keras, oracle


def ones(shape, dtype=None):
    return jnp.ones(shape, dtype)


PLAIN = [
    *((1, {}), (1.5, {}), (True, {}), (1j, {}), ([1, 2], {}), ([1.0, 2], {}), ([True], {})),
    *((np.zeros(2), {}), (np.zeros(2, "int64"), {}), (np.float64(2), {}), ([np.float64(1)], {})),
    *((1, {"dtype": "float32"}), (1.5, {"dtype": "int32"}), (1.0, {"dtype": "bool"})),
    *(([[1], [2]], {"dtype": "float16"}), (ones, {"shape": (2,)}), (ones, {"shape": [2, 3]})),
    *((ones, {"shape": (), "dtype": "int8"}), ("zeros", {"shape": (2,)}), ([[1.0]] * 2, {})),
]


@pytest.mark.parametrize(("value", "options"), PLAIN)
def test_initial_values_are_keras_s(value, options):
    with oracle():
        theirs = keras.Variable(value, **options)
    ours = Variable(value, **options)
    assert (ours.dtype, tuple(ours.shape)) == (theirs.dtype, tuple(theirs.shape))
    assert ours.value.dtype == ours.dtype
    np.testing.assert_array_equal(ours.numpy(), np.asarray(theirs.value))


def test_initial_arrays_of_jax_and_variables():
    first = Variable(jnp.ones(2, "bfloat16"))
    second = Variable(first)
    first.assign([3, 4])
    assert second.dtype == "bfloat16"
    np.testing.assert_array_equal(second.numpy(), [1, 1])
    stacked = Variable([jnp.ones(2), jnp.zeros(2)])
    assert tuple(stacked.shape) == (2, 2)
    weak = Variable(jnp.asarray(1.0))
    assert not weak.value.weak_type


def test_initializers_by_name_class_and_registration(monkeypatch):
    monkeypatch.setattr(registry, "_CUSTOM_OBJECTS", {"mine": ones})
    np.testing.assert_array_equal(Variable("mine", (2,)).numpy(), [1, 1])
    np.testing.assert_array_equal(Variable(deepkit.initializers.Ones, (2,)).numpy(), [1, 1])
    assert abs(Variable("he_normal", (3, 4)).numpy()).max() > 0


def fails(shape, dtype=None):
    raise AttributeError("no seed")


REFUSED = [
    ((None,), {}, errors.ArgumentTypeError, "an initial value for the variable 'v', received None"),
    ((ones,), {}, errors.ArgumentError, "`shape` for the variable 'v', because its initializer"),
    ((ones, (None, 2)), {}, errors.ArgumentError, r"known sizes .* the shape \(None, 2\)"),
    ((ones, "ab"), {}, errors.ArgumentTypeError, "`shape` to be a tuple"),
    (("nonsense", (2,)), {}, errors.UnknownNameError, "Unknown initializer 'nonsense' .* 'v'"),
    ((np.ones(2), (3,)), {}, errors.ShapeError, r"value of shape \(3,\) .* of shape \(2,\)"),
    ((np.array(["a"]),), {}, errors.DTypeError, "'v' cannot hold text"),
    ((["a"],), {}, errors.DTypeError, "'v' cannot hold text"),
    ((ones, (2,), "string"), {}, errors.DTypeError, "'v' cannot hold text"),
    ((1.0,), {"dtype": "float33"}, errors.DTypeError, "received 'float33'"),
    ((1.0,), {"dtype": "float64"}, errors.DTypeError, "asks for float64, .* narrows to float32"),
    ((ones, (2,), "int64"), {}, errors.DTypeError, "jax_enable_x64"),
    ((1.0,), {"aggregation": "max"}, errors.ArgumentError, "`aggregation` .* received 'max'"),
    ((1.0,), {"constraint": "nonneg"}, errors.ArgumentTypeError, "`constraint` .* 'nonneg'"),
    ((1.0,), {"regularizer": 0.1}, errors.ArgumentTypeError, "`regularizer` .* received 0.1"),
]


@pytest.mark.parametrize(("args", "kwargs", "error", "text"), REFUSED)
def test_what_cannot_begin(args, kwargs, error, text):
    with pytest.raises(error, match=text):
        Variable(*args, **kwargs, name="v")


def test_names_and_paths():
    with pytest.raises(errors.ArgumentError, match="`name` of a Variable"):
        Variable(1.0, name="a/b")
    with deepkit.name_scope("model"), deepkit.name_scope("layer"):
        variable = Variable(1.0, name="kernel")
    assert (variable.name, variable.path) == ("kernel", "model/layer/kernel")
    first, second = Variable(1.0), Variable(1.0)
    assert first.name.startswith("variable")
    assert first.path != second.path
    with (
        pytest.raises(errors.ArgumentError, match="`name` of a name scope"),
        deepkit.name_scope(""),
    ):
        pass


def test_attributes():
    variable = Variable(np.zeros((2, 3), "float32"), trainable=False, aggregation="mean")
    assert variable.shape.as_list() == [2, 3]
    assert (variable.ndim, variable.size, len(variable)) == (2, 6, 2)
    assert (variable.trainable, variable.aggregation, variable.synchronization) == (
        *(False, "mean"),
        "auto",
    )
    variable.trainable = 1
    variable.overwrite_with_gradient = True
    assert variable.trainable is True
    assert variable.overwrite_with_gradient is True
    assert Variable(2.0).size == 1
    assert variable.autocast


def test_values_are_made_at_the_first_read():
    calls = []

    def initializer(shape, dtype):
        calls.append((shape, dtype))
        return jnp.full(shape, len(calls), dtype)

    variable = Variable(initializer, (2,), "float16")
    assert calls == []
    assert not variable.is_initialized
    assert repr(variable).endswith("shape=(2,), dtype=float16>")
    np.testing.assert_array_equal(variable.numpy(), [1, 1])
    np.testing.assert_array_equal(variable.value, [1, 1])
    assert calls == [((2,), "float16")]
    assert variable.is_initialized


@pytest.mark.parametrize(
    ("initializer", "error", "text"),
    [
        (
            lambda shape, dtype: jnp.ones(3),
            errors.ShapeError,
            r"shape \(2,\), received \(3,\) from",
        ),
        (fails, errors.ArgumentError, "initializer of 'v' failed: no seed"),
    ],
)
def test_initializers_that_fail(initializer, error, text):
    variable = Variable(initializer, (2,), name="v")
    with pytest.raises(error, match=text):
        _ = variable.value


def test_what_an_initializer_gives_is_cast():
    variable = Variable(lambda shape, dtype: np.ones(shape), (2,), "bfloat16")
    assert variable.value.dtype == "bfloat16"


def read_under(transformation):
    """A variable that is read for the first time while JAX is tracing; and the result."""
    variable = Variable(lambda shape, dtype: jax.random.normal(jax.random.key(0), shape), (3,))
    return variable, transformation(lambda x: jnp.sum(x * variable))


TRANSFORMATIONS = {
    "jit": lambda f: jax.jit(f)(2.0),
    "eval_shape": lambda f: jax.eval_shape(f, 2.0),
    "grad": lambda f: jax.grad(f)(2.0),
    "vmap": lambda f: jax.vmap(f)(jnp.ones((2, 3))),
    "scan": lambda f: jax.lax.scan(lambda c, x: (c, f(x)), 0, jnp.ones((2, 3))),
    "remat": lambda f: jax.grad(jax.checkpoint(f))(2.0),
    "jitted gradient": lambda f: jax.jit(jax.grad(f))(2.0),
}


@pytest.mark.parametrize("name", TRANSFORMATIONS)
def test_values_that_are_made_while_jax_traces_are_plain(name):
    variable, _ = read_under(TRANSFORMATIONS[name])
    expected = jax.random.normal(jax.random.key(0), (3,))
    np.testing.assert_array_equal(variable.numpy(), expected)
    assert type(variable.value) is type(expected)


def test_scopes_of_shapes_make_no_values():
    variable = Variable(fails, (2,))
    with SymbolicScope(), StatelessScope() as scope:
        shape = jax.eval_shape(lambda: variable.value + variable.assign_add([1.0, 1.0]))
        assert shape.shape == (2,)
        assert scope.written() == [variable]
    assert not variable.is_initialized


def test_traced_values_cannot_be_kept():
    variable = Variable(1.0, name="v")
    with pytest.raises(
        errors.StateError, match=r"'v' was assigned a traced value .*stateless_call"
    ):
        jax.jit(variable.assign)(2.0)
    with pytest.raises(errors.StateError, match="'w' was given a traced value to begin with"):
        jax.jit(lambda x: Variable(x, name="w").value)(2.0)
    assert float(variable) == 1.0


def test_assignments():
    variable = Variable([1.0, 2.0], name="v")
    assert variable.assign([3, 4]).dtype == "float32"
    np.testing.assert_array_equal(variable.numpy(), [3, 4])
    np.testing.assert_array_equal(variable.assign_add(np.ones(2)), [4, 5])
    np.testing.assert_array_equal(variable.assign_sub(Variable([1, 1])), [3, 4])
    np.testing.assert_array_equal(variable.assign(variable), [3, 4])
    np.testing.assert_array_equal(variable.assign_add(1), [4, 5])
    np.testing.assert_array_equal(variable.numpy(), [4, 5])
    with pytest.raises(errors.ShapeError, match=r"shape \(2,\) for the variable 'v', .* \(3,\)"):
        variable.assign([1, 2, 3])
    with pytest.raises(errors.ArgumentTypeError, match="no values yet"):
        variable.assign(deepkit.KerasTensor((2,)))
    counter = Variable(0, dtype="int32")
    for _ in range(3):
        counter.assign_add(1)
    assert (int(counter), counter.value.dtype) == (3, "int32")
    assert not counter.value.weak_type


def test_arrays_that_change_later_change_nothing():
    array = np.zeros(4096, "float32")
    given, assigned = Variable(array), Variable(np.ones(4096, "float32"))
    assigned.assign(array)
    array[:] = 7
    copied = assigned.numpy()
    copied[:] = 8
    np.asarray(assigned)[:] = 9
    for variable in (given, assigned):
        np.testing.assert_array_equal(variable.numpy(), np.zeros(4096))


def test_autocast():
    weight = Variable([1.0, 2.0])
    fixed = Variable([1.0, 2.0], autocast=False)
    counter = Variable([1, 2])
    with AutocastScope("bfloat16"):
        assert (weight.dtype, weight.value.dtype, weight.stored_dtype) == (
            *("bfloat16", "bfloat16"),
            "float32",
        )
        assert (fixed.dtype, fixed.value.dtype) == ("float32", "float32")
        assert (counter.dtype, counter.value.dtype) == ("int32", "int32")
        assert (weight + 1).dtype == "bfloat16"
        assert weight.numpy().dtype == "float32"
        weight.assign_add([1e-3, 1e-3])
        with AutocastScope(None):
            assert weight.value.dtype == "float32"
        with AutocastScope("int32"):
            assert weight.value.dtype == "float32", "only floats are cast to"
    # bfloat16 has 8 bits: added there, the thousandths would be lost.
    np.testing.assert_allclose(weight.numpy(), [1.001, 2.001], rtol=1e-6)
    assert weight.dtype == "float32"


def test_autocast_ends_with_errors_and_stays_in_its_thread():
    weight, seen = Variable(1.0), []
    with pytest.raises(KeyError), AutocastScope("float16"):
        thread = threading.Thread(target=lambda: seen.append(weight.dtype))
        thread.start()
        thread.join()
        raise KeyError
    assert seen == ["float32"]
    assert weight.dtype == "float32"


DUPLICATES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda variable: pickle.loads(pickle.dumps(variable)),
}


@pytest.mark.parametrize("name", DUPLICATES)
def test_duplicates_go_their_own_way(name):
    variable = Variable(jnp.ones(2, "bfloat16"), name="v", trainable=False)
    twin = DUPLICATES[name](variable)
    assert (twin.name, twin.dtype, twin.trainable) == ("v", "bfloat16", False)
    jax.jit(lambda x: x + 1, donate_argnums=0)(variable.take_for_donation())
    np.testing.assert_array_equal(twin.numpy(), [1, 1])
    twin.assign([5, 5])
    assert (twin.value + 1).dtype == "bfloat16"
    late = DUPLICATES[name](Variable(deepkit.initializers.Ones(), (2,)))
    np.testing.assert_array_equal(late.numpy(), [1, 1])


def test_threads_make_one_value():
    calls = []

    def initializer(shape, dtype):
        calls.append(threading.get_ident())
        return jnp.ones(shape, dtype)

    variable = Variable(initializer, (2,))
    threads = [threading.Thread(target=lambda: variable.value) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1


def test_text_forms():
    assert repr(Variable([1.0, 2.0], name="v")) == (
        "<Variable path=v, shape=(2,), dtype=float32, value=[1., 2.]>"
    )
    assert "..." in repr(Variable(np.zeros(100)))
    variable = Variable([1])
    assert f"{Variable(1.5):.2f} {variable}" == f"1.50 {variable!r}"
    shown = []
    variable = Variable(1.0, name="v")

    def step(x):
        with StatelessScope([(variable, x)]):
            shown.append(repr(variable))
        return x

    jax.jit(step)(1.0)
    assert shown == ["<Variable path=v, shape=(), dtype=float32>"]
