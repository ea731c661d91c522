"""Softmax keeps one array for its slope, which is that of the formula in every mode."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from deepkit.losses._log_likelihood import log_likelihood
from deepkit.ops._gelu import exact_gelu, tanh_gelu
from deepkit.ops._softmax import log_softmax, masked_softmax, softmax

X = jnp.asarray(np.random.default_rng(0).normal(size=(3, 4)), "float32")
MASK = jnp.asarray([[True, False, True, True], [False] * 4, [True] * 4])
LABELS = jnp.asarray([0, 3, 1], "int32")

FUNCTIONS = {
    "softmax": (lambda x: softmax(x, -1), lambda x: jnp.exp(x) / jnp.exp(x).sum(-1, keepdims=True)),
    "softmax of all": (lambda x: softmax(x, (0, 1)), lambda x: jnp.exp(x) / jnp.exp(x).sum()),
    "log_softmax": (
        lambda x: log_softmax(x, -1),
        lambda x: x - jnp.log(jnp.exp(x).sum(-1, keepdims=True)),
    ),
    "log_likelihood": (
        lambda x: log_likelihood(x, LABELS, 1),
        lambda x: x[jnp.arange(3), LABELS] - jnp.log(jnp.exp(x).sum(-1)),
    ),
    "exact_gelu": (exact_gelu, lambda x: x * (1 + jax.lax.erf(x / np.float32(2**0.5))) / 2),
    "tanh_gelu": (tanh_gelu, lambda x: jax.nn.gelu(x, approximate=True)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_value_and_slopes_are_those_of_the_formula(name):
    ours, plain = FUNCTIONS[name]
    np.testing.assert_allclose(ours(X), plain(X), rtol=1e-5, atol=1e-6)
    direction = jnp.cos(X)
    for compiled in (lambda f: f, jax.jit):
        tangents = [
            compiled(lambda x, f=f: jax.jvp(f, (x,), (direction,))[1])(X) for f in (ours, plain)
        ]
        np.testing.assert_allclose(*tangents, rtol=1e-4, atol=1e-6)
        curvatures = [
            compiled(jax.hessian(lambda x, f=f: jnp.sum(jnp.sin(f(x)))))(X) for f in (ours, plain)
        ]
        np.testing.assert_allclose(*curvatures, rtol=1e-3, atol=1e-5)
    check_grads(ours, (X,), order=1, modes=["rev"], atol=1e-2, rtol=1e-2)


def test_masked_softmax():
    found = masked_softmax(X, MASK, -1)
    seen = np.where(MASK, np.exp(X), 0.0)
    expected = np.where(
        MASK.any(-1, keepdims=True), seen / np.maximum(seen.sum(-1, keepdims=True), 1e-9), 0.25
    )
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    slope = jax.grad(lambda x: jnp.sum(jnp.sin(3 * masked_softmax(x, MASK, -1))))(X)
    np.testing.assert_array_equal(slope[1], 0.0)
    np.testing.assert_array_equal(slope[0, 1], 0.0)
    assert np.all(np.asarray(slope[2]) != 0.0)


def test_far_logits_and_labels_that_name_nothing():
    x = jnp.asarray([[1e4, 0.0], [-1e4, 0.0], [0.0, 1.0]], "float32")
    labels = jnp.asarray([1, 0, 7], "int32")
    found = log_likelihood(x, labels, 1)
    np.testing.assert_array_equal(found[:2], [-1e4, -1e4])
    assert np.isnan(found[2])
    slope = jax.grad(lambda x: log_likelihood(x, labels, 1)[:2].sum())(x)
    np.testing.assert_array_equal(slope, [[-1.0, 1.0], [1.0, -1.0], [0.0, 0.0]])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_one_array_is_kept(name):
    """Between the pass forwards and the one backwards, that is; here of the size of the input."""
    x = jnp.zeros((64, 32))
    labels = jnp.zeros(64, "int32")
    function = FUNCTIONS[name][0]
    if name == "log_likelihood":
        function = lambda x: log_likelihood(x, labels, 1)  # noqa: E731
    _, pull = jax.vjp(function, x)
    kept = [leaf for leaf in jax.tree.leaves(pull) if getattr(leaf, "size", 0) >= x.size]
    assert len(kept) == 1, [leaf.shape for leaf in kept]
