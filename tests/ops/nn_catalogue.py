"""One row for each function of `ops.nn`: arguments on which it is compared with Keras."""

import numpy as np

from tests.ops.catalogue import Row

_RNG = np.random.default_rng(1)
FIXED = {"gradient": False, "symbolic": False}
KNOWN = {"unknown": False}
WHOLE = {"gradient": False}


def _normal(*shape: int) -> np.ndarray:
    return _RNG.normal(size=shape).astype("float32")


def _rows(names: str, *args, **options) -> list[Row]:
    return [Row(name, args, **options) for name in names.split()]


X = _normal(3, 4)
CUBE = _normal(2, 3, 4)
POSITIVE = np.abs(X) + 0.5
PROBABILITIES = (POSITIVE / POSITIVE.sum(-1, keepdims=True)).astype("float32")
SOFT_LABELS = PROBABILITIES[::-1].copy()
LABELS = np.array([2, 0, 3], "int32")
# Images of even sizes, so that blocks and strides divide them.
IMAGES = _normal(2, 6, 8, 4)
LINES = _normal(2, 9, 4)
VOLUMES = _normal(2, 4, 5, 4, 2)
CLASS_NUMBERS = np.array([[0, 2], [3, -1], [1, 1]], "int32")
QUERY, KEY, VALUE = _normal(2, 5, 4, 8), _normal(2, 6, 2, 8), _normal(2, 6, 2, 8)
MASK = _RNG.random((2, 1, 5, 6)) > 0.3
LOGITS = _normal(2, 7, 5)
# Sums of a few dozen products of size one.
SUMMED = {"tolerance": 1e-5}

ACTIVATIONS = [
    *_rows(
        "relu relu6 leaky_relu elu celu selu gelu silu swish hard_silu hard_swish sigmoid "
        "hard_sigmoid log_sigmoid sparse_sigmoid softplus sparse_plus squareplus softsign "
        "hard_tanh tanh_shrink soft_shrink hard_shrink softmax log_softmax glu",
        3 * X,
        tolerance=4e-6,
    ),
    *_rows("relu6 softplus", np.array([[1, -2, 8, 0]], "int32"), gradient=False),
    *_rows("softmax log_softmax", CUBE, kwargs={"axis": 1}),
    *_rows("softmax", CUBE, kwargs={"axis": (0, 2)}),
    Row("glu", (CUBE,), {"axis": 0}, **KNOWN),
    Row("gelu", (3 * X,), {"approximate": False}, tolerance=4e-6),
    Row("leaky_relu", (X,), {"negative_slope": 0.1}),
    *_rows("elu celu", X, kwargs={"alpha": 0.5}),
    Row("squareplus", (X,), {"b": 2.0}),
    *_rows("soft_shrink hard_shrink", X, kwargs={"threshold": 0.2}),
    *_rows("threshold", X, 0.3, -1.0),
]
LOSSES = [
    Row("binary_crossentropy", (SOFT_LABELS, PROBABILITIES)),
    Row("binary_crossentropy", (SOFT_LABELS, 3 * X), {"from_logits": True}),
    Row("categorical_crossentropy", (SOFT_LABELS, POSITIVE)),
    Row("categorical_crossentropy", (SOFT_LABELS, X), {"from_logits": True, "axis": 0}),
    Row("sparse_categorical_crossentropy", (LABELS, PROBABILITIES), **KNOWN),
    Row("sparse_categorical_crossentropy", (LABELS[:, None], X), {"from_logits": True}, **KNOWN),
    Row(
        "ctc_loss",
        (np.array([[1, 2, 2], [3, 0, 0]], "int32"), LOGITS, np.array([3, 1]), np.array([7, 5])),
        **SUMMED,
    ),
    Row("psnr", (X, POSITIVE, 2.0), **KNOWN),
]
NORMALIZATION = [
    Row("moments", (CUBE, [0, 2])),
    Row("moments", (CUBE, (1,)), {"keepdims": True}),
    Row("batch_normalization", (CUBE, X[0], POSITIVE[0], -1)),
    Row("batch_normalization", (CUBE, X[:, 0], POSITIVE[:, 0], 1, X[:, 1], X[:, 2], 1e-2), **KNOWN),
    Row("layer_normalization", (CUBE,), **SUMMED),
    Row("layer_normalization", (CUBE, X[0], X[1]), {"epsilon": 1e-3}, **SUMMED),
    Row("layer_normalization", (CUBE, X, X), {"axis": (1, 2)}, **SUMMED, **KNOWN),
    Row("layer_normalization", (CUBE, X[:, 0], X[:, 1]), {"axis": 1}, **SUMMED, **KNOWN),
    Row("rms_normalization", (CUBE,)),
    Row("rms_normalization", (CUBE, X[0]), {"epsilon": 1e-3}),
    Row("rms_normalization", (CUBE,), {"axis": (0, -1)}),
    Row("normalize", (CUBE,)),
    *[
        Row("normalize", (CUBE,), {"axis": axis, "order": order})
        for axis, order in ((1, 1), (2, 3), ((0, 2), 2))
    ],
]
IMAGES_ROWS = [
    Row("conv", (IMAGES, _normal(3, 2, 4, 6)), **SUMMED),
    Row("conv", (LINES, _normal(3, 4, 2)), {"strides": 2, "padding": "same"}, **SUMMED),
    Row("conv", (VOLUMES, _normal(3, 2, 1, 2, 3)), {"dilation_rate": (1, 2, 1)}, **SUMMED),
    Row("conv", (IMAGES, _normal(3, 3, 2, 6)), {"padding": "same"}, **SUMMED),
    Row("depthwise_conv", (IMAGES, _normal(3, 3, 4, 2)), {"strides": 2}, **SUMMED),
    Row("separable_conv", (IMAGES, _normal(3, 3, 4, 2), _normal(1, 1, 8, 5)), **SUMMED),
    Row("conv_transpose", (IMAGES, _normal(3, 2, 5, 4)), {"strides": (2, 3)}, **SUMMED),
    Row(
        "conv_transpose",
        (LINES, _normal(3, 2, 4)),
        {"strides": 2, "padding": "same", "output_padding": 1},
        **SUMMED,
    ),
    Row("max_pool", (IMAGES, 2, 2)),
    Row("max_pool", (LINES, 3), {"strides": 1, "padding": "same"}),
    Row("average_pool", (IMAGES, (2, 3), (2, 3))),
    Row("average_pool", (VOLUMES, 2), {"strides": 1, "padding": "same"}),
    Row("adaptive_max_pool", (IMAGES, (4, 3))),
    Row("adaptive_max_pool", (IMAGES, 2)),
    Row("adaptive_average_pool", (IMAGES, (4, 3))),
    Row("adaptive_average_pool", (VOLUMES, 3)),
    Row("unfold", (IMAGES, (2, 3)), {"padding": 1, "stride": 2}, **KNOWN),
    Row("fold", (_normal(2, 12, 6), (5, 7), (2, 3)), {"padding": (1, 0), "stride": (3, 2)}),
    *_rows("depth_to_space space_to_depth", IMAGES, 2),
    *_rows("depth_to_space space_to_depth", IMAGES.transpose(0, 3, 1, 2), 2, "channels_first"),
]
OTHERS = [
    Row("dot_product_attention", (QUERY, QUERY, QUERY), **SUMMED),
    Row("dot_product_attention", (QUERY, KEY, VALUE), {"is_causal": True}, **SUMMED),
    Row(
        "dot_product_attention",
        (QUERY, KEY, VALUE, _normal(2, 4, 5, 6), MASK),
        {"scale": 0.3},
        **SUMMED,
        **KNOWN,
    ),
    Row("one_hot", (CLASS_NUMBERS, 4), **WHOLE),
    Row("one_hot", (CLASS_NUMBERS, 4), {"axis": 1, "dtype": "int32"}, **WHOLE),
    Row("multi_hot", (CLASS_NUMBERS, 4), **WHOLE),
    Row("multi_hot", (CLASS_NUMBERS[0],), {"num_classes": 4, "dtype": "bool"}, **FIXED),
    Row("ctc_decode", (LOGITS, np.array([7, 5])), **FIXED),
    Row("ctc_decode", (LOGITS, np.array([7, 5])), {"merge_repeated": False}, **FIXED),
    Row("polar", (POSITIVE, X), gradient=False),
]
ROWS_OF_NN = [*ACTIVATIONS, *LOSSES, *NORMALIZATION, *IMAGES_ROWS, *OTHERS]
