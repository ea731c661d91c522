"""Nothing broadcasts in silence: targets, weights and masks that do not fit are refused."""

import jax.numpy as jnp
import numpy as np
import pytest

from deepkit import losses
from deepkit.core.errors import ShapeError
from tests.losses.catalogue import ROWS, K, N, case_id

DENSE = [row for row in ROWS if not row.sparse]
SPARSE = [losses.sparse_categorical_crossentropy, losses.categorical_generalized_cross_entropy]


def values(*shape):
    return np.full(shape, 0.5, "float32")


@pytest.mark.parametrize("row", DENSE, ids=case_id)
@pytest.mark.parametrize(
    ("true_shape", "pred_shape"),
    [
        ((N,), (N, K)),
        ((N, 1), (N, K)),
        ((N,), (N, N)),
        ((K,), (N, K)),
        ((N, K), (N,)),
        ((N, K), (N, 1)),
        ((1, K), (N, K)),
        ((), (N,)),
        ((N, K), (N, 3, K)),
    ],
)
def test_other_shapes_raise(row, true_shape, pred_shape):
    with pytest.raises(ShapeError) as raised:
        getattr(losses, row.function)(values(*true_shape), values(*pred_shape))
    message = str(raised.value)
    assert row.function in message
    assert f"y_true of shape {true_shape}" in message
    assert f"y_pred of shape {pred_shape}" in message


@pytest.mark.parametrize("row", DENSE, ids=case_id)
def test_a_last_axis_of_one_is_squeezed(row):
    function = getattr(losses, row.function)
    y_true, y_pred = row.data()
    y_true, y_pred = y_true[:, :1], y_pred[:, :1]
    if row.function.startswith("categorical_") and "hinge" not in row.function:
        with pytest.warns(SyntaxWarning, match="single class in y_pred of shape \\(4, 1\\)"):
            expected = function(y_true, y_pred)
        with pytest.warns(SyntaxWarning):
            squeezed = [function(y_true[:, 0], y_pred), function(y_true, y_pred[:, 0])]
    else:
        expected = function(y_true, y_pred)
        squeezed = [function(y_true[:, 0], y_pred), function(y_true, y_pred[:, 0])]
    for loss in squeezed:
        assert loss.shape == expected.shape
        np.testing.assert_array_equal(loss, expected)


def test_between_higher_ranks_the_longer_is_squeezed():
    y_true, y_pred = values(N, 3), values(N, 3, 1)
    assert losses.mean_squared_error(y_true, y_pred).shape == (N,)
    assert losses.mean_squared_error(y_pred, y_true).shape == (N,)


def test_a_wrong_shape_says_how_to_mend_it():
    with pytest.raises(ShapeError, match=r"Reshape y_true to \(4, 5\), or let .* shape \(4,\)"):
        losses.MeanSquaredError()(values(N), values(N, K))
    with pytest.raises(ShapeError, match="same number of samples and the same axes"):
        losses.MeanSquaredError()(values(N, K), values(N + 1, K))
    with pytest.raises(ShapeError, match="use SparseCategoricalCrossentropy, or convert them with"):
        losses.CategoricalCrossentropy()(np.arange(N), values(N, K))
    with pytest.raises(ShapeError, match="one value of 0 or 1 for each output"):
        losses.BinaryCrossentropy()(np.arange(N), values(N, K))


def test_two_numbers_need_an_axis():
    with pytest.raises(ShapeError, match="mean_squared_error, received two single numbers"):
        losses.mean_squared_error(1.0, 2.0)


@pytest.mark.parametrize("function", SPARSE, ids=lambda f: f.__name__)
@pytest.mark.parametrize("true_shape", [(N + 1,), (N, 2), (1, N), (), (N, 1, 1)])
def test_sparse_labels_of_other_shapes_raise(function, true_shape):
    options = {} if function is SPARSE[0] else {"q": 0.5}
    with pytest.raises(ShapeError) as raised:
        function(np.zeros(true_shape, int), values(N, K), **options)
    assert f"y_true of shape (4,) in {function.__name__}" in str(raised.value)
    assert f"received y_true of shape {true_shape}" in str(raised.value)
    assert "one unit for each class" in str(raised.value)


def test_one_hot_labels_in_a_sparse_loss_are_recognized():
    with pytest.raises(ShapeError, match="For one-hot labels use CategoricalCrossentropy"):
        losses.sparse_categorical_crossentropy(np.eye(K)[:N], values(N, K))


def test_sparse_labels_along_another_axis():
    y_pred = np.random.default_rng(0).random((N, K, 3), "float32")
    labels = np.random.default_rng(1).integers(0, K, (N, 3))
    expected = losses.sparse_categorical_crossentropy(labels, np.moveaxis(y_pred, 1, -1))
    for y_true in (labels, labels[:, None, :]):
        found = losses.sparse_categorical_crossentropy(y_true, y_pred, axis=1)
        np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("y_true", "y_pred"),
    [(values(N), values(N, 3, K)), (values(N, 2), values(N, K)), (values(3, 2), values(N, 3, K))],
)
def test_ctc_shapes(y_true, y_pred):
    with pytest.raises(ShapeError) as raised:
        losses.ctc(y_true, y_pred)
    assert f"y_true of shape {y_true.shape} and y_pred of shape {y_pred.shape}" in str(raised.value)
    assert "(samples, time steps, classes)" in str(raised.value)


@pytest.mark.parametrize(
    ("labels", "embeddings"), [(values(N, 2), values(N, K)), (values(3), values(N, K))]
)
def test_circle_shapes(labels, embeddings):
    with pytest.raises(ShapeError, match=r"y_pred of shape \(N, D\) in circle and y_true of shape"):
        losses.circle(labels, embeddings)


def test_circle_reference_shapes():
    with pytest.raises(ShapeError, match=r"ref_embeddings of shape \(2, 5\) and ref_labels of"):
        losses.circle(np.zeros(N), values(N, K), ref_labels=[0], ref_embeddings=values(2, K))


def test_focal_class_weights_have_one_for_each_class():
    with pytest.raises(ShapeError, match=r"each of the 5 classes, received the shape \(3,\)"):
        losses.categorical_focal_crossentropy(values(N, K), values(N, K), alpha=[1.0, 2.0, 3.0])


WRONG_WEIGHTS = [((N,), (N + 1,)), ((N,), (1,)), ((N,), (N, N)), ((N, 3), (3,)), ((N, 3), (1, 3))]


@pytest.mark.parametrize("argument", ["sample_weight", "mask"])
@pytest.mark.parametrize(("loss_shape", "shape"), [*WRONG_WEIGHTS, ((N, 3), (N, 3, 2))])
def test_weights_and_masks_that_do_not_fit_raise(loss_shape, shape, argument):
    loss = losses.MeanSquaredError(name="my_loss")
    inputs = values(*loss_shape, K)
    with pytest.raises(ShapeError) as raised:
        loss(inputs, inputs, **{argument: jnp.ones(shape)})
    message = str(raised.value)
    assert f"`{argument}` of my_loss" in message
    assert f"whose shape is {loss_shape}, received the shape {shape}" in message
    assert f"one weight for each sample, of shape ({N},)" in message


def test_a_loss_of_one_number_cannot_be_weighted_by_sample():
    for loss in (losses.Dice(), losses.LossFunctionWrapper(lambda t, p: jnp.mean(t - p))):
        assert loss(values(N, K), values(N, K), sample_weight=2.0).shape == ()
        for shape in ((N,), (N, 1), (1,)):
            with pytest.raises(ShapeError, match="gave one number for all samples"):
                loss(values(N, K), values(N, K), sample_weight=values(*shape))


@pytest.mark.parametrize("steps", [3, N])  # as many steps as samples too
def test_weights_of_samples_never_run_along_time(steps):
    rng = np.random.default_rng(0)
    y_true, y_pred = rng.normal(size=(2, N, steps, K)).astype("float32")
    weight = rng.random(N, "float32")
    by_step = np.mean((y_true - y_pred) ** 2, -1)
    expected = by_step * weight[:, None]
    for shape in ((N,), (N, 1)):
        found = losses.MeanSquaredError(reduction="none")(
            y_true, y_pred, sample_weight=weight.reshape(shape)
        )
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    image = losses.MeanSquaredError(reduction="none")(
        y_true[:, None], y_pred[:, None], sample_weight=weight[:, None]
    )
    np.testing.assert_allclose(image, expected[:, None], rtol=1e-6)
