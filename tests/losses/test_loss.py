"""The base class: users' subclasses and functions, structures, dtypes, names, symbolic calls."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deepkit import losses
from deepkit.core.errors import ArgumentError, DTypeError, StateError
from deepkit.tensors import DTypePolicy, KerasTensor, Variable

TRUE = np.array([[0.0], [1.0], [2.0]], "float32")
PRED = np.array([[1.0], [1.0], [4.0]], "float32")


class Clipped(losses.Loss):
    """A user's loss with a setting, as in the books."""

    def __init__(self, limit=1.0, **kwargs):
        self.limit = limit
        super().__init__(**kwargs)

    def call(self, y_true, y_pred):
        return jnp.mean(jnp.minimum(jnp.abs(y_true - y_pred), self.limit), axis=-1)

    def get_config(self):
        return {**super().get_config(), "limit": self.limit}


def test_a_users_loss():
    loss = Clipped(limit=1.5, reduction="sum", name="clipped_error")
    assert float(loss(TRUE, PRED)) == 2.5
    assert float(loss(TRUE, PRED, sample_weight=[1.0, 1.0, 2.0])) == 4.0
    config = loss.get_config()
    assert config == {"name": "clipped_error", "reduction": "sum", "limit": 1.5}
    assert Clipped.from_config(config).get_config() == config


def test_a_users_loss_from_a_file():
    entry = losses.serialize(Clipped(limit=1.5))
    back = losses.deserialize(entry, custom_objects={"Clipped": Clipped})
    assert type(back) is Clipped
    assert back.limit == 1.5


def test_automatic_names_count():
    class LossOfMine(Clipped):
        pass

    first, second = LossOfMine().name, LossOfMine().name
    assert first == "loss_of_mine"
    assert second == "loss_of_mine_1"


def test_a_loss_without_call_says_so():
    with pytest.raises(StateError, match=r"Loss has no `call` method\. Define `call"):
        losses.Loss()(TRUE, PRED)


@pytest.mark.parametrize("true_shape", [(3,), (3, 1)])
@pytest.mark.parametrize("pred_shape", [(3,), (3, 1)])
def test_plain_functions_get_equal_ranks(true_shape, pred_shape):
    loss = losses.LossFunctionWrapper(lambda t, p: jnp.square(t - p), reduction="none")
    found = loss(TRUE.reshape(true_shape), PRED.reshape(pred_shape))
    assert found.shape == (pred_shape if true_shape == pred_shape else (3, 1))
    np.testing.assert_array_equal(np.ravel(found), [1.0, 0.0, 4.0])


def test_plain_functions_get_their_options():
    def power(y_true, y_pred, exponent):
        return jnp.mean(jnp.abs(y_true - y_pred) ** exponent, axis=-1)

    assert float(losses.LossFunctionWrapper(power, exponent=3)(TRUE, PRED)) == 3.0


def test_the_name_of_a_wrapper():
    assert losses.LossFunctionWrapper(losses.mse, name="mine").name == "mine"
    assert losses.LossFunctionWrapper(losses.mse).name.startswith("loss_function_wrapper")
    assert "mean_squared_error" in repr(losses.LossFunctionWrapper(losses.mse))


def test_nested_targets_and_predictions():
    def total(y_true, y_pred):
        assert y_true["b"].shape == y_pred["b"].shape == (3, 1)
        return sum(jnp.mean((y_true[k] - y_pred[k]) ** 2, axis=-1) for k in y_true)

    loss = losses.LossFunctionWrapper(total)
    y_true = {"a": TRUE, "b": TRUE[:, 0].astype("float64")}
    y_pred = {"a": PRED, "b": PRED}
    np.testing.assert_allclose(loss(y_true, y_pred), 10 / 3, rtol=1e-6)


def test_structures_of_other_forms_raise():
    loss = losses.LossFunctionWrapper(lambda t, p: p[0])
    with pytest.raises(ArgumentError, match="structures of the same form"):
        loss([TRUE, TRUE], [PRED])


def test_inputs_are_converted_to_the_dtype():
    seen = []

    class Spy(losses.Loss):
        def call(self, y_true, y_pred):
            seen.append((y_true.dtype, y_pred.dtype))
            return jnp.mean(y_true - y_pred, axis=-1)

    for dtype in (None, "float16", "bfloat16", jnp.bfloat16, DTypePolicy("mixed_float16")):
        Spy(dtype=dtype)(np.zeros((2, 1), "int64"), np.zeros((2, 1), "float64"))
    assert [t for t, _ in seen] == ["float32", "float16", "bfloat16", "bfloat16", "float16"]
    assert all(t == p for t, p in seen)


def test_the_dtype_is_in_the_config_where_it_was_given():
    assert "dtype" not in losses.MeanSquaredError().get_config()
    config = losses.MeanSquaredError(dtype=DTypePolicy("mixed_bfloat16")).get_config()
    assert config["dtype"] == "mixed_bfloat16"
    assert losses.MeanSquaredError.from_config(config).dtype == "bfloat16"


def test_variables_are_read():
    prediction = Variable(PRED)
    expected = float(losses.MeanSquaredError()(TRUE, PRED))
    assert float(losses.MeanSquaredError()(TRUE, prediction)) == expected
    np.testing.assert_allclose(losses.mse(TRUE, prediction), [1.0, 0.0, 4.0])


def test_integer_predictions_are_real_numbers():
    np.testing.assert_allclose(losses.mse([[0.5]], np.array([[1]])), [0.25])


def test_complex_numbers_are_refused():
    for loss in (losses.MeanSquaredError(), losses.mse):
        with pytest.raises(DTypeError, match=r"real numbers in a loss, received complex64\. Give"):
            loss(TRUE, PRED + 1j)


def test_symbolic_inputs_draw_a_node():
    y_true, y_pred = KerasTensor((None, 3)), KerasTensor((None, 3))
    assert losses.mean_squared_error(y_true, y_pred).shape == (None,)
    assert losses.MeanSquaredError()(y_true, y_pred).shape == ()
    labels = KerasTensor((None,), "int32")
    assert losses.sparse_categorical_crossentropy(labels, y_pred).shape == (None,)


def test_gradients_by_sample():
    loss = losses.MeanSquaredError(reduction="none")
    rows = jax.vmap(jax.grad(lambda p, t: loss(t[None], p[None])[0]))(PRED, TRUE)
    np.testing.assert_allclose(rows, 2 * (PRED - TRUE))


def test_predictions_of_rank_one_are_one_sample_of_many_values():
    assert float(losses.MeanSquaredError(reduction="sum")(TRUE[:, 0], PRED[:, 0])) == (
        pytest.approx(5 / 3)
    )
