"""Random functions: the same numbers as Keras for the same seed, and the right distributions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import deepkit
from deepkit import random
from deepkit.tensors import KerasTensor, set_random_seed
from tests.oracle import keras, oracle

LOGITS = np.log([[0.1, 0.2, 0.7], [0.5, 0.5, 1e-9]]).astype("float32")
TABLE = np.arange(12, dtype="float32").reshape(4, 3)
CALLS = [
    ("normal", ((3, 2),), {}),
    ("normal", ((3, 2), 1.5, 0.1), {"dtype": "float16"}),
    ("normal", ([4],), {"mean": np.arange(4.0, dtype="float32")}),
    ("uniform", ((3, 2),), {}),
    ("uniform", ((3, 2), -2, 5), {"dtype": "bfloat16"}),
    ("truncated_normal", ((3, 2),), {}),
    ("truncated_normal", ((3, 2), 1.0, 0.2), {"dtype": "float16"}),
    ("randint", ((3, 2), 0, 10), {}),
    ("randint", ((3, 2), -5, 100), {"dtype": "int8"}),
    ("randint", ((3, 2), 0.0, 9.0), {"dtype": "uint8"}),
    ("gamma", ((3, 2), 2.5), {}),
    ("beta", ((2,), [0.5, 2.0], [3.0, 4.0]), {}),
    ("binomial", ((2,), [5.0, 9.0], [0.2, 0.9]), {}),
    ("categorical", (LOGITS, 5), {}),
    ("categorical", (LOGITS, 5), {"dtype": "uint8"}),
    ("dropout", (TABLE, 0.4), {}),
    ("dropout", (TABLE, 0.4), {"noise_shape": (4, 1)}),
    ("dropout", (TABLE, 0.4), {"noise_shape": (None, 1)}),
    ("dropout", (TABLE.astype("float16"), 0.9), {}),
    ("shuffle", (TABLE,), {}),
    ("shuffle", (TABLE,), {"axis": 1}),
    ("shuffle", (TABLE,), {"axis": -1}),
]
IDS = [f"{name}{i}" for i, (name, _, _) in enumerate(CALLS)]


def equal(actual, expected):
    assert actual.dtype == expected.dtype
    np.testing.assert_array_equal(
        np.asarray(actual, "float32"), np.asarray(expected, "float32"), strict=True
    )


@pytest.mark.parametrize(("name", "args", "options"), CALLS, ids=IDS)
def test_an_integer_seed_gives_the_numbers_of_keras(name, args, options):
    # Equal bits: both hand the key [seed, 0] to the same function of JAX.
    args = [jnp.asarray(arg) if isinstance(arg, np.ndarray) else arg for arg in args]
    for seed in (0, 7):
        with oracle():
            expected = getattr(keras.random, name)(*args, **options, seed=seed)
        equal(getattr(random, name)(*args, **options, seed=seed), expected)


def test_a_generator_gives_the_sequence_of_keras():
    with oracle():
        theirs = keras.random.SeedGenerator(3)
        expected = [keras.random.normal((2,), seed=theirs) for _ in range(3)]
    ours = random.SeedGenerator(3)
    for values in expected:
        equal(random.normal((2,), seed=ours), values)


def test_keys_of_jax_are_seeds_too():
    expected = random.normal((3,), seed=5)
    raw = jnp.asarray([5, 0], "uint32")
    equal(random.normal((3,), seed=raw), expected)
    equal(random.normal((3,), seed=jax.random.wrap_key_data(raw)), expected)
    equal(jax.jit(lambda key: random.normal((3,), seed=key))(raw), expected)


def test_without_a_seed_the_global_generator_moves_on():
    set_random_seed(11)
    first, second = random.uniform((4,)), random.uniform((4,))
    assert not (first == second).any()
    set_random_seed(11)
    equal(random.uniform((4,)), first)


SAMPLES = 4000
DISTRIBUTIONS = [
    ("normal", (2.0, 3.0), stats.norm(2.0, 3.0)),
    ("uniform", (-1.0, 4.0), stats.uniform(-1.0, 5.0)),
    ("truncated_normal", (1.0, 2.0), stats.truncnorm(-2, 2, 1.0, 2.0)),
    ("gamma", (0.4,), stats.gamma(0.4)),
]


@pytest.mark.parametrize(("name", "parameters", "expected"), DISTRIBUTIONS)
def test_continuous_distributions(name, parameters, expected):
    sample = np.asarray(getattr(random, name)((SAMPLES,), *parameters, seed=1), "float64")
    # The Kolmogorov-Smirnov test, at a seed for which it passes: a wrong law gives p < 1e-10.
    assert stats.kstest(sample, expected.cdf).pvalue > 0.01


DISCRETE = [
    (lambda: random.randint((SAMPLES,), 2, 6, seed=1), [2, 3, 4, 5], [0.25] * 4),
    (
        lambda: random.binomial((SAMPLES,), 3, 0.3, seed=1),
        [0, 1, 2, 3],
        stats.binom(3, 0.3).pmf(np.arange(4)),
    ),
    (lambda: random.categorical(LOGITS[:1], SAMPLES, seed=1)[0], [0, 1, 2], [0.1, 0.2, 0.7]),
]


@pytest.mark.parametrize(("draw", "values", "chances"), DISCRETE)
def test_discrete_distributions(draw, values, chances):
    sample = np.asarray(draw())
    counts = [int((sample == value).sum()) for value in values]
    assert sum(counts) == SAMPLES
    assert stats.chisquare(counts, np.multiply(chances, SAMPLES)).pvalue > 0.01


def test_dropout_keeps_the_mean_and_passes_its_mask_to_the_gradient():
    x = jnp.full((50, 80), 2.0)
    y = random.dropout(x, 0.25, seed=1)
    assert set(np.unique(y)) == {0.0, np.float32(2.0 / 0.75)}
    # The standard error of the mean is 2 · √(1/3) / √4000 = 0.018.
    assert abs(float(y.mean()) - 2.0) < 0.06
    slope = jax.grad(lambda x: random.dropout(x, 0.25, seed=1).sum())(x)
    np.testing.assert_allclose(slope, y / x, rtol=1e-6)


@pytest.mark.parametrize("rate", [0, 0.0])
def test_dropout_of_nothing(rate):
    equal(random.dropout(TABLE, rate, seed=1), jnp.asarray(TABLE))


def test_dropout_of_everything_and_of_integers():
    assert random.dropout(TABLE, 1, seed=1).tolist() == np.zeros((4, 3)).tolist()
    y = random.dropout(np.ones(8, "int32"), np.float32(0.5), seed=1)
    assert set(y.tolist()) == {0.0, 2.0}
    assert y.dtype == "float32"


def test_shuffle_moves_every_column_by_itself():
    y = np.asarray(random.shuffle(TABLE, seed=2))
    assert [sorted(column) for column in y.T] == TABLE.T.tolist()
    assert (y != TABLE).any()


def test_under_jit_a_scope_gives_new_numbers_in_every_call():
    seeds = random.SeedGenerator(3)

    @jax.jit
    def step(state, x):
        with deepkit.StatelessScope([(seeds.state, state)]) as scope:
            y = random.dropout(x, 0.5, seed=seeds)
        return scope.get_current_value(seeds.state), y

    x = jnp.ones((64,))
    state, first = step(seeds.state.value, x)
    _, second = step(state, x)
    assert (first != second).any()
    with oracle():
        theirs = keras.random.SeedGenerator(3)
        expected = [keras.random.dropout(x, 0.5, seed=theirs) for _ in range(2)]
    equal(first, expected[0])
    equal(second, expected[1])


def test_under_vmap_keys_draw_independently():
    keys = jnp.asarray([[1, 0], [2, 0]], "uint32")
    both = jax.vmap(lambda key: random.normal((3,), seed=key))(keys)
    equal(both[0], random.normal((3,), seed=1))
    equal(both[1], random.normal((3,), seed=2))


@pytest.mark.parametrize("traced", [False, True])
def test_parameters_may_be_arrays_of_another_dtype(traced):
    def draw(mean):
        return random.normal((2,), mean, 1.0, dtype="float16", seed=1)

    mean = jnp.asarray([100.0, 0.0], "float32")
    values = (jax.jit(draw) if traced else draw)(mean)
    assert values.dtype == "float16"
    shifted = np.asarray(values - draw(0.0), "float32")
    # float16 has steps of 0.06 at 100.
    np.testing.assert_allclose(shifted, mean, atol=0.07)


def test_symbolic_tensors():
    seeds = random.SeedGenerator(1)
    x = KerasTensor((None, 3))
    assert random.dropout(x, 0.5, seed=seeds).shape == (None, 3)
    assert random.shuffle(x, seed=seeds).shape == (None, 3)
    indices = random.categorical(x, 5, seed=seeds)
    assert indices.shape == (None, 5)
    assert indices.dtype == "int32"
    assert seeds.state.numpy().tolist() == [1, 0]


def test_variables():
    table = deepkit.Variable(TABLE)
    equal(random.shuffle(table, seed=2), random.shuffle(TABLE, seed=2))


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("normal", ()),
        ("uniform", ()),
        ("truncated_normal", ()),
        ("gamma", (1.0,)),
        ("beta", (1.0, 1.0)),
        ("binomial", (3, 0.5)),
    ],
)
def test_floats_need_a_floating_dtype(name, args):
    message = rf"`dtype` of `random.{name}` to be a floating one .* received 'int32'.*randint"
    with pytest.raises(deepkit.errors.DTypeError, match=message):
        getattr(random, name)((2,), *args, dtype="int32")


def test_randint_needs_an_integer_dtype():
    with pytest.raises(ValueError, match=r"an integer one .* received 'float32'.*random.uniform"):
        random.randint((2,), 0, 3, dtype="float32")


def test_shapes_must_be_known():
    with pytest.raises(deepkit.errors.ShapeError, match=r"sizes are all known, received \(None, 2"):
        random.normal((None, 2))


@pytest.mark.parametrize("rate", [-0.1, 1.5, "0.5", True, float("nan")])
def test_dropout_needs_a_probability(rate):
    with pytest.raises(deepkit.errors.ArgumentError, match="`rate` to be a number from 0 to 1"):
        random.dropout(TABLE, rate)


@pytest.mark.parametrize("noise_shape", [(4,), (2, 3), (4, 3, 1)])
def test_noise_shapes_must_broadcast(noise_shape):
    message = r"inputs' shape \(4, 3\), that size, 1 or None, received \("
    with pytest.raises(deepkit.errors.ShapeError, match=message):
        random.dropout(TABLE, 0.5, noise_shape=noise_shape)


def test_categorical_needs_a_matrix_and_a_count():
    with pytest.raises(deepkit.errors.ShapeError, match=r"\(batch, classes\), received shape \(3,"):
        random.categorical([0.1, 0.2, 0.7], 2)
    for wrong in (-1, 2.5):
        with pytest.raises(deepkit.errors.ArgumentError, match=f"0 or more, received {wrong}"):
            random.categorical(LOGITS, wrong)


def test_shuffle_needs_an_existing_axis():
    with pytest.raises(deepkit.errors.ShapeError, match=r"axis of shape \(4, 3\), received 2"):
        random.shuffle(TABLE, axis=2)


def test_the_public_names_are_those_of_keras():
    public = {name for name in dir(keras.random) if not name.startswith("_")}
    assert public <= set(dir(random))
