"""Transformations of optax take the steps that they take in plain JAX."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import deepkit
from deepkit.core import errors
from tests.optimizers.problems import SHAPES, gradients, make_variables

TRANSFORMATIONS = {
    "sgd": lambda: optax.sgd(0.1, momentum=0.9, nesterov=True),
    "adam": lambda: optax.adam(0.05),
    "adamw without biases": lambda: optax.adamw(
        0.05, weight_decay=0.2, mask=lambda params: {name: "bias" not in name for name in params}
    ),
    "chain": lambda: optax.chain(
        optax.clip_by_global_norm(0.5), optax.lamb(optax.cosine_decay_schedule(0.1, 20))
    ),
    "labels": lambda: optax.multi_transform(
        {"slow": optax.sgd(0.01), "fast": optax.adam(0.1)},
        lambda params: {name: "slow" if "embed" in name else "fast" for name in params},
    ),
    "injected": lambda: optax.inject_hyperparams(optax.rmsprop)(learning_rate=0.05),
    "accumulating": lambda: optax.MultiSteps(optax.adam(0.05), every_k_schedule=2),
}


def plain(transformation):
    """The steps as optax's users write them."""
    with jax.numpy_dtype_promotion("standard"):
        params = {v.path: v.value for v in make_variables(deepkit)}
        state = transformation.init(params)
        update = jax.jit(transformation.update)
        for grads in gradients():
            named = dict(zip(SHAPES, map(jnp.asarray, grads)))
            updates, state = update(named, state, params)
            params = optax.apply_updates(params, updates)
    return params, jax.tree.leaves(state)


@pytest.mark.parametrize("name", TRANSFORMATIONS)
def test_steps_of_plain_optax(name):
    params, state = plain(TRANSFORMATIONS[name]())
    variables = make_variables(deepkit)
    optimizer = deepkit.optimizers.get(TRANSFORMATIONS[name]())
    for grads in gradients():
        optimizer.apply(grads, variables)
    for variable in variables:
        np.testing.assert_allclose(variable.numpy(), params[variable.path], rtol=1e-6, atol=1e-7)
    for received, expected in zip(optimizer.variables[1:], state, strict=True):
        assert received.dtype == expected.dtype
        np.testing.assert_allclose(received.numpy(), expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", ["adam", "chain", "accumulating"])
def test_compiled_steps_equal_eager_ones(name):
    params, _ = plain(TRANSFORMATIONS[name]())
    variables = make_variables(deepkit)
    optimizer = deepkit.optimizers.OptaxOptimizer(TRANSFORMATIONS[name]())
    optimizer.build(variables)

    @jax.jit
    def run(values, own, steps):
        def body(state, grads):
            return optimizer.stateless_apply(state[1], grads, state[0]), None

        return jax.lax.scan(body, (values, own), steps)[0]

    stacked = [jnp.stack(column) for column in zip(*gradients())]
    values, own = run([v.value for v in variables], [v.value for v in optimizer.variables], stacked)
    # The same steps, fused.
    for name, value in zip(SHAPES, values, strict=True):
        np.testing.assert_allclose(value, params[name], rtol=1e-5, atol=1e-6)
    assert int(own[0]) == len(gradients())


def test_names_of_the_state():
    optimizer = deepkit.optimizers.OptaxOptimizer(optax.adam(0.1), name="o")
    optimizer.build([deepkit.Variable(1.0, name="w"), deepkit.Variable(1.0, name="w")])
    assert [v.path for v in optimizer.variables] == [
        "o/iteration",
        "o/0_count",
        "o/0_mu_w",
        "o/0_mu_w_1",
        "o/0_nu_w",
        "o/0_nu_w_1",
    ]


def test_options_of_the_base():
    optimizer = deepkit.optimizers.OptaxOptimizer(
        optax.sgd(1.0), use_ema=True, ema_momentum=0.5, gradient_accumulation_steps=2
    )
    weight, path = deepkit.Variable(0.0), []
    for gradient in (-1.0, -3.0, -2.0, -2.0):
        optimizer.apply([gradient], [weight])
        path.append((float(weight), float(optimizer._model_variables_moving_average[0])))
    # The first update, of two steps, sets the average; after that each step halves the distance.
    assert path == [(0.0, 0.0), (2.0, 2.0), (2.0, 2.0), (4.0, 3.0)]


def test_variables_without_gradients_stay():
    optimizer = deepkit.optimizers.get(optax.adamw(0.1, weight_decay=0.5))
    a, b = deepkit.Variable(1.0, name="a"), deepkit.Variable(1.0, name="b")
    with pytest.warns(UserWarning, match=r"\['b'\]"):
        optimizer.apply([1.0, None], [a, b])
    assert float(a) < 1.0 and float(b) == 1.0


def test_learning_rate_that_was_injected():
    optimizer = deepkit.optimizers.get(optax.inject_hyperparams(optax.sgd)(learning_rate=0.5))
    weight = deepkit.Variable(4.0)
    optimizer.apply([2.0], [weight])
    assert float(optimizer.learning_rate) == 0.5
    optimizer.learning_rate = 0.25
    optimizer.apply([2.0], [weight])
    assert float(weight) == 2.5


def test_learning_rate_that_was_not():
    optimizer = deepkit.optimizers.get(optax.sgd(0.5))
    with pytest.raises(AttributeError, match=r"lies inside .* `optax.inject_hyperparams"):
        _ = optimizer.learning_rate
    with pytest.raises(AttributeError, match="lies inside"):
        optimizer.learning_rate = 0.1


def test_state_in_a_store():
    optimizer, weight = deepkit.optimizers.get(optax.adam(0.5)), deepkit.Variable([1.0, 2.0])
    optimizer.apply([[1.0, -1.0]], [weight])
    store = {}
    optimizer.save_own_variables(store)
    again = deepkit.optimizers.get(optax.adam(0.5))
    again.build([weight])
    again.load_own_variables(store)
    for received, expected in zip(again.get_weights(), optimizer.get_weights(), strict=True):
        np.testing.assert_array_equal(received, expected)


def test_buffers_of_the_state_are_its_own():
    transformation = optax.GradientTransformation(
        init=lambda params: params, update=lambda updates, state, params: (updates, state)
    )
    variables = make_variables(deepkit)
    optimizer = deepkit.optimizers.get(transformation)
    optimizer.build(variables)
    apply = jax.jit(optimizer.stateless_apply, donate_argnums=(0, 2))
    values, _ = apply(
        [v.value for v in optimizer.variables], gradients()[0], [v.value for v in variables]
    )
    assert len(values) == len(variables)


def test_configs_are_refused():
    optimizer = deepkit.optimizers.OptaxOptimizer(optax.adam(0.1), name="o")
    with pytest.raises(errors.SerializationError, match=r"'o' wraps an optax .*`model.compile\("):
        deepkit.optimizers.serialize(optimizer)


def test_optax_is_not_imported():
    code = "import deepkit.optimizers, sys; sys.exit('optax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_is_no_transformation():
    with pytest.raises(
        TypeError, match=r"`transformation` to have `init` and `update`, .* received 3"
    ):
        deepkit.optimizers.OptaxOptimizer(3)
