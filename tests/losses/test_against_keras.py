"""Every loss function and class against Keras: values, gradients, weights, masks, reductions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deepkit import losses
from tests.losses.catalogue import CASES, CTC, ROWS, K, N, Row, T, case_id, pred_kind
from tests.oracle import keras, oracle

# Both sides compute in float32, in other orders; Keras's focal losses round 1 - p to 2^-24.
TOLERANCE = {"rtol": 2e-5, "atol": 2e-6}
REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None)

CTC_TRUE = np.array([[1, 2, 0], [3, 3, 0], [4, 0, 0], [2, 1, 4]], "int32")
CTC_PRED = np.random.default_rng(3).normal(size=(N, 7, K)).astype("float32")


def both(row: Row, y_true, y_pred, options, weigh):
    """(values, gradient of a weighted sum of them) of a function in deepkit and in Keras."""

    def value_and_gradient(module):
        function = getattr(module, row.function)

        def total(p):
            values = function(jnp.asarray(y_true), p, **options)
            return jnp.sum(values * weigh(values.shape)), values

        differentiated = jax.jit(jax.value_and_grad(total, has_aux=True))
        (_, values), gradient = differentiated(jnp.asarray(y_pred))
        return values, gradient

    ours = value_and_gradient(losses)
    with oracle():
        theirs = value_and_gradient(keras.losses)
    return ours, theirs


def weigh(shape):
    return jnp.linspace(0.5, 1.5, int(np.prod(shape)), dtype=jnp.float32).reshape(shape)


@pytest.mark.parametrize(("row", "options"), CASES, ids=case_id)
def test_functions_and_their_gradients(row, options):
    y_true, y_pred = row.data(pred=pred_kind(row, options))
    ours, theirs = both(row, y_true, y_pred, options, weigh)
    for mine, expected in zip(ours, theirs):
        np.testing.assert_allclose(mine, expected, **TOLERANCE)
        assert np.abs(mine).max() > 0


OF_SEQUENCES = (
    "mean_squared_error",
    "cosine_similarity",
    "categorical_hinge",
    "binary_crossentropy",
    "categorical_focal_crossentropy",
    "sparse_categorical_crossentropy",
    "categorical_generalized_cross_entropy",
    "dice",
    "tversky",
)


@pytest.mark.parametrize("row", [row for row in ROWS if row.function in OF_SEQUENCES], ids=case_id)
def test_functions_of_sequences(row):
    y_true, y_pred = row.data(N, T)
    options = row.options[-1]
    if row.function in ("dice", "tversky"):
        options = {"axis": (1, 2)}
    if options.get("from_logits"):
        y_pred = y_pred - 0.5
    if "q" not in options and row.sparse:
        y_true = y_true[..., None]
    ours, theirs = both(row, y_true, y_pred, options, weigh)
    for mine, expected in zip(ours, theirs):
        np.testing.assert_allclose(mine, expected, **TOLERANCE)


def test_ctc_and_its_gradient():
    ours, theirs = both(CTC, CTC_TRUE, CTC_PRED, {}, weigh)
    for mine, expected in zip(ours, theirs):
        np.testing.assert_allclose(mine, expected, rtol=1e-4, atol=1e-5)  # sums over alignments


def test_circle_with_references():
    row = next(row for row in ROWS if row.function == "circle")
    labels, embeddings = row.data()
    options = {"ref_labels": np.array([[0], [1], [2]]), "ref_embeddings": row.data(3)[1]}
    for remove_diagonal in (True, False):
        ours, theirs = both(
            row, labels, embeddings, {**options, "remove_diagonal": remove_diagonal}, weigh
        )
        for mine, expected in zip(ours, theirs):
            np.testing.assert_allclose(mine, expected, **TOLERANCE)


def keras_result(loss, y_true, y_pred, sample_weight=None, mask=None):
    with oracle():
        y_pred = keras.ops.convert_to_tensor(y_pred)
        if mask is not None:
            keras.src.backend.set_keras_mask(y_pred, jnp.asarray(mask))
        return loss(y_true, y_pred, sample_weight=sample_weight)


WEIGHTS = {
    "none": None,
    "number": 0.7,
    "(N,)": np.array([0.2, 0.0, 1.5, 3.0], "float32"),
    "(N, 1)": np.array([[0.2], [0.0], [1.5], [3.0]], "float32"),
}
MASKS = {"none": None, "some": np.array([True, False, True, True]), "all": np.zeros(N, bool)}


@pytest.mark.parametrize("reduction", ("sum_over_batch_size", "sum", "mean_with_sample_weight"))
@pytest.mark.parametrize("row", (*ROWS, CTC), ids=case_id)
def test_classes_with_weights_and_masks(row, reduction):
    y_true, y_pred = (CTC_TRUE, CTC_PRED) if row is CTC else row.data()
    loss = getattr(losses, row.cls)(**row.class_options, reduction=reduction)
    reference = getattr(keras.losses, row.cls)(**row.class_options, reduction=reduction)
    for weight_name, weight in WEIGHTS.items():
        for mask_name, mask in MASKS.items():
            ours = loss(y_true, y_pred, sample_weight=weight, mask=mask)
            theirs = keras_result(reference, y_true, y_pred, weight, mask)
            np.testing.assert_allclose(
                # Keras gives none-reduced losses the rank of the weights.
                ours,
                np.reshape(theirs, ours.shape),
                rtol=1e-4 if row is CTC else 2e-5,
                atol=2e-6,
                err_msg=f"weights {weight_name}, mask {mask_name}",
            )


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_weights_and_masks_of_sequences(reduction):
    rng = np.random.default_rng(0)
    y_true, y_pred = rng.normal(size=(2, N, T, K)).astype("float32")
    loss = losses.MeanSquaredError(reduction=reduction)
    reference = keras.losses.MeanSquaredError(reduction=reduction)
    mask = rng.integers(0, 2, (N, T)).astype(bool)
    for weight in (None, rng.random((N, T), "float32"), rng.random((N, 1), "float32")):
        for mask_or_none in (None, mask):
            np.testing.assert_allclose(
                loss(y_true, y_pred, sample_weight=weight, mask=mask_or_none),
                keras_result(reference, y_true, y_pred, weight, mask_or_none),
                **TOLERANCE,
            )


@pytest.mark.parametrize("row", ROWS, ids=case_id)
def test_functions_of_half_precision(row):
    y_true, y_pred = row.data()
    options = {"gamma": 2.0} if row.function == "circle" else row.options[0]
    half = jnp.asarray(y_pred, "float16")
    ours = getattr(losses, row.function)(y_true, half, **options)
    assert ours.dtype == "float16"
    # Keras in float32 on the same rounded inputs. A result has 11 bits; so have the K terms of
    # sums, where they are not computed in float32.
    with oracle():
        theirs = getattr(keras.losses, row.function)(y_true, half.astype("float32"), **options)
    np.testing.assert_allclose(
        ours.astype("float32"), theirs, rtol=2.0**-8, atol=2.0**-8 * max(1, np.abs(theirs).max())
    )


@pytest.mark.parametrize("row", (*ROWS, CTC), ids=case_id)
def test_classes_compute_in_their_dtype(row):
    y_true, y_pred = (CTC_TRUE, CTC_PRED) if row is CTC else row.data()
    exact = getattr(losses, row.cls)(**row.class_options)(y_true, y_pred)
    value = getattr(losses, row.cls)(**row.class_options, dtype="bfloat16")(y_true, y_pred)
    assert value.dtype == "bfloat16"
    # Inputs rounded to 8 bits; percentages and the Circle's exponents enlarge the error.
    np.testing.assert_allclose(float(value), float(exact), rtol=2.0**-4, atol=2.0**-6)


@pytest.mark.parametrize("row", (*ROWS, CTC), ids=case_id)
def test_compiled_equals_eager_and_numpy_lists_are_arrays(row):
    y_true, y_pred = (CTC_TRUE, CTC_PRED) if row is CTC else row.data()
    loss = getattr(losses, row.cls)(**row.class_options)
    eager = loss(y_true, y_pred)
    np.testing.assert_allclose(jax.jit(loss)(y_true, y_pred), eager, rtol=1e-5)
    np.testing.assert_allclose(loss(y_true.tolist(), y_pred.tolist()), eager, rtol=1e-5)
