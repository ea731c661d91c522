"""What ops say when they are used wrongly."""

import jax
import numpy as np
import pytest

from deepkit import ops
from deepkit.core.errors import ArgumentError, ArgumentTypeError, DTypeError, ShapeError
from deepkit.tensors import KerasTensor

ONES = np.ones((2, 3), "float32")
CASES = [
    (
        lambda: ops.fabs(np.ones(2, "complex64")),
        DTypeError,
        "`fabs` to be real, received complex64",
    ),
    (lambda: ops.ldexp(ONES, ONES), DTypeError, "integer dtype, received float32"),
    (lambda: ops.view_as_complex(ONES), ShapeError, r"pairs .* received shape \(2, 3\)"),
    (lambda: ops.view(ONES, "complex64"), ShapeError, "whole numbers of dtype complex64"),
    (lambda: ops.view(1.0, "int8"), ShapeError, r"received shape \(\) of dtype float32"),
    (lambda: ops.convert_to_tensor(ONES, sparse=True), ArgumentError, "received sparse=True"),
    (lambda: ops.cast(ONES, "float31"), DTypeError, "Did you mean 'float32'"),
    (lambda: ops.reshape(ONES, (4, 2)), ShapeError, r"6 elements .* received \(4, 2\)"),
    (lambda: ops.expand_dims(ONES, "0"), ArgumentError, "an integer or several, received '0'"),
    (lambda: ops.rot90(ONES[0]), ShapeError, r"2 axes or more, received shape \(3,\)"),
    (lambda: ops.rot90(ONES, axes=(1, 1)), ArgumentError, r"two different axes, received \(1, 1\)"),
    (lambda: ops.concatenate([ONES], axis=None), ArgumentError, "received None. Flatten"),
    (lambda: ops.unstack(ONES, num=3), ArgumentError, "`num` to be 2, .* received 3"),
    (
        lambda: ops.pad(ONES, 1, mode="edge", constant_values=0),
        ArgumentError,
        "constant_values=0 with mode='edge'",
    ),
    (lambda: ops.where(ONES, ONES), ArgumentError, "received x2=None"),
    (lambda: ops.where(ONES, None, ONES), ArgumentError, "received x1=None"),
    (lambda: ops.select([ONES], []), ArgumentError, "1 conditions and 0 choices"),
    (
        lambda: ops.scatter_update(ONES, [[0]], ONES[:1], "mean"),
        ArgumentError,
        "'mul'.* received 'mean'",
    ),
    (lambda: ops.scatter(0, 1.0, (3,)), ShapeError, "`indices` .* received a scalar"),
    (lambda: ops.searchsorted(ONES, 1.0), ShapeError, r"1-D, received shape \(2, 3\)"),
    (lambda: ops.searchsorted(ONES[0], 1.0, "up"), ArgumentError, "'left' or 'right', .* 'up'"),
    (lambda: ops.digitize(1.0, ONES), ShapeError, r"`bins` .* \(2, 3\)"),
    (lambda: ops.bincount([1], sparse=True), ArgumentError, "Expected `sparse=False`"),
    (lambda: ops.bincount(np.ones((1, 1, 1), "int32")), ShapeError, r"1 or 2 axes, .* \(1, 1, 1\)"),
    (lambda: ops.histogram(ONES, bins=0), ArgumentError, "1 or more, received 0"),
    (lambda: ops.histogram(ONES, range=(1, 0)), ArgumentError, r"lowest, highest.* \(1, 0\)"),
    (lambda: ops.cdist(ONES, ONES.T), ShapeError, r"\(2, 3\) and \(3, 2\)"),
    (
        lambda: ops.average(ONES, weights=ONES[0]),
        ShapeError,
        r"weights of shape \(3,\) .* axis=None",
    ),
    (lambda: ops.average(ONES, 0, ONES[0]), ShapeError, r"weights of shape \(3,\) .* axis=0"),
    (lambda: ops.diag(ONES[None]), ShapeError, r"vector or a matrix, received shape \(1, 2, 3\)"),
    (lambda: ops.diagonal(ONES[0]), ShapeError, r"2 axes or more, received shape \(3,\)"),
    (lambda: ops.diagonal(ONES, axis1=1, axis2=-1), ArgumentError, "axis1=1 and axis2=-1"),
    (
        lambda: jax.jit(ops.segment_sum)(ONES[0], np.zeros(3, "int32")),
        ArgumentError,
        "received num_segments=None",
    ),
    (lambda: ops.det(ONES), ShapeError, r"square matrices .* `det`, received shape \(2, 3\)"),
    (lambda: ops.svd(ONES[0]), ShapeError, r"matrices .* `svd`, received shape \(3,\)"),
    (lambda: ops.cholesky(-np.eye(2)), ArgumentError, "positive definite, received a matrix"),
    (lambda: ops.qr(ONES, mode="full"), ArgumentError, "'reduced' or 'complete', received 'full'"),
    (lambda: ops.solve(np.eye(3), ONES), ShapeError, r"3 rows .* b of shape \(2, 3\)"),
    (lambda: ops.lstsq(ONES, ONES.T), ShapeError, r"received \(2, 3\) and \(3, 2\)"),
    (lambda: ops.norm(ONES, ord="fro", axis=1), ArgumentError, "vectors: a number, received 'fro'"),
    (lambda: ops.norm(ONES, ord=3, axis=(0, 1)), ArgumentError, "matrices: .* received 3"),
    (lambda: ops.fft(ONES), ArgumentError, r"pair of arrays .* received ndarray"),
    (lambda: ops.fft((ONES, ONES[0])), ShapeError, r"one shape, received \(2, 3\) and \(3,\)"),
    (lambda: ops.fft(([1], [1])), DTypeError, "to be floats, received int32"),
    (lambda: ops.istft((ONES[0], ONES[0]), 4, 2, 4), ShapeError, r"received \(3,\)"),
    (lambda: ops.stft(ONES.astype("float16"), 2, 1, 2), DTypeError, "received float16"),
    (lambda: ops.stft(ONES, 4, 1, 2), ArgumentError, "received 2 and 4"),
    (lambda: ops.stft(ONES, 2, 1, 2, window="kaiser"), ArgumentError, "received 'kaiser'"),
    (lambda: ops.stft(ONES, 2, 1, 2, window=[1.0]), ShapeError, r"shape \(2,\), .* \(1,\)"),
    (
        lambda: ops.rearrange(ONES, "a b c -> a b c"),
        ShapeError,
        r"3 axes .* received shape \(2, 3\)",
    ),
    (lambda: ops.rearrange(ONES, "a b"), ArgumentError, "before and after '->'.* 'a b'"),
    (lambda: ops.rearrange(ONES, "a b -> a a"), ArgumentError, "received 'a b -> a a'"),
    (lambda: ops.rearrange(ONES, "a (b c) -> a b c"), ArgumentError, "give them as `b=...`"),
    (
        lambda: ops.rearrange(ONES, "a (b c) -> a b c", b=2),
        ShapeError,
        r"\(b c\) .* fits \{'b': 2\}, received 3",
    ),
    (lambda: ops.scan(None, 0, length=1, unroll=0), ArgumentError, "boolean, received 0"),
    (lambda: ops.switch(0, []), ArgumentError, "hold a function, received none"),
    (lambda: ops.convert_to_numpy(KerasTensor((2,))), ArgumentTypeError, "NumPy array"),
]


@pytest.mark.parametrize(("call", "error", "message"), CASES)
def test_errors_say_what_was_expected_and_received(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_cholesky_gives_nan_where_values_cannot_be_seen():
    assert np.isnan(jax.jit(ops.cholesky)(-np.eye(2, dtype="float32"))).any()
