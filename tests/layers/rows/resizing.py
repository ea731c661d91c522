"""Rows of layers that repeat places, cut off borders or add them."""

from tests.layers.row import Row

_FIRST = {"data_format": "channels_first"}
_SEQUENCE, _IMAGE, _VOLUME = (2, 4, 3), (2, 3, 4, 2), (1, 3, 4, 3, 2)

ROWS = [
    Row("UpSampling1D", {"size": 3}, _SEQUENCE),
    Row("UpSampling2D", {"size": (2, 3)}, _IMAGE),
    Row("UpSampling2D", {"size": 2, **_FIRST}, _IMAGE, label="channels_first"),
    Row(
        "UpSampling2D",
        {"size": (3, 2), "interpolation": "bilinear", **_FIRST},
        _IMAGE,
        label="bilinear",
    ),
    *(
        Row("UpSampling2D", {"size": (3, 2), "interpolation": method}, _IMAGE, label=method)
        for method in ("bicubic", "lanczos5")
    ),
    Row("UpSampling3D", {"size": (1, 2, 3), **_FIRST}, _VOLUME),
    Row("Cropping1D", {"cropping": (1, 2)}, _SEQUENCE),
    Row("Cropping2D", {"cropping": ((1, 0), (0, 2))}, _IMAGE),
    Row("Cropping2D", {"cropping": (1, 0), **_FIRST}, _IMAGE, label="channels_first"),
    Row("Cropping3D", {}, _VOLUME),
    Row("Cropping3D", {"cropping": (1, 0, (0, 1)), **_FIRST}, (1, 2, 3, 3, 3), label="first"),
    Row("ZeroPadding1D", {"padding": (1, 2)}, _SEQUENCE),
    Row("ZeroPadding1D", _FIRST, _SEQUENCE, label="channels_first"),
    Row("ZeroPadding2D", {"padding": ((1, 0), (0, 2))}, _IMAGE),
    Row("ZeroPadding2D", {"padding": 2, **_FIRST}, _IMAGE, label="channels_first"),
    Row("ZeroPadding3D", {"padding": (1, 0, 2)}, _VOLUME),
    Row("ZeroPadding3D", _FIRST, _VOLUME, label="channels_first"),
]
