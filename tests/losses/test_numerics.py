"""Values and gradients stay finite and right at the edges."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from deepkit import losses
from tests.losses.catalogue import CASES, case_id, pred_kind

EXTREME = np.array([1e4, -1e4, 0.0, 30.0, -30.0], "float32")


def with_gradient(function, y_true, y_pred, **options):
    def total(p):
        return jnp.sum(function(y_true, p, **options))

    return jax.value_and_grad(total)(jnp.asarray(y_pred))


def test_binary_logits_are_exact_far_out():
    y_true = np.array([[0.0, 1.0, 1.0, 0.0, 1.0]], "float32")
    value, gradient = with_gradient(
        losses.binary_crossentropy, y_true, EXTREME[None], from_logits=True
    )
    # Each mistake costs its logit; the one at 0 costs log(2).
    np.testing.assert_allclose(value, (1e4 + 1e4 + np.log(2) + 30 + 30) / 5, rtol=1e-6)
    np.testing.assert_allclose(gradient, [[0.2, -0.2, -0.1, 0.2, -0.2]], rtol=1e-6)


def test_categorical_logits_are_exact_far_out():
    for function, y_true in (
        (losses.categorical_crossentropy, np.eye(5, dtype="float32")[[1]]),
        (losses.sparse_categorical_crossentropy, np.array([1])),
    ):
        value, gradient = with_gradient(function, y_true, EXTREME[None], from_logits=True)
        assert float(value) == 2e4
        np.testing.assert_allclose(gradient, [[1.0, -1.0, 0.0, 0.0, 0.0]], atol=1e-7)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_focal_losses_keep_the_gradient_of_a_confident_mistake(gamma):
    y_true = np.array([[0.0, 1.0, 1.0, 0.0, 1.0]], "float32")
    value, gradient = with_gradient(
        losses.binary_focal_crossentropy, y_true, EXTREME[None], from_logits=True, gamma=gamma
    )
    np.testing.assert_allclose(value, (2e4 + 60 + 0.5**gamma * np.log(2)) / 5, rtol=1e-6)
    np.testing.assert_allclose(gradient[0, [0, 1]], [0.2, -0.2], rtol=1e-6)
    assert np.isfinite(gradient).all()
    value, gradient = with_gradient(
        losses.categorical_focal_crossentropy,
        np.eye(5, dtype="float32")[[1]],
        EXTREME[None],
        from_logits=True,
        gamma=gamma,
        alpha=1.0,
    )
    assert float(value) == 2e4
    np.testing.assert_allclose(gradient[0, :2], [1.0, -1.0], rtol=1e-6)


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("from_logits", [True, False])
def test_focal_losses_of_perfect_predictions_have_finite_gradients(gamma, from_logits):
    y_true = np.array([[0.0, 1.0]], "float32")
    y_pred = (y_true * 2 - 1) * 1e4 if from_logits else y_true
    for function in (losses.binary_focal_crossentropy, losses.categorical_focal_crossentropy):
        value, gradient = with_gradient(
            function, y_true, y_pred, gamma=gamma, from_logits=from_logits
        )
        np.testing.assert_allclose(value, 0.0, atol=1e-6)
        assert np.isfinite(gradient).all()


@pytest.mark.parametrize("offset", [1.0, -100.0, 1e4])
@pytest.mark.parametrize(
    ("row", "options"),
    [
        (row, options)
        for row, options in CASES
        if options.get("from_logits") and "binary" not in row.function
    ],
    ids=case_id,
)
def test_an_offset_on_all_logits_changes_nothing(row, options, offset):
    y_true, y_pred = row.data(pred="real")
    y_pred = np.round(y_pred * 8) / 8  # so that adding 1e4 to them is exact in float32
    function = getattr(losses, row.function)
    expected, gradient = with_gradient(function, y_true, y_pred, **options)
    shifted, shifted_gradient = with_gradient(
        function, y_true, y_pred + np.float32(offset), **options
    )
    np.testing.assert_allclose(shifted, expected, rtol=1e-6)
    np.testing.assert_allclose(shifted_gradient, gradient, atol=1e-6)
    np.testing.assert_allclose(gradient.sum(-1), 0.0, atol=1e-6)


@pytest.mark.parametrize("scale", [0.5, 1e-3, 1e3])
def test_probabilities_are_divided_by_their_sum(scale):
    for row, options in CASES:
        if "categorical_" in row.function and "entropy" in row.function and options == {}:
            y_true, y_pred = row.data()
            function = getattr(losses, row.function)
            np.testing.assert_allclose(
                function(y_true, y_pred * np.float32(scale)), function(y_true, y_pred), rtol=1e-5
            )


def test_logits_agree_with_probabilities():
    for row, options in CASES:
        if options.get("from_logits"):
            y_true, y_pred = row.data(pred="real")
            squash = jax.nn.sigmoid if "binary" in row.function else jax.nn.softmax
            function = getattr(losses, row.function)
            np.testing.assert_allclose(
                function(y_true, y_pred, **options),
                function(y_true, squash(y_pred), **{**options, "from_logits": False}),
                rtol=1e-5,
                atol=1e-6,
            )


def test_sparse_and_one_hot_labels_agree():
    rng = np.random.default_rng(0)
    labels, y_pred = rng.integers(0, 5, 6), rng.random((6, 5), "float32")
    for from_logits in (True, False):
        np.testing.assert_allclose(
            losses.sparse_categorical_crossentropy(labels, y_pred, from_logits),
            losses.categorical_crossentropy(np.eye(5)[labels], y_pred, from_logits),
            rtol=1e-6,
        )


def test_forbidden_classes_at_minus_infinity():
    logits = np.array([[1.0, -np.inf, 0.0]], "float32")
    value, gradient = with_gradient(
        losses.sparse_categorical_crossentropy, [0], logits, from_logits=True
    )
    np.testing.assert_allclose(value, np.log1p(np.exp(-1.0)), rtol=1e-6)
    assert np.isfinite(gradient).all()
    assert gradient[0, 1] == 0.0


@pytest.mark.parametrize("from_logits", [True, False])
def test_predictions_at_ignored_places_do_not_matter(from_logits):
    y_pred = np.full((2, 3), 0.25, "float32")
    y_pred[1] = np.nan
    value, gradient = with_gradient(
        losses.sparse_categorical_crossentropy,
        [2, -1],
        y_pred,
        from_logits=from_logits,
        ignore_class=-1,
    )
    np.testing.assert_allclose(value, np.log(3.0), rtol=1e-6)
    assert np.isfinite(gradient).all()
    np.testing.assert_array_equal(gradient[1], np.zeros(3))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_sure_probabilities_are_finite_in_every_dtype(dtype):
    y_pred = jnp.array([[0.0, 1.0]], dtype)
    worst = -np.log(1e-7)  # epsilon
    for function, right, wrong in (
        (losses.binary_crossentropy, [[0, 1]], [[1, 0]]),
        (losses.categorical_crossentropy, [[0, 1]], [[1, 0]]),
        (losses.sparse_categorical_crossentropy, [1], [0]),
        (losses.kl_divergence, [[0, 1]], [[1, 0]]),
    ):
        value, gradient = with_gradient(function, np.array(right), y_pred)
        np.testing.assert_allclose(float(value), 0.0, atol=1e-5)
        assert np.isfinite(np.asarray(gradient, "float32")).all()
        # 16.12, within the spacing of the coarsest dtype there
        np.testing.assert_allclose(float(function(np.array(wrong), y_pred)[0]), worst, atol=0.2)


def test_cosine_of_a_zero_vector():
    zero = np.zeros((1, 3), "float32")
    value, gradient = with_gradient(losses.cosine_similarity, np.ones((1, 3), "float32"), zero)
    assert float(value) == 0.0
    np.testing.assert_array_equal(gradient, zero)


def test_cosine_of_vectors_shorter_than_epsilon():
    # (1e-9 / 1e-7) · (1 / sqrt(3)) · 3
    found = losses.cosine_similarity(np.ones((1, 3), "float32"), np.full((1, 3), 1e-9, "float32"))
    np.testing.assert_allclose(found, -0.01 * np.sqrt(3.0), rtol=1e-5)


def test_generalized_cross_entropy_at_probability_zero():
    value, gradient = with_gradient(
        losses.categorical_generalized_cross_entropy, [0], np.array([[0.0, 1.0]], "float32"), q=0.5
    )
    assert float(value) == 2.0
    np.testing.assert_array_equal(gradient, [[0.0, 0.0]])


def test_log_cosh_far_out_and_its_curvature_at_zero():
    found = losses.log_cosh(np.zeros((3, 1)), np.array([[1e4], [-1e4], [0.0]]))
    np.testing.assert_allclose(found, [1e4 - np.log(2), 1e4 - np.log(2), 0.0], rtol=1e-6)
    curvature = jax.hessian(lambda p: losses.log_cosh(jnp.zeros(1), p))(jnp.zeros(1))
    np.testing.assert_allclose(curvature, [[1.0]], rtol=1e-6)


def test_circle_without_positives_costs_nothing():
    unit = np.eye(3, dtype="float32")
    value, gradient = with_gradient(losses.circle, [0, 1, 2], unit)
    assert float(value) == 0.0
    np.testing.assert_array_equal(gradient, np.zeros((3, 3)))
    assert float(losses.Circle()([0, 1, 2], unit)) == 0.0


# Where the formula is not Keras's, whose gradients the others are compared with.
REWRITTEN = [
    (row, options)
    for row, options in CASES
    if row.function == "log_cosh" or ("crossentropy" in row.function and "from_logits" in options)
]


@pytest.mark.parametrize(("row", "options"), REWRITTEN, ids=case_id)
def test_gradients_are_those_of_the_values(row, options):
    y_true, y_pred = row.data(2, pred=pred_kind(row, options))
    function = getattr(losses, row.function)
    # Central differences in float32: 2^-24 / 1e-3 is lost by rounding, and the steps are short
    # beside the smallest probabilities (0.02).
    check_grads(
        lambda p: function(y_true, p, **options),
        (jnp.asarray(y_pred),),
        order=1,
        modes=["rev"],
        eps=1e-3,
        rtol=1e-2,
        atol=1e-2,
    )
