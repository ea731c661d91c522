"""GradientTape against jax.grad: eagerly, again, and compiled."""

import gc
import threading
import weakref

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit import GradientTape
from deepkit.errors import ArgumentError, ArgumentTypeError, ShapeError, StateError


def recurrent(x):
    def step(carry, row):
        carry = jnp.tanh(carry @ x + row)
        return carry, carry

    rows = jnp.linspace(-1.0, 1.0, 5 * 2 * 3).reshape(5, 2, 3)
    last, all_rows = jax.lax.scan(step, jnp.zeros((2, 3)), rows)
    return last.sum() + (all_rows**2).sum()


def own_slope(x):
    @jax.custom_vjp
    def triple(x):
        return x * 3

    triple.defvjp(lambda x: (x * 3, x), lambda x, upstream: (upstream * x,))
    return triple(x).sum()


def own_tangent(x):
    @jax.custom_jvp
    def sine(x):
        return jnp.sin(x)

    sine.defjvps(lambda tangent, out, x: 2 * tangent * jnp.cos(x))
    return sine(x).sum()


def convolved(x):
    image = jnp.linspace(0.0, 1.0, 2 * 6 * 6 * 3).reshape(2, 6, 6, 3)
    kernel = x.reshape(1, 3, 3, 1)
    return (deepkit.ops.conv(image, kernel, padding="same") ** 2).mean()


SOURCE = np.array([[0.3, -0.2, 0.8], [-1.1, 0.4, 0.1], [0.7, 0.9, -0.6]], "float32")
FUNCTIONS = {
    "operators": lambda x: ((x * 2 + 1) ** 3 / (2 - x)).sum() - x[0, 1],
    "products": lambda x: jnp.linalg.norm(x @ x.T @ x),
    "relu": lambda x: (jax.nn.relu(x - 0.2) * x).sum(),
    "softmax": lambda x: (deepkit.ops.softmax(x) ** 2).sum() + jax.nn.logsumexp(x),
    "gelu": lambda x: deepkit.ops.gelu(x).sum(),
    "linear algebra": lambda x: jnp.linalg.det(x) + jnp.linalg.inv(x).sum(),
    "sort and gather": lambda x: (jnp.sort(x.ravel())[::2] * jnp.arange(5.0)).sum(),
    "scatter": lambda x: jnp.zeros((4, 3)).at[jnp.array([0, 2, 2])].add(x)[2].sum(),
    "where": lambda x: jnp.where(x > 0, x**2, -x).sum(),
    "scan": recurrent,
    "fori": lambda x: jax.lax.fori_loop(0, 4, lambda _, y: jnp.sin(y @ x), x).sum(),
    "cond": lambda x: jax.lax.cond(x.sum() > 0, jnp.sin, jnp.cos, x).sum(),
    "checkpoint": lambda x: jax.checkpoint(lambda y: jnp.sin(jnp.sin(y)))(x).sum(),
    "jit": lambda x: jax.jit(lambda y: jax.nn.softplus(y) @ x)(x).sum(),
    "vmap": lambda x: jax.vmap(lambda row: row @ row)(x).sum(),
    "grad": lambda x: jax.grad(lambda y: (jnp.sin(y) * x).sum())(x).sum(),
    "custom vjp": own_slope,
    "custom jvp": own_tangent,
    "conv": convolved,
    "stopped": lambda x: (x * deepkit.stop_gradient(x)).sum(),
}


def by_tape(function, x):
    with GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_are_those_of_jax(name):
    function, x = FUNCTIONS[name], jnp.asarray(SOURCE)
    expected = jax.grad(function)(x)
    for _ in range(3):
        np.testing.assert_allclose(by_tape(function, x), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(by_tape(function, x + 0.1), jax.grad(function)(x + 0.1), 1e-5, 1e-6)
    compiled = jax.jit(lambda x: by_tape(function, x))(x)
    np.testing.assert_allclose(compiled, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_second_derivatives_are_those_of_jax(name):
    function, x = FUNCTIONS[name], jnp.asarray(SOURCE)

    def curvature(x):
        with GradientTape() as outer:
            outer.watch(x)
            gradient = by_tape(function, x)
        return outer.gradient(gradient, x, unconnected_gradients="zero")

    expected = jax.grad(lambda x: jax.grad(function)(x).sum())(x)
    np.testing.assert_allclose(curvature(x), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(jax.jit(curvature)(x), expected, rtol=1e-4, atol=1e-5)


def test_a_gradient_can_be_mapped_and_differentiated_by_jax():
    function, x = FUNCTIONS["products"], jnp.asarray(SOURCE)
    rows = jnp.stack([x, x + 1])
    mapped = jax.vmap(lambda x: by_tape(function, x))(rows)
    np.testing.assert_allclose(mapped, jax.vmap(jax.grad(function))(rows), rtol=1e-5)
    hessian = jax.jacfwd(lambda x: by_tape(function, x))(x)
    np.testing.assert_allclose(hessian, jax.hessian(function)(x), rtol=1e-4, atol=1e-5)


def test_trainable_variables_are_watched_and_constants_are_not():
    w, fixed = deepkit.Variable(3.0), deepkit.Variable(2.0, trainable=False)
    constant = jnp.asarray(5.0)
    with GradientTape() as tape:
        y = w**2 * fixed + constant * w
    assert tape.watched_variables() == (w,)
    gradients = tape.gradient(y, {"w": w, "rest": [fixed, constant]})
    assert float(gradients["w"]) == 17.0
    assert gradients["rest"] == [None, None]


def test_variables_are_not_watched_if_that_is_not_wanted():
    v, w = deepkit.Variable(3.0), deepkit.Variable(2.0)
    with GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(w)
        y = v * w
    assert tape.watched_variables() == (w,)
    assert tape.gradient(y, [v, w]) == [None, 3.0]


def test_a_watched_variable_that_is_not_trainable_has_a_gradient():
    v = deepkit.Variable(3.0, trainable=False)
    with GradientTape() as tape:
        tape.watch(v)
        y = v**2
    assert float(tape.gradient(y, v)) == 6.0


def test_several_targets_are_added_and_output_gradients_multiply():
    x = jnp.asarray([1.0, 2.0])
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        y, z = x**2, {"z": x**3}
    np.testing.assert_allclose(tape.gradient([y, z], x), 2 * x + 3 * x**2)
    np.testing.assert_allclose(tape.gradient(y, x, jnp.asarray([10.0, 1.0])), [20.0, 4.0])
    weighted = tape.gradient([y, z], x, output_gradients=[None, {"z": np.array([0.0, 1.0])}])
    np.testing.assert_allclose(weighted, [2.0, 16.0])


def test_gradients_by_intermediate_values():
    x = jnp.asarray(2.0)
    with GradientTape() as tape:
        tape.watch(x)
        y = x**2
        z = y**3
    assert tape.gradient(z, [y, x, z]) == [48.0, 192.0, 1.0]


def test_second_derivative_by_an_intermediate_value():
    x = jnp.asarray(2.0)
    with GradientTape() as outer:
        with GradientTape() as inner:
            inner.watch(x)
            y = x**2
            outer.watch(y)
            z = y**3
        gradient = inner.gradient(z, x)  # 3 y^2 times 2 x
    assert float(outer.gradient(gradient, y)) == 6 * 4.0 * 4.0


def test_hessian_of_nested_tapes_and_its_unconnected_part():
    a, b = deepkit.Variable(5.0), deepkit.Variable(3.0)
    with GradientTape(persistent=True) as outer:
        with GradientTape() as inner:
            z = 3 * a**2 + 2 * a * b
        gradients = inner.gradient(z, [a, b])
    assert gradients == [36.0, 10.0]
    assert [outer.gradient(g, [a, b]) for g in gradients] == [[6.0, 2.0], [2.0, None]]


def test_unconnected_gradients():
    x, y = jnp.ones((2, 3)), deepkit.Variable(np.ones((4,), "float16"))
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        z = x.sum()
    assert tape.gradient(z, y) is None
    zeros = tape.gradient(z, [y, x], unconnected_gradients=deepkit.UnconnectedGradients.ZERO)
    assert zeros[0].shape == (4,) and zeros[0].dtype == jnp.float16 and not zeros[0].any()
    assert tape.gradient(z, x, unconnected_gradients="ZERO").sum() == 6
    with pytest.raises(ArgumentError, match="to be 'none' or 'zero', received 'nothing'"):
        tape.gradient(z, x, unconnected_gradients="nothing")


def test_stopped_gradients_are_unconnected():
    x = jnp.asarray(2.0)
    with GradientTape() as tape:
        tape.watch(x)
        y = deepkit.stop_gradient(x**2)
        z = jax.jit(lambda v: jax.lax.stop_gradient(v) * 2)(x)
    assert tape.gradient([y, z], x) is None


def test_a_tape_gives_one_gradient_unless_it_is_persistent():
    x = deepkit.Variable(3.0)
    with GradientTape() as tape:
        y = x * x
    assert float(tape.gradient(y, x)) == 6.0
    with pytest.raises(RuntimeError, match=r"asked for a gradient before.*persistent=True"):
        tape.gradient(y, x)
    with GradientTape(persistent=True) as tape:
        y = x * x
        z = y * y
    assert (float(tape.gradient(y, x)), float(tape.gradient(z, x))) == (6.0, 108.0)


def test_a_gradient_inside_the_block_ends_the_recording():
    x = deepkit.Variable(3.0)
    with GradientTape() as tape:
        y = x * x
        gradient = tape.gradient(y, x)
        z = gradient * x
    with pytest.raises(StateError, match="asked for a gradient before"):
        tape.gradient(z, x)


def test_a_persistent_tape_records_its_own_gradients():
    x = deepkit.Variable(3.0)
    with GradientTape(persistent=True) as tape:
        y = x**3
        gradient = tape.gradient(y, x)
    assert float(tape.gradient(gradient, x)) == 18.0


def test_stop_recording_and_reset():
    x = deepkit.Variable(3.0)
    with GradientTape(persistent=True) as tape:
        y = x * x
        with tape.stop_recording():
            scale = x * 2
        z = y * scale
    assert float(tape.gradient(z, x)) == 36.0
    assert tape.gradient(scale, x) is None
    with GradientTape() as tape:
        loss = x * x
        tape.reset()
        loss = loss + x**3
    assert float(tape.gradient(loss, x)) == 27.0
    with pytest.raises(StateError, match="does not record now"), tape.stop_recording():
        pass


def test_a_tape_is_used_again_after_its_block_but_not_inside():
    x = deepkit.Variable(3.0)
    tape = GradientTape()
    for power in (2, 3):
        with tape:
            y = x**power
        assert float(tape.gradient(y, x)) == power * 3.0 ** (power - 1)
    with tape, pytest.raises(StateError, match="records already"), tape:
        pass


def test_values_that_are_assigned_inside():
    x = deepkit.Variable(2.0)
    with GradientTape() as tape:
        y = x * 2
        x.assign(5.0)
        z = x * 3
        x.assign(z)
        last = x * 4
    assert float(last) == 60.0
    assert float(tape.gradient([y, z, last], x)) == 2 + 3 + 4


def test_variables_that_hold_the_same_array():
    value = jnp.asarray(2.0)
    a, b = deepkit.Variable(0.0), deepkit.Variable(0.0)
    a.assign(value)
    b.assign(value)

    def gradients():
        with GradientTape() as tape:
            y = a**2 * b
        return tape.gradient(y, [a, b])

    assert gradients() == [8.0, 4.0]
    assert gradients() == [8.0, 4.0]


def test_a_constant_that_is_watched_later_counts_from_there():
    w, x = deepkit.Variable(3.0), jnp.asarray(2.0)
    with GradientTape() as tape:
        y = w * x
        tape.watch(x)
        z = w * x
    assert float(tape.gradient([y, z], x)) == 3.0


def test_variables_inside_of_loops_and_jitted_functions():
    w = deepkit.Variable(SOURCE)
    rows = jnp.linspace(0.0, 1.0, 12).reshape(4, 3)

    def loss():
        scanned = jax.lax.scan(lambda c, row: (jnp.tanh(c + row @ w.value), None), rows[0], rows)[0]
        return scanned.sum() + jax.jit(lambda row: row @ w.value)(rows[1]).sum()

    def gradient():
        with GradientTape() as tape:
            value = loss()
        return tape.gradient(value, w)

    (_, (expected,)) = deepkit.value_and_grad(loss, [w])()
    np.testing.assert_allclose(gradient(), expected, rtol=1e-5)

    @jax.jit
    def compiled(value):
        with deepkit.StatelessScope([(w, value)]):
            return gradient()

    np.testing.assert_allclose(compiled(w.value), expected, rtol=1e-5)


def test_jacobian():
    x = jnp.asarray(SOURCE)
    w = deepkit.Variable([1.0, 2.0, 3.0])
    function = lambda x, w: jnp.tanh(x @ w)  # noqa: E731
    for use_pfor in (True, False):
        with GradientTape() as tape:
            tape.watch(x)
            y = function(x, w)
        by_x, (by_w, none) = tape.jacobian(y, (x, [w, jnp.ones(2)]), experimental_use_pfor=use_pfor)
        expected = jax.jacobian(function, (0, 1))(x, w.value)
        np.testing.assert_allclose(by_x, expected[0], rtol=1e-5)
        np.testing.assert_allclose(by_w, expected[1], rtol=1e-5)
        assert none is None
    with GradientTape() as tape:
        y = function(x, w)
    zeros = tape.jacobian(y, jnp.ones(2), unconnected_gradients="zero")
    assert zeros.shape == (3, 2) and not zeros.any()


def test_batch_jacobian():
    x = jnp.asarray(SOURCE)
    function = lambda row: jnp.stack([jnp.sin(row) * row[0], row**2])  # noqa: E731
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = jax.vmap(function)(x)
        total = x.sum(0, keepdims=True)
    expected = jax.vmap(jax.jacobian(function))(x)
    assert expected.shape == (3, 2, 3, 3)
    np.testing.assert_allclose(tape.batch_jacobian(y, x), expected, rtol=1e-5)
    loop = tape.batch_jacobian(y, x, experimental_use_pfor=False)
    np.testing.assert_allclose(loop, expected, rtol=1e-5)
    unknown = tape.batch_jacobian(y, jnp.ones((3, 4)))
    assert unknown.shape == (3, 2, 3, 4) and not unknown.any()
    with pytest.raises(ShapeError, match=r"same number of rows, received shapes \(1, 3\) and"):
        tape.batch_jacobian(total, x)


def test_a_complex_gradient_points_upwards():
    z = jnp.asarray(1.0 + 2.0j)
    with GradientTape() as tape:
        tape.watch(z)
        y = jnp.abs(z) ** 2
    np.testing.assert_allclose(tape.gradient(y, z), 2 + 4j, rtol=1e-6)


def test_a_gradient_may_be_nan_as_in_jax():
    x = jnp.asarray(100.0)
    with GradientTape() as tape:
        tape.watch(x)
        y = jnp.log(1 + jnp.exp(x))
    assert np.isnan(tape.gradient(y, x))


def test_what_cannot_be_watched_or_differentiated():
    tape = GradientTape(persistent=True)
    with tape:
        with pytest.raises(ArgumentTypeError, match=r"arrays of JAX or variables, received 3\.0"):
            tape.watch(3.0)
        with pytest.warns(UserWarning, match="watched array of dtype int32 has no gradient"):
            tape.watch(jnp.arange(3))
        x = jnp.ones(2)
        tape.watch(x)
        y, count = x * 2, (x > 0).sum()
    with pytest.raises(ArgumentTypeError, match="target to be made of arrays"):
        tape.gradient(2.0, x)
    with pytest.raises(ArgumentTypeError, match="sources to be variables or arrays"):
        tape.gradient(y, [x, 1.0])
    with pytest.raises(ArgumentError, match="structure of `target`, with 1 arrays, received 2"):
        tape.gradient(y, x, output_gradients=[y, y])
    with pytest.raises(
        ShapeError, match=r"shape of its target, \(2,\), received one of shape \(\)"
    ):
        tape.gradient(y, x, output_gradients=1.0)
    with pytest.warns(UserWarning, match="target of dtype int32 has no gradient"):
        assert tape.gradient(count, x) is None
    with pytest.warns(UserWarning, match="source of dtype int32 has no gradient"):
        assert tape.gradient(y, count) is None


def test_an_error_inside_leaves_no_trace():
    x = deepkit.Variable(3.0)
    with pytest.raises(KeyError), GradientTape():
        _ = x * 2
        raise KeyError("mine")
    with GradientTape() as tape:
        y = x * x
    assert float(tape.gradient(y, x)) == 6.0


def test_only_what_depends_on_watched_values_is_kept():
    x = deepkit.Variable(np.ones(8, "float32"))
    with GradientTape(persistent=True) as tape:
        loose = jnp.arange(8.0) ** 2
        unused = weakref.ref(loose)
        loose = loose.sum()
        intermediate = x * 2
        dropped = weakref.ref(intermediate)
        y = (intermediate**2).sum()
        del intermediate, loose
    gc.collect()
    assert unused() is None and dropped() is None
    np.testing.assert_allclose(tape.gradient(y, x), np.full(8, 8.0))


def test_a_long_loop_of_tapes_keeps_memory_flat():
    w = deepkit.Variable(np.eye(16, dtype="float32"))

    def turn(i):
        x = jnp.full((4, 16), float(i))
        with GradientTape() as tape:
            loss = (jax.nn.relu(x @ w.value) ** 2).mean()
        w.assign_sub(1e-9 * tape.gradient(loss, w))

    for i in range(5):
        turn(i)
    gc.collect()
    before = len(jax.live_arrays())
    for i in range(100):
        turn(i)
    gc.collect()
    assert len(jax.live_arrays()) <= before + 2


def test_a_tape_lets_go_of_what_it_held():
    x = jnp.ones(1000)
    held = weakref.ref(x)
    with GradientTape() as tape:
        tape.watch(x)
        y = (x * x).sum()
    tape.gradient(y, x)
    del x, tape
    gc.collect()
    assert held() is None


def test_threads_have_tapes_of_their_own():
    results = {}

    def work(factor):
        w = deepkit.Variable(np.full(3, factor, "float32"))
        for _ in range(20):
            with GradientTape() as tape:
                y = (w**2).sum() * factor
            results[factor] = tape.gradient(y, w)

    threads = [threading.Thread(target=work, args=(float(i),)) for i in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for factor, gradient in results.items():
        np.testing.assert_allclose(gradient, np.full(3, 2 * factor**2))


def products_in(function, *args):
    """Matrix products in the compiled program, those in loops counted once."""
    text = jax.jit(function).lower(*args).compile().as_text()
    return text.count(" dot(") + text.count("__onednn$matmul") + text.count(" convolution(")


@pytest.mark.parametrize("name", ["products", "scan", "fori", "jit", "conv", "checkpoint"])
def test_a_compiled_gradient_does_no_more_products_than_that_of_jax(name):
    function, x = FUNCTIONS[name], jnp.asarray(SOURCE)

    def taped(x):
        with GradientTape() as tape:
            tape.watch(x)
            y = function(x)
        return y, tape.gradient(y, x)

    assert products_in(taped, x) == products_in(jax.value_and_grad(function), x)


NORMS = ["LayerNormalization", "BatchNormalization", "GroupNormalization", "RMSNormalization"]


@pytest.mark.parametrize("layer", ["Dense", "LSTM", "MultiHeadAttention", *NORMS])
def test_a_compiled_gradient_of_layers_does_no_more_products(layer):
    x = np.linspace(-1, 1, 2 * 5 * 4, dtype="float32").reshape(2, 5, 4)
    if layer == "MultiHeadAttention":
        inputs = deepkit.Input((5, 4))
        model = deepkit.Model(inputs, deepkit.layers.MultiHeadAttention(2, 3)(inputs, inputs))
    elif layer in NORMS:
        # Wide enough that XLA does not copy the products themselves.
        x = np.linspace(-1, 1, 64 * 64, dtype="float32").reshape(8, 8, 64)
        norm = getattr(deepkit.layers, layer)()
        dense = [deepkit.layers.Dense(64) for _ in range(2)]
        model = deepkit.Sequential([deepkit.Input((8, 64)), dense[0], norm, dense[1]])
    else:
        model = deepkit.Sequential([deepkit.Input((5, 4)), getattr(deepkit.layers, layer)(3)])
    variables = model.trainable_variables

    def with_tape(values):
        with deepkit.StatelessScope(zip(variables, values)):
            with GradientTape() as tape:
                loss = deepkit.ops.mean(model(x, training=True) ** 2)
            return loss, tape.gradient(loss, variables)

    def with_jax(values):
        def loss(values):
            with deepkit.StatelessScope(zip(variables, values)):
                return deepkit.ops.mean(model(x, training=True) ** 2)

        return jax.value_and_grad(loss)(values)

    values = [variable.value for variable in variables]
    assert products_in(with_tape, values) == products_in(with_jax, values) > 0
    for a, b in zip(jax.tree.leaves(with_tape(values)), jax.tree.leaves(with_jax(values))):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("layer", ["LSTM", *NORMS])
def test_second_derivatives_of_layers_where_it_is_compiled(layer):
    """The gradient by weights of the squares of the gradient by inputs."""
    options = {"groups": 2} if layer == "GroupNormalization" else {}
    layer = getattr(deepkit.layers, layer)(*([3] if layer == "LSTM" else []), **options)
    x = jnp.sin(jnp.arange(40.0)).reshape(2, 5, 4)
    model = deepkit.Sequential([deepkit.Input((5, 4)), deepkit.layers.Dense(4, "tanh"), layer])
    variables = model.trainable_variables

    def output(x):
        return deepkit.ops.sum(model(x, training=True) ** 3)

    @deepkit.function
    def with_tapes(x):
        with GradientTape() as outer:
            with GradientTape() as inner:
                inner.watch(x)
                y = output(x)
            squares = deepkit.ops.sum(inner.gradient(y, x) ** 2)
        return outer.gradient(squares, variables)

    def with_jax(values):
        def output_of(x):
            with deepkit.StatelessScope(zip(variables, values)):
                return output(x)

        return jnp.sum(jax.grad(output_of)(x) ** 2)

    expected = jax.grad(with_jax)([variable.value for variable in variables])
    # Normalization cancels parts of the size of the largest one.
    largest = max(float(jnp.abs(b).max()) for b in expected)
    for a, b in zip(with_tapes(x), expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5 * largest)


def test_around_gradients_that_are_worked_out_otherwise():
    w = deepkit.Variable(2.0)
    with GradientTape() as tape:
        value, (gradient,) = deepkit.value_and_grad(lambda: w**3, [w])()
        total = value + gradient
    assert float(tape.gradient(total, w)) == 3 * 4.0 + 6 * 2.0
