"""Rows of normalization layers."""

from tests.layers.row import Row

ROWS = [
    Row("BatchNormalization", {}, (4, 3), training=True),
    Row("BatchNormalization", {"axis": 1, "momentum": 0.9}, (4, 3, 5), training=True, label="axis"),
    Row("BatchNormalization", {"scale": False, "center": False}, (4, 3), label="plain-inference"),
    Row(
        "BatchNormalization",
        {"renorm": True, "renorm_clipping": {"rmax": 2.0, "rmin": 0.5, "dmax": 1.0}},
        (4, 3),
        training=True,
        label="renorm",
    ),
    Row("LayerNormalization", {}, (4, 3)),
    Row("LayerNormalization", {"axis": [1, 2], "scale": False}, (4, 3, 5), label="two-axes"),
    Row("GroupNormalization", {"groups": 2}, (2, 3, 4)),
    Row("GroupNormalization", {"groups": -1, "axis": 1}, (2, 3, 4), label="instance"),
    Row("UnitNormalization", {"axis": -1}, (4, 3)),
    Row("RMSNormalization", {}, (4, 3)),
    Row("RMSNormalization", {"axis": [1, 2]}, (4, 3, 2), label="two-axes"),
    Row("Normalization", {"mean": 3.0, "variance": 2.0}, (4, 3)),
    Row("Normalization", {"mean": [1.0, 2.0], "variance": [2.0, 4.0]}, (4, 2), label="each"),
    Row("Normalization", {"mean": 3.0, "variance": 2.0, "invert": True}, (4, 3), label="invert"),
]
