"""Images: what Keras does otherwise, random ones, and errors."""

import jax
import jax.test_util
import numpy as np
import pytest

from deepkit.core.errors import ArgumentError, ArgumentTypeError, DTypeError, ShapeError
from deepkit.ops import image
from deepkit.tensors import KerasTensor, SeedGenerator

RNG = np.random.default_rng(1)
IMAGES = RNG.uniform(size=(2, 8, 6, 3)).astype("float32")
IDENTITY = [1.0, 0, 0, 0, 1, 0, 0, 0]


def test_affine_transform_projects():
    # x' = 2x / (x + 1), y' = y / (x + 1), of an image that holds its column numbers.
    columns = np.tile(np.arange(6, dtype="float32"), (8, 1))[..., None]
    transform = [2.0, 0, 0, 0, 1, 0, 1, 0]
    bent = image.affine_transform(columns, transform)[..., 0]
    x = np.arange(6)
    # Interpolation between whole numbers in float32.
    np.testing.assert_allclose(bent[0], 2 * x / (x + 1), rtol=1e-6)


def test_one_transform_serves_a_batch():
    shifted = image.affine_transform(IMAGES, [1.0, 0, 2, 0, 1, 1, 0, 0])
    np.testing.assert_array_equal(shifted[:, :-1, :-2], IMAGES[:, 1:, 2:])
    assert not shifted[:, -1].any()


def test_perspective_transform_moves_corners():
    corners = np.array([[0, 0], [5, 0], [0, 7], [5, 7]], "float32")
    mirrored = image.perspective_transform(IMAGES, corners, corners[[1, 0, 3, 2]])
    # The equations are solved in float32: a few steps of coordinates up to 7.
    np.testing.assert_allclose(mirrored, IMAGES[:, :, ::-1], atol=1e-5)


def test_elastic_transform_repeats_with_its_seed():
    bent = image.elastic_transform(IMAGES, seed=3)
    np.testing.assert_array_equal(bent, image.elastic_transform(IMAGES, seed=3))
    assert (bent != image.elastic_transform(IMAGES, seed=4)).any()
    seeds = SeedGenerator(3)
    first, second = (image.elastic_transform(IMAGES, seed=seeds) for _ in range(2))
    np.testing.assert_array_equal(first, bent)
    assert (first != second).any()
    assert bent.shape == IMAGES.shape
    assert image.elastic_transform(KerasTensor((None, 8, 6, 3))).shape == (None, 8, 6, 3)


def test_elastic_transform_displaces_by_alpha():
    np.testing.assert_allclose(image.elastic_transform(IMAGES, alpha=0.0, seed=1), IMAGES)
    ramps = np.stack(np.meshgrid(np.arange(64.0), np.arange(64.0)), axis=-1).astype("float32")
    bent = image.elastic_transform(ramps, alpha=1.0, sigma=2.0, fill_mode="nearest", seed=5)
    moved = np.asarray(bent - ramps)[8:-8, 8:-8]
    # White noise of deviation 2 through a Gaussian of 2: 2 / (2 sqrt(pi) 2) = 0.28 is left. The
    # 48 × 48 pixels hold some 180 independent values, so their deviation is off by up to a fifth.
    np.testing.assert_allclose(moved.std(axis=(0, 1)), 0.28, rtol=0.25)
    assert abs(np.corrcoef(moved[..., 0].ravel(), moved[..., 1].ravel())[0, 1]) < 0.3


def test_ssim_of_equal_and_of_opposite_images():
    assert float(image.ssim(IMAGES[0], IMAGES[0], filter_size=5)) == pytest.approx(1, abs=1e-6)
    assert image.ssim(IMAGES, 1 - IMAGES, filter_size=5).max() < 0


def test_bytes_stay_bytes():
    pixels = (IMAGES * 255).astype("uint8")
    for result in (
        image.resize(pixels, (4, 4), interpolation="bicubic"),
        image.affine_transform(pixels, IDENTITY),
        image.gaussian_blur(pixels),
        image.rgb_to_grayscale(pixels),
    ):
        assert result.dtype == "uint8"
    np.testing.assert_array_equal(image.affine_transform(pixels, IDENTITY), pixels)


def test_half_precision_is_bent_at_exact_coordinates():
    wide = np.arange(4000, dtype="float16")[None, :, None] % 7
    moved = image.affine_transform(wide, [1.0, 0, 1, 0, 1, 0, 0, 0])
    np.testing.assert_array_equal(moved[:, :-1], wide[:, 1:])
    assert moved.dtype == "float16"


def test_patches_of_equal_size_and_stride_drop_the_rest():
    patches = image.extract_patches(IMAGES, (3, 4))
    assert patches.shape == (2, 2, 1, 36)
    np.testing.assert_array_equal(patches[1, 1, 0].reshape(3, 4, 3), IMAGES[1, 3:6, :4])


def test_gradients_of_transforms():
    jax.test_util.check_grads(
        lambda transform: image.affine_transform(IMAGES[0], transform),
        (np.array([0.93, 0.04, 0.31, 0.02, 0.87, 0.23, 0.01, 0.01], "float32"),),
        order=1,
        modes=["rev"],
        atol=0.05,
        rtol=0.05,
        eps=1e-3,
    )


POINTS = np.zeros((4, 2), "float32")
CASES = [
    (lambda: image.resize(IMAGES[0, 0], (2, 2)), ShapeError, r"3 axes .* received shape \(6, 3\)"),
    (lambda: image.resize(IMAGES, (2,)), ArgumentError, r"\(height, width\).* received \(2,\)"),
    (lambda: image.resize(IMAGES, (2, 2), "area"), ArgumentError, "'bicubic'.* received 'area'"),
    (
        lambda: image.resize(IMAGES, (2, 2), fill_mode="edge"),
        ArgumentError,
        "`fill_mode` .* 'edge'",
    ),
    (
        lambda: image.resize(IMAGES, (2, 2), crop_to_aspect_ratio=True, pad_to_aspect_ratio=True),
        ArgumentError,
        "received both",
    ),
    (
        lambda: image.scale_and_translate(IMAGES[0], (2, 2, 3), [1, 1], [0, 0], (0, 1), "near"),
        ArgumentError,
        "`method` .* received 'near'",
    ),
    (lambda: image.rgb_to_grayscale(IMAGES[..., :2]), ShapeError, r"1 \(grey\), received 2"),
    (lambda: image.rgb_to_hsv(IMAGES[..., :2]), ShapeError, "3 channels, received 2"),
    (lambda: image.hsv_to_rgb(IMAGES.astype("uint8")), DTypeError, "received uint8. Divide"),
    (lambda: image.pad_images(IMAGES, 1, 1), ArgumentError, "two of these .*'top_padding': 1"),
    (
        lambda: image.pad_images(IMAGES, 1, 1, target_height=5, target_width=9),
        ArgumentError,
        "`bottom_padding` to be 0 or more, received -4 for images of size 8",
    ),
    (
        lambda: image.crop_images(IMAGES, 5, 1, 5, 1),
        ArgumentError,
        "`target_height` to be 0 or more, received -2",
    ),
    (lambda: image.extract_patches(IMAGES, "2"), ArgumentTypeError, "a tuple, received '2'"),
    (lambda: image.extract_patches(IMAGES, (2,)), ArgumentError, r"2 or 3 integers, .* \(2,\)"),
    (lambda: image.extract_patches(IMAGES, 2, 0), ArgumentError, "`strides` .* received 0"),
    (lambda: image.extract_patches(IMAGES, 2, padding="full"), ArgumentError, "received 'full'"),
    (lambda: image.extract_patches_3d(IMAGES[0], 2), ShapeError, r"4 axes \(one\) .* \(8, 6, 3\)"),
    (lambda: image.map_coordinates(IMAGES[0], POINTS, 1), ShapeError, r"\(3, \.\.\.\).*\(4, 2\)"),
    (lambda: image.map_coordinates(POINTS, POINTS[:2], 3), ArgumentError, "`order` .* received 3"),
    (
        lambda: image.map_coordinates(POINTS, POINTS[:2], 1, "edge"),
        ArgumentError,
        "`fill_mode` .* received 'edge'",
    ),
    (lambda: image.affine_transform(IMAGES, [1.0]), ShapeError, r"\(8,\) .* received \(1,\)"),
    (
        lambda: image.affine_transform(IMAGES, IDENTITY, "cubic"),
        ArgumentError,
        "`interpolation` .* received 'cubic'",
    ),
    (
        lambda: image.perspective_transform(IMAGES, POINTS, POINTS[:3]),
        ShapeError,
        r"received \(4, 2\) and \(3, 2\)",
    ),
    (lambda: image.elastic_transform(IMAGES, sigma=0.0), ArgumentError, "above 0, received 0.0"),
    (lambda: image.gaussian_blur(IMAGES, (0, 3)), ArgumentError, r"`kernel_size` .* \(0, 3\)"),
    (lambda: image.gaussian_blur(IMAGES, sigma=(1.0,)), ArgumentError, r"`sigma` .* \(1.0,\)"),
    (lambda: image.ssim(IMAGES, IMAGES[0]), ShapeError, r"\(2, 8, 6, 3\) and \(8, 6, 3\)"),
    (lambda: image.ssim(IMAGES, IMAGES), ShapeError, "at least 11 x 11 pixels, .* received 8 x 6"),
]


@pytest.mark.parametrize(("call", "error", "message"), CASES)
def test_errors_say_what_was_expected_and_received(call, error, message):
    with pytest.raises(error, match=message):
        call()
