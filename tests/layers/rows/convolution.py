"""Rows of convolutions."""

from tests.layers.row import Row

_FIRST = {"data_format": "channels_first"}
_SEQUENCE, _IMAGE, _VOLUME = (2, 6, 4), (2, 5, 5, 4), (2, 3, 3, 3, 2)

ROWS = [
    Row("Conv1D", {"filters": 3, "kernel_size": 2, "activation": "tanh"}, _SEQUENCE),
    Row(
        "Conv1D",
        {"filters": 3, "kernel_size": 3, "padding": "causal", "dilation_rate": 2, **_FIRST},
        (2, 4, 6),
        label="causal",
    ),
    Row("Conv2D", {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}, _IMAGE),
    Row(
        "Conv2D",
        {"filters": 4, "kernel_size": (2, 3), "groups": 2, "dilation_rate": (2, 1)},
        _IMAGE,
        label="groups",
    ),
    Row(
        "Conv2D",
        {
            "filters": 3,
            "kernel_size": [3, 1],
            "padding": "SAME",
            **_FIRST,
            "kernel_regularizer": "l2",
            "bias_constraint": "non_neg",
            "bias_initializer": "ones",
        },
        (2, 4, 5, 5),
        label="channels_first",
    ),
    Row("Conv3D", {"filters": 2, "kernel_size": 2, "use_bias": False}, _VOLUME),
    Row("Conv1DTranspose", {"filters": 3, "kernel_size": 3, "strides": 2}, _SEQUENCE),
    Row(
        "Conv2DTranspose",
        {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same", "output_padding": 1},
        _IMAGE,
    ),
    Row(
        "Conv2DTranspose",
        {"filters": 3, "kernel_size": (2, 3), "strides": (3, 1), "padding": "same", **_FIRST},
        (2, 4, 5, 5),
        label="channels_first",
    ),
    Row(
        "Conv2DTranspose",
        {"filters": 3, "kernel_size": 3, "dilation_rate": 2, "activation": "sigmoid"},
        _IMAGE,
        label="dilated",
    ),
    Row("Conv3DTranspose", {"filters": 2, "kernel_size": 2, "strides": 2}, _VOLUME),
    Row("DepthwiseConv1D", {"kernel_size": 3, "depth_multiplier": 2}, _SEQUENCE),
    Row("DepthwiseConv2D", {"kernel_size": 3, "padding": "same", "activation": "relu"}, _IMAGE),
    Row(
        "DepthwiseConv2D",
        {"kernel_size": (2, 1), "strides": 2, "depth_multiplier": 2, **_FIRST},
        (2, 4, 5, 5),
        label="channels_first",
    ),
    Row(
        "SeparableConv1D",
        {"filters": 3, "kernel_size": 2, "dilation_rate": 2, "use_bias": False, **_FIRST},
        (2, 4, 6),
    ),
    Row(
        "SeparableConv2D",
        {"filters": 3, "kernel_size": 3, "padding": "same", "depth_multiplier": 2},
        _IMAGE,
    ),
]
