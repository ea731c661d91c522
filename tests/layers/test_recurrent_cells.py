"""RNN with cells of a user's, stacks of cells, and what holds for cells by themselves."""

import jax
import numpy as np
import pytest

import deepkit
from deepkit import layers, ops

GENERATOR = np.random.default_rng(5)
X = GENERATOR.normal(size=(2, 4, 3)).astype("float32")
MASK = np.array([[False, True, False, True], [True, True, True, False]])
# Rounding of float32 over a few steps and short sums.
CLOSE = {"rtol": 1e-5, "atol": 1e-6}


class Running(layers.Layer):
    """Sums up its inputs and counts its steps; its output is no state."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.state_size = [3, (3, 2), 1]
        self.output_size = 2

    def get_initial_state(self, batch_size=None):
        return [
            ops.ones((batch_size, 3)),
            ops.zeros((batch_size, 3, 2)),
            ops.zeros((batch_size, 1), "int32"),
        ]

    def call(self, inputs, states):
        total, pairs, count = states
        total = total + inputs
        pairs = pairs + ops.stack([inputs, -inputs], axis=-1)
        return 10 * total[:, :2], (total, pairs, count + 1)


def _running_by_hand(mask, order):
    total, count = np.ones((2, 3), "float32"), np.zeros((2, 1), "int32")
    output, outputs = np.zeros((2, 2), "float32"), []
    for step in order:
        keep = mask[:, step, None]
        total = np.where(keep, total + X[:, step], total)
        count = np.where(keep, count + 1, count)
        output = np.where(keep, 10 * total[:, :2], output)
        outputs.append(output)
    return np.stack(outputs, axis=1), total, count


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("mask", [MASK, None], ids=["mask", "no-mask"])
def test_any_states_and_masks(backwards, mask):
    order = range(4)[::-1] if backwards else range(4)
    everywhere = np.ones((2, 4), bool) if mask is None else mask
    sequence, total, count = _running_by_hand(everywhere, order)
    layer = layers.RNN(Running(), return_sequences=True, return_state=True, go_backwards=backwards)
    outputs, *states = layer(X, mask=mask)
    np.testing.assert_allclose(outputs, sequence, **CLOSE)
    np.testing.assert_allclose(states[0], total, **CLOSE)
    np.testing.assert_allclose(states[1][..., 1], 1 - total, **CLOSE)
    np.testing.assert_array_equal(states[2], count)
    last = layers.RNN(Running(), go_backwards=backwards, unroll=True)
    np.testing.assert_allclose(last(X, mask=mask), sequence[:, -1], **CLOSE)
    zeroed = layers.RNN(
        Running(), return_sequences=True, zero_output_for_mask=True, go_backwards=backwards
    )
    kept = everywhere[:, list(order), None]
    np.testing.assert_allclose(zeroed(X, mask=mask), np.where(kept, sequence, 0), **CLOSE)


class Composed(layers.Layer):
    """A cell of layers, without a `build` of its own; returns its state bare."""

    state_size = 5

    def __init__(self, rate=0.0, **kwargs):
        super().__init__(**kwargs)
        self.inner = layers.Dense(5, activation="tanh")
        self.dropout = layers.Dropout(rate)

    def call(self, inputs, states, training=False):
        joined = ops.concatenate([self.dropout(inputs), states[0]], axis=-1)
        output = self.inner(joined)
        return output, output


def test_a_cell_of_layers_is_built_from_a_shape_and_from_a_call():
    layer = layers.RNN(Composed(), name="rnn")
    layer.build((None, None, 3))
    assert layer.weights[0].path.startswith("rnn/composed")
    twin = layers.RNN(Composed())
    outputs = twin(X)
    layer.set_weights(twin.get_weights())
    np.testing.assert_allclose(layer(X), outputs, **CLOSE)
    kernel, bias = twin.get_weights()
    state = np.zeros((2, 5), "float32")
    for step in range(4):
        state = np.tanh(np.concatenate([X[:, step], state], axis=-1) @ kernel + bias)
    np.testing.assert_allclose(outputs, state, rtol=1e-4, atol=1e-5)


def test_a_cell_gets_training_and_draws_anew_in_each_step():
    cell = Composed(rate=0.5)
    layer = layers.RNN(cell, return_sequences=True)
    layer.build((2, 6, 3))
    layer.set_weights([np.concatenate([np.eye(3, 5), np.zeros((5, 5))]), np.zeros(5)])
    ones = np.ones((2, 6, 3), "float32")
    assert np.ptp(layer(ones)) == np.tanh(1.0, dtype="float32")
    drawn = np.asarray(layer(ones, training=True))[..., :3]
    assert (drawn != drawn[:, :1]).any()
    assert (drawn != np.asarray(layer(ones, training=True))[..., :3]).any()


class Plain:
    """A cell that is no layer."""

    state_size = 3

    def call(self, inputs, states):
        return inputs + states[0], [inputs + states[0]]


def test_a_cell_need_not_be_a_layer():
    np.testing.assert_allclose(layers.RNN(Plain())(X), X.sum(1), **CLOSE)


class Recording(layers.Layer):
    """Counts its calls in a variable, and adds losses."""

    state_size = 3

    def build(self, input_shape):
        self.steps = self.add_weight("steps", (), initializer="zeros", trainable=False)

    def call(self, inputs, states):
        self.steps.assign_add(1.0)
        self.add_loss(ops.sum(inputs))
        return inputs, states


def test_a_cell_may_change_variables_and_add_losses():
    layer = layers.RNN(Recording())
    layer(X)
    assert float(layer.cell.steps) == 4
    np.testing.assert_allclose(sum(layer.losses), X.sum(), rtol=1e-5)
    values = [v.value for v in layer.non_trainable_variables]
    _, after, losses = jax.jit(
        lambda values: layer.stateless_call([], values, X, return_losses=True)
    )(values)
    assert float(after[0]) == 8
    np.testing.assert_allclose(losses[0], X.sum(), rtol=1e-5)


class Scaled(layers.LSTMCell):
    """A library cell with a `call` around the library's."""

    def call(self, inputs, states, training=False):
        return super().call(inputs, states, training=training)


@pytest.mark.parametrize("training", [False, True])
def test_a_library_cell_may_be_extended(training):
    options = {"dropout": 0.5, "recurrent_dropout": 0.5, "seed": 2}
    layer = layers.RNN(layers.LSTMCell(3, **options), return_sequences=True)
    twin = layers.RNN(Scaled(3, **options), return_sequences=True)
    expected = layer(X, training=training, mask=MASK)
    twin.build(X.shape)
    twin.set_weights(layer.get_weights())
    np.testing.assert_allclose(twin(X, training=training, mask=MASK), expected, **CLOSE)


def test_activity_regularizer_of_a_cell_acts_in_each_step():
    layer = layers.RNN(layers.SimpleRNNCell(3, activity_regularizer="l2"), return_sequences=True)
    outputs = layer(X)
    np.testing.assert_allclose(layer.losses[0], 0.01 * np.square(outputs).sum(), rtol=1e-5)


# Stacks


def _stack(**options):
    return layers.RNN([layers.LSTMCell(3), Composed(), layers.GRUCell(2)], **options)


def test_a_stack_gives_what_layers_in_a_row_give():
    stack = _stack(return_sequences=True, return_state=True, go_backwards=True)
    outputs, *states = stack(X, mask=MASK)
    assert jax.tree.map(np.shape, states) == [[(2, 3), (2, 3)], (2, 5), [(2, 2)]]
    weights = stack.get_weights()
    inputs = X[:, ::-1]
    row = [layers.LSTM(3), layers.RNN(Composed()), layers.GRU(2)]
    for layer, count in zip(row, (3, 2, 3)):
        layer.return_sequences = True
        layer.build(inputs.shape)
        layer.set_weights(weights[:count])
        weights = weights[count:]
        inputs = layer(inputs, mask=MASK[:, ::-1])
    np.testing.assert_allclose(outputs, inputs, rtol=1e-4, atol=1e-5)


def test_a_stack_by_hand_and_from_given_states():
    stack = _stack(return_sequences=True, return_state=True)
    states = jax.tree.map(lambda s: s + 0.5, stack.get_initial_state(2))
    outputs, *after = stack(X, initial_state=states)
    flat, *_ = stack(X, initial_state=jax.tree.leaves(states))
    np.testing.assert_array_equal(flat, outputs)
    for step in range(4):
        output, states = stack.cell(X[:, step], states)
        np.testing.assert_allclose(output, outputs[:, step], **CLOSE)
    for mine, expected in zip(jax.tree.leaves(states), jax.tree.leaves(after)):
        np.testing.assert_allclose(mine, expected, **CLOSE)


def test_a_stack_is_written_and_read():
    layer = layers.RNN([layers.LSTMCell(3), Composed(rate=0.25)])
    layer(X)
    config = deepkit.saving.serialize_keras_object(layer)
    custom = {"Composed": Composed}
    twin = deepkit.saving.deserialize_keras_object(config, custom_objects=custom)
    assert twin.cell.cells[1].dropout.rate == 0.25
    twin = layers.RNN.from_config(layer.get_config(), custom_objects=custom)
    twin.build(X.shape)
    twin.set_weights(layer.get_weights())
    np.testing.assert_allclose(twin(X), layer(X), **CLOSE)


# Messages


class Wrong(layers.Layer):
    state_size = 4

    def call(self, inputs, states):
        return inputs, [inputs]


def test_refuses_what_is_no_cell_or_returns_other_states():
    with pytest.raises(TypeError, match=r"Expected a recurrent cell .*, but Dense has no `state_"):
        layers.RNN(layers.Dense(2))
    with pytest.raises(TypeError, match="in the layer 'stack'.* but int has no `call`"):
        layers.StackedRNNCells([layers.LSTMCell(2), 3], name="stack")
    with pytest.raises(ValueError, match=r"\[\(2, 4\)\], but it returned \[\(2, 3\)\]"):
        layers.RNN(Wrong())(X)
