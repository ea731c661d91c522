"""Rows of pooling layers."""

from tests.layers.row import Row

_FIRST = {"data_format": "channels_first"}
_SEQUENCE, _IMAGE, _VOLUME = (2, 5, 3), (2, 5, 4, 3), (2, 3, 4, 3, 2)

_KINDS = ("Max", "Average")

ROWS = [
    *(Row(f"{kind}Pooling1D", {"pool_size": 2}, _SEQUENCE) for kind in _KINDS),
    *(
        Row(
            f"{kind}Pooling2D",
            {"pool_size": (3, 2), "strides": (1, 2), "padding": "same"},
            _IMAGE,
        )
        for kind in _KINDS
    ),
    *(
        Row(f"{kind}Pooling2D", {"pool_size": 2, "strides": 1, **_FIRST}, _IMAGE, label="first")
        for kind in _KINDS
    ),
    *(Row(f"{kind}Pooling3D", {"pool_size": (2, 2, 1)}, _VOLUME) for kind in _KINDS),
    *(Row(f"Global{kind}Pooling1D", {}, _SEQUENCE) for kind in _KINDS),
    *(Row(f"Global{kind}Pooling2D", {"keepdims": True}, _IMAGE) for kind in _KINDS),
    *(Row(f"Global{kind}Pooling2D", _FIRST, _IMAGE, label="first") for kind in _KINDS),
    *(Row(f"Global{kind}Pooling3D", {}, _VOLUME) for kind in _KINDS),
    *(Row(f"Adaptive{kind}Pooling1D", {"output_size": 2}, _SEQUENCE) for kind in _KINDS),
    *(
        Row(f"Adaptive{kind}Pooling2D", {"output_size": (2, 3), **_FIRST}, (2, 2, 5, 4))
        for kind in _KINDS
    ),
    *(
        Row(f"Adaptive{kind}Pooling3D", {"output_size": (2, 1, 2)}, (2, 3, 2, 2, 2))
        for kind in _KINDS
    ),
]
