"""When attention is left to cuDNN, and how it is called; no test runs it."""

import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit import ops
from deepkit.core import config
from deepkit.ops import _cudnn_attention as cudnn


def arrays(queries=64, keys=64, depth=32, value_depth=None, heads=4, batch=2, dtype="bfloat16"):
    def array(length, heads, depth):
        return jax.ShapeDtypeStruct((batch, length, heads, depth), jnp.dtype(dtype))

    return array(queries, heads, depth), array(keys, 2, depth), array(keys, 2, value_depth or depth)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"dtype": "float16"},
        {"depth": 128},
        {"depth": 8},
        {"queries": 1000},
        {"keys": 65},
    ],
    ids=str,
)
def test_shapes_for_which_there_is_a_kernel(options):
    assert cudnn.suits_cudnn(*arrays(**options), is_causal=False)


@pytest.mark.parametrize(
    "options",
    [
        {"dtype": "float32"},
        {"depth": 136},
        {"depth": 12},
        {"value_depth": 64},
        {"queries": 63},
        {"keys": 63},
        {"batch": 0},
    ],
    ids=str,
)
def test_shapes_for_which_there_is_none(options):
    assert not cudnn.suits_cudnn(*arrays(**options), is_causal=False)


def test_causal_attention_is_of_a_sequence_to_itself():
    assert cudnn.suits_cudnn(*arrays(), is_causal=True)
    assert not cudnn.suits_cudnn(*arrays(queries=128), is_causal=True)


def test_dtypes_must_agree():
    query, key, value = arrays()
    half = jax.ShapeDtypeStruct(value.shape, jnp.float16)
    assert not cudnn.suits_cudnn(query, key, half, is_causal=False)


@pytest.fixture
def on_device(monkeypatch):
    def set_device(backend, **device):
        monkeypatch.setattr(jax, "default_backend", lambda: backend)
        monkeypatch.setattr(jax, "local_devices", lambda: [types.SimpleNamespace(**device)])

    return set_device


@pytest.mark.parametrize(
    ("backend", "capability", "expected"),
    [
        ("gpu", "9.0", True),
        ("gpu", "10.3", True),
        ("gpu", "8.0", True),
        ("gpu", "7.5", False),
        ("gpu", "gfx90a", False),
        ("tpu", "9.0", False),
        ("cpu", "9.0", False),
    ],
)
def test_devices(on_device, backend, capability, expected):
    on_device(backend, compute_capability=capability)
    assert cudnn.runs_on_cudnn(*arrays(), is_causal=False) == expected


def test_a_device_that_does_not_say_what_it_can_do(on_device):
    on_device("gpu")
    assert not cudnn.runs_on_cudnn(*arrays(), is_causal=False)


@pytest.fixture
def calls(on_device, monkeypatch):
    """What is left to `jax.nn` on a GPU, where XLA's form works it out."""
    on_device("gpu", compute_capability="9.0")
    noted, attend = [], jax.nn.dot_product_attention

    def note(*args, implementation, **options):
        noted.append((implementation, options["is_causal"], args[3:]))
        with jax.numpy_dtype_promotion("standard"):  # XLA's form is not written for strict
            return attend(*args, implementation="xla", **options)

    monkeypatch.setattr(jax.nn, "dot_product_attention", note)
    monkeypatch.setattr(config._SETTINGS, "flash_attention", None)
    return noted


def normal(*shape):
    return jnp.asarray(np.random.default_rng(0).normal(size=shape), "bfloat16")


@pytest.mark.parametrize("is_causal", [False, True])
def test_the_op_chooses_it_by_itself(calls, is_causal):
    x = normal(2, 64, 4, 16)
    actual = ops.dot_product_attention(x, x, x, is_causal=is_causal)
    assert calls == [("cudnn", is_causal, (None, None))]
    expected = ops.dot_product_attention(x, x, x, is_causal=is_causal, flash_attention=False)
    assert len(calls) == 1
    # One rounding of bfloat16 in another place.
    np.testing.assert_allclose(
        actual.astype("float32"), expected.astype("float32"), rtol=2**-7, atol=2**-7
    )


@pytest.mark.parametrize(
    "options",
    [
        {"mask": np.ones((1, 1, 64, 64), "bool")},
        {"bias": np.zeros((1, 1, 64, 64), "float32")},
        {"attn_logits_soft_cap": 5.0},
    ],
    ids=str,
)
def test_the_op_does_not_choose_it(calls, options):
    x = normal(2, 64, 4, 16)
    ops.dot_product_attention(x, x, x, **options)
    assert calls == []


def test_a_setting_comes_first(calls):
    x = normal(2, 64, 4, 16)
    deepkit.config.disable_flash_attention()
    ops.dot_product_attention(x, x, x)
    assert calls == []
    deepkit.config.enable_flash_attention()
    ops.dot_product_attention(x, x, x, mask=np.ones((1, 1, 64, 64), "bool"))
    assert [implementation for implementation, *_ in calls] == ["cudnn"]


def make_layer(**options):
    return deepkit.layers.MultiHeadAttention(2, 8, dtype="bfloat16", **options)


@pytest.mark.parametrize("is_causal", [False, True])
def test_layers_choose_it(calls, is_causal):
    x = normal(2, 64, 16)
    layer = make_layer()
    actual = layer(x, x, use_causal_mask=is_causal)
    assert calls == [("cudnn", is_causal, (None, None))]
    # Scores that are returned have to exist.
    expected, _ = layer(x, x, use_causal_mask=is_causal, return_attention_scores=True)
    assert len(calls) == 1
    # A few roundings of bfloat16 of numbers of about one.
    np.testing.assert_allclose(actual.astype("float32"), expected.astype("float32"), atol=2**-5)


@pytest.mark.parametrize(
    ("options", "call"),
    [
        ({"dropout": 0.5}, {"training": True}),
        ({"sliding_window": 3}, {}),
        ({"flash_attention": False}, {}),
        ({}, {"attention_mask": np.ones((2, 64, 64), "bool")}),
        ({}, {"query_mask": np.ones((2, 64), "bool")}),
    ],
    ids=str,
)
def test_layers_do_not_choose_it(calls, options, call):
    x = normal(2, 64, 16)
    make_layer(**options)(x, x, **call)
    assert calls == []
