"""The benchmarks run, in small sizes, and their hand-written nets do the work that deepkit's do."""

import pathlib
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit

FOLDER = pathlib.Path(__file__).parent.parent / "benchmarks"


@pytest.fixture(scope="module", autouse=True)
def _importable():
    sys.path.insert(0, str(FOLDER))
    yield
    sys.path.remove(str(FOLDER))


RESNET = {"size": 32, "width": 8, "blocks": (1, 2), "classes": 7}
DECODER = {"depth": 2, "width": 16, "heads": 2, "vocabulary": 50, "tokens": 8}
NETS = {
    "tab": {},
    "mlp": {},
    "cnn": {"dropout": 0.0},
    "convnet": {"size": 8},
    "lstm": {},
    "transformer": {},
    "resnet50": RESNET,
    "decoder": DECODER,
}


def _sample(name, sizes, generator):
    if name == "decoder":
        tokens = generator.integers(0, sizes["vocabulary"], (3, sizes["tokens"] + 1))
        return tokens[:, :-1].astype("int32"), tokens[:, 1:].astype("int32")
    if "size" in sizes:
        shape = (3, sizes["size"], sizes["size"], 3)
        return generator.normal(size=shape).astype("float32"), np.array([1, 5, 6], "int32")
    import models

    return models.data(name, 3)


def _fused(values):
    """Weights of an attention as the hand-written nets hold them."""
    projections = values[:6]
    kernels, biases = jnp.stack(projections[::2], 1), jnp.stack(projections[1::2])
    return kernels, biases, *values[6:]


def _by_layer(model):
    """Trainable weights and others by the name of their layer, with noise against equal ones."""
    generator = np.random.default_rng(1)
    params, moving = {}, {}
    for layer in model.layers:
        for weight in layer.weights:
            noise = np.abs(generator.normal(size=weight.shape)).astype("float32")
            weight.assign(weight.value + 0.05 * noise)
        values = tuple(jnp.copy(weight.value) for weight in layer.trainable_variables)
        if layer.name.endswith("_attention"):
            values = _fused(values)
        if values:
            params[layer.name] = values
        if layer.name.endswith("norm") or "_norm" in layer.name:
            moving[layer.name] = tuple(jnp.copy(v.value) for v in layer.non_trainable_variables)
    moving = {name: values for name, values in moving.items() if values}
    return params, moving


@pytest.mark.parametrize("name", NETS)
def test_a_net_by_hand_does_the_work_of_deepkits(name):
    import by_hand
    import models

    sizes = NETS[name]
    model = getattr(models, name)(deepkit, **sizes)
    net = getattr(by_hand, name)(**sizes)
    state = by_hand.begin(net)
    params, moving = _by_layer(model)
    assert _shapes((state.params, state.moving)) == _shapes((params, moving))
    state = state._replace(params=params, moving=moving)
    x, y = _sample(name, sizes, np.random.default_rng(0))
    step = jax.jit(by_hand.step, static_argnums=0)
    for _ in range(3):
        expected = model.train_on_batch(x, y, return_dict=True)
        state, values = step(net, state, x, y)
        # Sums in another order; Adam makes steps of one size out of gradients near zero.
        np.testing.assert_allclose(values, list(expected.values()), rtol=1e-4)
        model.reset_metrics()


def _shapes(tree):
    return jax.tree.map(jnp.shape, tree)
