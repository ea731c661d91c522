"""`Deconvolution2D` of Keras 1: the size of its output, as today's arguments, or refused."""

import pathlib
import zipfile

import pytest

from deepkit.errors import SerializationError
from deepkit.saving import load_model
from deepkit.saving._formats._older_configs import modern_config

LAYOUTS = pathlib.Path(__file__).parents[1] / "layouts"


def translated(**changed):
    config = {
        "name": "own",
        "nb_filter": 3,
        "nb_row": 3,
        "nb_col": 2,
        "output_shape": [None, 9, 12, 3],
        "subsample": [2, 3],
        "border_mode": "valid",
        "dim_ordering": "tf",
        **changed,
    }
    layers = [{"class_name": "Deconvolution2D", "config": config}]
    made = modern_config({"class_name": "Sequential", "config": {"layers": layers}})
    return made["config"]["layers"][-1]


@pytest.mark.parametrize(
    ("changed", "padding"),
    [
        # (4 - 1) · 2 + 3 = 9 and (4 - 1) · 3 + 2 = 11 are the least.
        ({}, [0, 1]),
        ({"output_shape": [None, 9, 11, 3]}, [0, 0]),
        ({"output_shape": [None, 10, 13, 3]}, [1, 2]),
        ({"output_shape": [None, 3, 10, 13], "dim_ordering": "th"}, [1, 2]),
    ],
)
def test_sizes_without_padding(changed, padding):
    layer = translated(**changed)
    assert layer["class_name"] == "Conv2DTranspose"
    usual = [0, 1]
    expected = None if padding == usual else padding
    assert layer["config"]["output_padding"] == expected
    assert layer["config"]["kernel_size"] == [3, 2] and layer["config"]["filters"] == 3
    assert "output_shape" not in layer["config"]


def test_sizes_with_padding():
    layer = translated(border_mode="same", output_shape=[None, 8, 12, 3])
    assert layer["config"]["padding"] == "same" and "output_padding" not in layer["config"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"border_mode": "same"}, r"border_mode='same' and an output of \(9, 12\), .* in code"),
        ({"border_mode": "full"}, "border_mode='full' and an output of .* call `load_weights`"),
        ({"output_shape": None}, "has output_shape=None, without sides"),
        ({"output_shape": [None, None, 3, 3]}, "without sides"),
        ({"subsample": 2}, "without sides"),
        ({"nb_row": None}, "without sides"),
        ({"subsample": [0, 1]}, "without sides"),
    ],
)
def test_what_has_no_equal(changed, words):
    with pytest.raises(SerializationError, match=f"'own' .Deconvolution2D. .*{words}"):
        translated(**changed)


def test_a_file_whose_size_has_no_equal(tmp_path):
    with zipfile.ZipFile(LAYOUTS / "keras_1.2.2_deconvolution.zip") as archive:
        archive.extract("deconvolution_same_odd.h5", tmp_path)
    with pytest.raises(SerializationError, match=r"an output of \(7, 9\), .*Conv2DTranspose"):
        load_model(tmp_path / "deconvolution_same_odd.h5")
