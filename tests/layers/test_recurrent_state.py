"""Recurrent layers that keep their states between calls."""

import jax
import numpy as np
import pytest

import deepkit
from deepkit import layers
from tests.oracle import keras, oracle

GENERATOR = np.random.default_rng(5)
X = GENERATOR.normal(size=(2, 6, 3)).astype("float32")
FIRST, SECOND = X[:, :2], X[:, 2:]
# Rounding of float32 over a few steps and short sums.
CLOSE = {"rtol": 1e-5, "atol": 1e-6}


def _make(kind, module=layers, **options):
    if kind == "stack":
        return module.RNN([module.LSTMCell(3), module.GRUCell(2)], stateful=True, **options)
    if kind == "Bidirectional":
        return module.Bidirectional(module.GRU(3, stateful=True, **options))
    return getattr(module, kind)(3, stateful=True, **options)


KINDS = ("SimpleRNN", "LSTM", "GRU", "stack", "Bidirectional")
every_kind = pytest.mark.parametrize("kind", KINDS)


@every_kind
def test_two_calls_and_a_reset_agree_with_keras(kind):
    layer = _make(kind)
    results = [layer(FIRST), layer(SECOND)]
    layer.reset_state()
    results.append(layer(SECOND))
    with oracle():
        twin = _make(kind, keras.layers)
        twin.build(FIRST.shape)
        twin.set_weights(layer.get_weights())
        expected = [twin(FIRST), twin(SECOND)]
        # Keras cannot reset stacks, whose states are nested.
        for state in keras.tree.flatten(twin.states):
            state.assign(np.zeros(state.shape))
        expected.append(twin(SECOND))
    for mine, theirs in zip(results, expected):
        np.testing.assert_allclose(mine, theirs, **CLOSE)


@every_kind
def test_states_are_carried_under_jit_and_are_no_weights(kind):
    layer = _make(kind)
    layer.build(X.shape)
    count = len(deepkit.tree.flatten(layer.states))
    assert len(layer.weights) % 3 == 0
    assert not any("rnn_state" in w.path for w in layer.weights)
    assert sum("rnn_state" in v.path for v in layer.non_trainable_variables) == count
    weights = [v.value for v in layer.trainable_variables]
    call = jax.jit(lambda state, x: layer.stateless_call(weights, state, x))
    state = [v.value for v in layer.non_trainable_variables]
    _, state = call(state, FIRST)
    carried, _ = call(state, SECOND)
    layer(FIRST)
    np.testing.assert_allclose(carried, layer(SECOND), **CLOSE)


def test_a_model_carries_states_from_batch_to_batch():
    model = deepkit.Sequential(
        [deepkit.Input(batch_shape=(2, 3, 3)), layers.LSTM(3, stateful=True, name="lstm")]
    )
    whole = layers.LSTM(3)
    whole.build(X.shape)
    whole.set_weights(model.get_weights())
    batches = np.concatenate([X[:, :3], X[:, 3:]])
    predicted = model.predict(batches, batch_size=2, verbose=0)
    np.testing.assert_allclose(predicted[2:], whole(X), **CLOSE)
    model.get_layer("lstm").reset_states()
    model.compile(loss="mse", optimizer=deepkit.optimizers.SGD(0.0))
    model.fit(batches, np.zeros((4, 3)), batch_size=2, shuffle=False, verbose=0)
    np.testing.assert_allclose(model.get_layer("lstm").states[0], whole(X), **CLOSE)


def test_states_can_be_given():
    layer = layers.LSTM(3, stateful=True)
    layer(FIRST)
    kept = [np.array(state) for state in layer.states]
    expected = layer(SECOND)
    layer.reset_state(kept)
    np.testing.assert_allclose(layer(SECOND), expected, **CLOSE)
    np.testing.assert_allclose(layer(SECOND, initial_state=kept), expected, **CLOSE)


def test_states_stay_in_full_precision_and_outside_of_files(tmp_path):
    model = deepkit.Sequential(
        [
            deepkit.Input(batch_shape=(2, 3, 3)),
            layers.GRU(3, stateful=True, dtype="mixed_bfloat16", name="gru"),
        ]
    )
    model(X[:, :3])
    assert model.get_layer("gru").states[0].dtype == "float32"
    model.save(tmp_path / "m.keras")
    with oracle():
        twin = keras.models.load_model(tmp_path / "m.keras")
        assert len(twin.get_weights()) == 3
    loaded = deepkit.models.load_model(tmp_path / "m.keras")
    assert not np.any(loaded.get_layer("gru").states[0])


def test_messages():
    layer = layers.LSTM(3, stateful=True)
    with pytest.raises(RuntimeError, match="Expected a stateful layer that was called before"):
        layer.reset_state()
    with pytest.raises(ValueError, match=r"Expected a known batch size .* \(None, 4, 3\)"):
        layer(deepkit.Input((4, 3)))
    layer = layers.LSTM(3, stateful=True)
    layer(X)
    with pytest.raises(ValueError, match="Expected batches of 2 samples .* received 1"):
        layer(X[:1])
    with pytest.raises(RuntimeError, match="Expected stateful layers in `reset_state`"):
        layers.Bidirectional(layers.LSTM(3)).reset_state()
    with pytest.raises(RuntimeError, match="`stateful=False` and no states"):
        layers.LSTM(3).reset_state()
