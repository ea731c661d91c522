"""Cropping, padding and up-sampling beyond the contract: undoing each other, bad arguments."""

import numpy as np
import pytest

from deepkit import errors, layers


def _random(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


_PAIRS = [(1, 2), ((1, 0), (2, 3)), ((0, 1), 2, (3, 0))]


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("rank", [2, 3])
def test_cropping_undoes_padding(rank, data_format):
    x = _random(*(2, 3, 4, 5, 6)[: rank + 2])
    pairs = _PAIRS[rank - 1]
    padded = getattr(layers, f"ZeroPadding{rank}D")(pairs, data_format)(x)
    back = getattr(layers, f"Cropping{rank}D")(pairs, data_format)(padded)
    np.testing.assert_array_equal(back, x)
    np.testing.assert_allclose(np.sum(padded), np.sum(x), rtol=1e-4)  # the same sum, regrouped


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_average_pooling_undoes_up_sampling(rank):
    x = _random(*(2, 3, 2, 2)[: rank + 1], 4)
    large = getattr(layers, f"UpSampling{rank}D")(2)(x)
    back = getattr(layers, f"AveragePooling{rank}D")(2)(large)
    np.testing.assert_allclose(back, x, rtol=1e-6)  # float32 rounding


def test_the_two_layouts_agree():
    x = _random(1, 2, 3, 4)
    for arguments in ({"interpolation": "bilinear"}, {"interpolation": "nearest"}):
        last = layers.UpSampling2D((2, 3), "channels_last", **arguments)(x)
        first = layers.UpSampling2D((2, 3), "channels_first", **arguments)(np.moveaxis(x, -1, 1))
        np.testing.assert_allclose(np.moveaxis(first, 1, -1), last, rtol=1e-6)  # rounding


def test_whole_numbers_stay_whole():
    x = np.array([[[[0], [7]]]], "uint8")
    for interpolation, expected in (("nearest", [0, 0, 7, 7]), ("bilinear", [0, 2, 5, 7])):
        outputs = layers.UpSampling2D((1, 2), interpolation=interpolation)(x)
        assert outputs.dtype == "uint8"
        assert outputs.ravel().tolist() == expected


def test_cropping_has_to_leave_something():
    layer = layers.Cropping2D(((1, 1), (0, 0)), name="tight")
    with pytest.raises(errors.ShapeError, match=r"'tight' \(Cropping2D\) cuts 1 \+ 1 off axis 1"):
        layer(np.zeros((1, 2, 5, 1), "float32"))


@pytest.mark.parametrize(
    ("layer", "arguments", "message"),
    [
        (layers.Cropping1D, (-1,), r"an integer or a pair \(before, after\), none .* received -1"),
        (layers.Cropping1D, ((1, 2, 3),), r"received \(1, 2, 3\)"),
        (layers.Cropping2D, (-1,), "integer or a tuple of 2 integers or of 2 pairs"),
        (layers.Cropping2D, (((1, -1), 0),), "none of them negative"),
        (layers.Cropping3D, ((1, 2),), r"of 3 pairs \(before, after\)"),
        (layers.Cropping3D, ("one",), "received 'one'"),
        (layers.ZeroPadding1D, (1.5,), "`padding` .* received 1.5"),
        (layers.ZeroPadding2D, ((1, (2, 3, 4)),), "`padding` .* of 2 pairs"),
        (layers.ZeroPadding3D, (None,), "`padding` .* received None"),
        (layers.UpSampling1D, (2.5,), "`size` .* received 2.5"),
        (layers.UpSampling2D, ((2, 0),), r"`size` .* received \(2, 0\)"),
        (layers.UpSampling2D, (2, None, "cubic"), "`interpolation` .* 'bicubic'"),
        (layers.UpSampling3D, ((2, 2),), "a tuple of 3 integers of at least 1"),
    ],
)
def test_bad_arguments_are_refused(layer, arguments, message):
    with pytest.raises(errors.ArgumentError, match=message):
        layer(*arguments)
