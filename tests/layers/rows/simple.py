"""Rows of layers that reshape, activate, drop and pass on."""

from tests.layers.row import Row

ROWS = [
    Row("Flatten", {}, (2, 3, 4)),
    Row("Flatten", {"data_format": "channels_first"}, (2, 3, 4, 5), label="channels_first"),
    Row("Reshape", {"target_shape": (-1, 2)}, (2, 3, 4)),
    Row("Permute", {"dims": (2, 1)}, (2, 3, 4)),
    Row("RepeatVector", {"n": 3}),
    Row("Identity"),
    Row("Masking", {}, (2, 3, 4)),
    Row("Rescaling", {"scale": 0.5, "offset": 1.0}),
    Row("Rescaling", {"scale": [0.5, 1.0, 2.0], "offset": [1.0, 0.0, 2.0]}, (2, 3), label="each"),
    Row("Activation", {"activation": "tanh"}),
    Row("ReLU", {"max_value": 1.0, "negative_slope": 0.1, "threshold": 0.2}),
    Row("LeakyReLU", {"negative_slope": 0.2}),
    Row("ELU", {"alpha": 0.5}),
    Row("PReLU", {"shared_axes": [1]}, (2, 3, 4)),
    Row("Softmax", {}),
    Row("Softmax", {"axis": [1, 2]}, (2, 3, 4), label="two-axes"),
    Row("ActivityRegularization", {"l1": 0.1, "l2": 0.2}),
    Row("Dropout", {"rate": 0.5, "seed": 3}, training=True),
    Row(
        "Dropout", {"rate": 0.5, "noise_shape": (None, 1), "seed": 3}, training=True, label="shaped"
    ),
    Row("AlphaDropout", {"rate": 0.3, "seed": 3}, training=True),
    Row("GaussianDropout", {"rate": 0.3, "seed": 3}, training=True),
    Row("GaussianNoise", {"stddev": 0.3, "seed": 3}, training=True),
    Row("SpatialDropout1D", {"rate": 0.5, "seed": 3}, (2, 3, 4), training=True),
    Row("SpatialDropout2D", {"rate": 0.5, "seed": 3}, (2, 3, 4, 5), training=True),
    Row("SpatialDropout3D", {"rate": 0.5, "seed": 3}, (2, 2, 3, 4, 5), training=True),
]
