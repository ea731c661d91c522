"""Bidirectional and TimeDistributed, masks that travel, and recurrent layers in models."""

import numpy as np
import pytest

import deepkit
from deepkit import layers, ops
from deepkit.tensors import get_mask
from tests.oracle import keras, oracle

GENERATOR = np.random.default_rng(5)
X = GENERATOR.normal(size=(2, 4, 3)).astype("float32")
MASK = np.array([[False, True, False, True], [True, True, True, False]])
WORDS = np.array([[[1, 2, 0], [3, 0, 0], [0, 0, 0]], [[4, 0, 0], [0, 0, 0], [2, 2, 1]]])
# Rounding of float32 over a few steps and short sums.
CLOSE = {"rtol": 1e-5, "atol": 1e-6}


# Bidirectional


@pytest.mark.parametrize("sequences", [False, True])
def test_directions_are_merged(sequences):
    ahead = layers.GRU(3, return_sequences=sequences, zero_output_for_mask=sequences)
    back = layers.GRU(
        3, return_sequences=sequences, go_backwards=True, zero_output_for_mask=sequences
    )
    a, b = ahead(X, mask=MASK), back(X, mask=MASK)
    if sequences:
        b = b[:, ::-1]
    merged = {
        "concat": np.concatenate([a, b], -1),
        "sum": a + b,
        "mul": a * b,
        "ave": (a + b) / 2,
        None: (a, b),
    }
    for mode, expected in merged.items():
        layer = layers.Bidirectional(ahead, mode, weights=ahead.get_weights() + back.get_weights())
        result = layer(X, mask=MASK)
        for mine, wanted in zip(result, expected):
            np.testing.assert_allclose(mine, wanted, **CLOSE)


def test_directions_are_new_and_named_after_the_layer():
    layer = layers.LSTM(3, name="lstm", return_state=True)
    layer(X)
    both = layers.Bidirectional(layer, name="both")
    both.build(X.shape)
    assert [w.path for w in both.weights][::3] == [
        "both/forward_lstm/lstm_cell/kernel",
        "both/backward_lstm/lstm_cell/kernel",
    ]
    assert (both.get_weights()[0] != layer.get_weights()[0]).any()
    outputs = both([X, *(np.ones((2, 3), "float32") for _ in range(4))])
    assert [o.shape for o in outputs] == [(2, 6)] + [(2, 3)] * 4


class Total(layers.Layer):
    state_size = 3

    def call(self, inputs, states):
        total = inputs + states[0]
        return total, [total]


def test_cells_of_a_user_need_no_registration():
    layer = layers.Bidirectional(layers.RNN(Total(), return_sequences=True))
    outputs = layer(X)
    np.testing.assert_allclose(outputs[..., :3], np.cumsum(X, 1), **CLOSE)
    np.testing.assert_allclose(outputs[..., 3:], np.cumsum(X[:, ::-1], 1)[:, ::-1], **CLOSE)
    custom = {"Total": Total}
    twin = layers.Bidirectional.from_config(layer.get_config(), custom_objects=custom)
    np.testing.assert_allclose(twin(X), outputs, **CLOSE)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: layers.Bidirectional(3), "`layer` .* received 3, which is no layer"),
        (lambda: layers.Bidirectional(layers.Dense(3)), "which has no `go_backwards`"),
        (
            lambda: layers.Bidirectional(layers.GRU(3), backward_layer=layers.Dense(3)),
            "Expected `backward_layer` .* which has no",
        ),
        (lambda: layers.Bidirectional(layers.GRU(3), "max"), "Expected `merge_mode`"),
        (
            lambda: layers.Bidirectional(layers.GRU(3), backward_layer=layers.GRU(3)),
            "to differ in `go_backwards`, but both have `go_backwards=False`",
        ),
        (
            lambda: layers.Bidirectional(
                layers.GRU(3),
                backward_layer=layers.GRU(3, go_backwards=True, return_sequences=True),
            ),
            "same `return_sequences`, received False forward and True backward",
        ),
    ],
)
def test_bidirectional_refuses_what_does_not_fit(make, text):
    with pytest.raises((TypeError, ValueError), match=text):
        make()


# TimeDistributed


def test_each_step_is_what_the_layer_gives():
    images = GENERATOR.normal(size=(2, 3, 5, 5, 2)).astype("float32")
    inner = deepkit.Sequential([layers.Flatten(), layers.Dense(4, activation="relu")])
    layer = layers.TimeDistributed(inner)
    outputs = layer(images)
    assert outputs.shape == (2, 3, 4)
    for step in range(3):
        np.testing.assert_allclose(outputs[:, step], inner(images[:, step]), **CLOSE)
    symbol = layer(deepkit.KerasTensor((None, None, 5, 5, 2)))
    assert symbol.shape == (None, None, 4)


def test_training_reaches_the_layer_and_several_inputs_too():
    layer = layers.TimeDistributed(layers.Dropout(0.5, seed=1))
    ones = np.ones((2, 3, 4), "float32")
    assert set(np.unique(layer(ones, training=True))) == {0.0, 2.0}
    np.testing.assert_array_equal(layer(ones), ones)
    joined = layers.TimeDistributed(layers.Concatenate())([ones, 2 * ones])
    assert joined.shape == (2, 3, 8)


def test_masks_of_steps_travel_and_masks_inside_reach_the_layer():
    words = layers.Embedding(5, 3, mask_zero=True)
    inner = layers.LSTM(4)
    sentences = layers.TimeDistributed(inner)(words(WORDS))
    for step in range(3):
        expected = inner(words(WORDS[:, step]))
        np.testing.assert_allclose(sentences[:, step], expected, **CLOSE)
    # A sentence is real if one of its words is.
    np.testing.assert_array_equal(get_mask(sentences), (WORDS != 0).any(-1))
    masked = layers.Masking()(X * MASK[..., None])
    np.testing.assert_array_equal(get_mask(layers.TimeDistributed(layers.Dense(2))(masked)), MASK)
    whole = layers.TimeDistributed(layers.GRU(2, return_sequences=True))(words(WORDS))
    np.testing.assert_array_equal(get_mask(whole), WORDS != 0)
    inside = layers.TimeDistributed(words)(WORDS)
    np.testing.assert_array_equal(get_mask(inside), WORDS != 0)


def test_a_mask_of_steps_is_not_taken_for_one_inside():
    inputs = GENERATOR.normal(size=(2, 4, 5, 3)).astype("float32")
    inner = layers.LSTM(2)
    outputs = layers.TimeDistributed(inner)(inputs, mask=MASK)
    np.testing.assert_allclose(outputs[:, 0], inner(inputs[:, 0]), **CLOSE)


def test_time_distributed_refuses_what_does_not_fit():
    with pytest.raises(TypeError, match="Expected `layer` .* to be a layer, received 3"):
        layers.TimeDistributed(3)
    with pytest.raises(ValueError, match=r"with 3 axes at least, .* received shape \(2, 4\)"):
        layers.TimeDistributed(layers.Dense(2))(X[..., 0])
    with pytest.raises(ValueError, match=r"Expected a mask of shape \(2, 4, '...'\)"):
        layers.TimeDistributed(layers.Dense(2))(X, mask=MASK[:, :2])


# In models


def test_masks_travel_through_recurrent_layers():
    embedding = layers.Embedding(5, 3, mask_zero=True)
    indices = WORDS[:, 0]
    outputs = layers.GRU(3, return_sequences=True)(embedding(indices))
    np.testing.assert_array_equal(get_mask(outputs), indices != 0)
    assert get_mask(layers.GRU(3)(embedding(indices))) is None
    outputs, state = layers.GRU(3, return_sequences=True, return_state=True)(embedding(indices))
    np.testing.assert_array_equal(get_mask(outputs), indices != 0)
    assert get_mask(state) is None
    both = layers.Bidirectional(layers.GRU(3, return_sequences=True), merge_mode=None)
    for output in both(embedding(indices)):
        np.testing.assert_array_equal(get_mask(output), indices != 0)


def _translator(module):
    """An encoder whose states start a decoder."""
    source = module.Input((None, 3), name="source")
    target = module.Input((None, 3), name="target")
    _, h, c = module.layers.LSTM(4, return_state=True, name="encoder")(source)
    decoded = module.layers.LSTM(4, return_sequences=True, name="decoder")(
        target, initial_state=[h, c]
    )
    steps = module.layers.TimeDistributed(module.layers.Dense(2), name="steps")(decoded)
    return module.Model([source, target], steps)


def _reader(module):
    """A chain through which masks travel."""
    return module.Sequential(
        [
            module.Input((None,)),
            module.layers.Embedding(5, 3, mask_zero=True),
            module.layers.Bidirectional(module.layers.GRU(2, return_sequences=True)),
            module.layers.RNN([module.layers.LSTMCell(2), module.layers.SimpleRNNCell(3)]),
        ]
    )


@pytest.mark.parametrize(
    ("make", "inputs"), [(_translator, [X, X[:, :3]]), (_reader, WORDS[:, 0])], ids=["two", "chain"]
)
def test_models_move_from_and_to_keras(make, inputs, tmp_path):
    with oracle():
        theirs = make(keras)
        expected = theirs.predict(inputs, verbose=0)
        theirs.save(tmp_path / "theirs.keras")
    mine = deepkit.models.load_model(tmp_path / "theirs.keras")
    np.testing.assert_allclose(mine.predict(inputs, verbose=0), expected, rtol=1e-4, atol=1e-6)
    mine.save(tmp_path / "mine.keras")
    with oracle():
        again = keras.models.load_model(tmp_path / "mine.keras")
        found = again.predict(inputs, verbose=0)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_calls_as_keras_writes_them_are_drawn():
    with oracle():
        source = keras.Input((4, 3))
        config = keras.Model(source, keras.layers.LSTM(2)(source)).get_config()
    assert config["layers"][1]["inbound_nodes"][0]["kwargs"] == {"training": False, "mask": None}
    model = deepkit.Model.from_config(config)
    symbol = deepkit.Input((4, 3))
    twin = deepkit.Model(symbol, model.layers[1](symbol))
    np.testing.assert_array_equal(model(X), twin(X))


def test_states_may_be_given_in_a_list_with_the_inputs():
    layer = layers.LSTM(3)
    states = [np.ones((2, 3), "float32"), -np.ones((2, 3), "float32")]
    np.testing.assert_array_equal(layer([X, *states]), layer(X, initial_state=states))
    symbols = [deepkit.KerasTensor((None, *x.shape[1:])) for x in (X, *states)]
    assert layer(symbols).shape == (None, 3)


def test_a_model_learns_to_sum():
    deepkit.utils.set_random_seed(0)
    x = GENERATOR.uniform(-1, 1, size=(64, 5, 1)).astype("float32")
    model = deepkit.Sequential([layers.Bidirectional(layers.GRU(8)), layers.Dense(1)])
    model.compile(optimizer=deepkit.optimizers.Adam(0.02), loss="mse")
    history = model.fit(x, x.sum(1), epochs=40, batch_size=32, verbose=0)
    assert history.history["loss"][-1] < 0.05 * history.history["loss"][0]
    assert ops.max(ops.abs(model.predict(x, verbose=0) - x.sum(1))) < 1
