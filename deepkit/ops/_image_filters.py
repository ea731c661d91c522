"""Blurring, edges and the likeness of images: small filters along one axis at a time."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.tensors import operation

from ._image_layout import to_batch
from ._promotion import as_float, promote_floats
from ._types import TensorLike

# Each is a term of its own in the program.
_MOST_TAPS = 4096


def _filter(x: jax.Array, weights: Sequence[float], axis: int, *, same: bool = True) -> jax.Array:
    """The sum of shifted copies of `x`, each times a weight; zeros lie outside where `same`."""
    taps = len(weights)
    if same:
        margins = [(0, 0)] * x.ndim
        margins[axis] = ((taps - 1) // 2, taps // 2)
        x = jnp.pad(x, margins)
    size = x.shape[axis] - taps + 1
    shifted = (jax.lax.slice_in_dim(x, tap, tap + size, axis=axis) for tap in range(taps))
    return sum(float(weight) * part for weight, part in zip(weights, shifted))


def _gaussian(taps: int, sigma: float) -> np.ndarray:
    if taps > _MOST_TAPS:
        raise ArgumentError(
            f"Expected `kernel_size` to be at most {_MOST_TAPS:,}, received {taps:,}."
        )
    distance = np.arange(taps) - (taps - 1) / 2
    weights = np.exp(-0.5 * (distance / sigma) ** 2)
    return weights / weights.sum()


def blur(
    batch: jax.Array, kernel_size: Sequence[int], sigma: Sequence[float], *, same: bool = True
) -> jax.Array:
    """A batch, channels last, blurred by a Gaussian of `(width, height)` taps."""
    across = _filter(batch, _gaussian(kernel_size[0], sigma[0]), 2, same=same)
    return _filter(across, _gaussian(kernel_size[1], sigma[1]), 1, same=same)


@operation
def gaussian_blur(
    images: TensorLike,
    kernel_size: Sequence[int] = (3, 3),
    sigma: Sequence[float] = (1.0, 1.0),
    data_format: str | None = None,
) -> jax.Array:
    """Returns images blurred by a Gaussian; outside of them lie zeros.

    Args:
        images: one image or a batch.
        kernel_size: size of the filter, across and down.
        sigma: standard deviations in pixels, across and down.
        data_format: `"channels_last"` or `"channels_first"`.

    Raises:
        ArgumentError: `kernel_size` or `sigma` is not two positive numbers.
    """
    for name, pair in (("kernel_size", kernel_size), ("sigma", sigma)):
        if len(pair) != 2 or not min(pair) > 0:
            raise ArgumentError(f"Expected `{name}` to be two positive numbers, received {pair}.")
    batch, restore = to_batch(images, data_format)
    return restore(blur(as_float(batch), kernel_size, sigma).astype(batch.dtype))


@operation
def sobel_edges(images: TensorLike, data_format: str | None = None) -> jax.Array:
    """Returns the slopes of images, down and across, by Sobel's filters.

    Args:
        images: one image or a batch.
        data_format: `"channels_last"` or `"channels_first"`.

    Returns:
        Array of the shape of `images` and one more axis of size 2: `(dy, dx)`.
    """
    batch, restore = to_batch(images, data_format)
    difference, mean = (-1, 0, 1), (1, 2, 1)
    values = as_float(batch)
    dy = _filter(_filter(values, difference, 1), mean, 2)
    dx = _filter(_filter(values, mean, 1), difference, 2)
    return jnp.stack([restore(dy), restore(dx)], axis=-1).astype(batch.dtype)


@operation
def ssim(
    image1: TensorLike,
    image2: TensorLike,
    max_val: float = 1.0,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    data_format: str | None = None,
) -> jax.Array:
    """Returns how alike images are in structure: at most 1, for equal ones.

    With means `μ`, variances `σ²` and covariance `σ₁₂` in a Gaussian window, the mean over all
    windows and channels of `(2μ₁μ₂ + c₁)(2σ₁₂ + c₂) / ((μ₁² + μ₂² + c₁)(σ₁² + σ₂² + c₂))`, where
    `c = (k max_val)²` (Wang et al., 2004, "Image quality assessment: from error visibility to
    structural similarity").

    Args:
        image1: one image or a batch.
        image2: another one of the same shape.
        max_val: the largest value that pixels can have.
        filter_size: size of the window, at most that of the images.
        filter_sigma: standard deviation of the window, in pixels.
        k1: keeps the first ratio finite.
        k2: keeps the second ratio finite.
        data_format: `"channels_last"` or `"channels_first"`.

    Returns:
        Scalar, or one number for each image of a batch.

    Raises:
        ShapeError: the images differ in shape, or are smaller than the window.
    """
    a, b = promote_floats(image1, image2)
    if a.shape != b.shape:
        raise ShapeError(
            "Expected `image1` and `image2` to have one shape, received "
            f"{tuple(a.shape)} and {tuple(b.shape)}."
        )
    single = a.ndim == 3
    (a, _), (b, _) = to_batch(a, data_format, "image1"), to_batch(b, data_format, "image2")
    if min(a.shape[1:3]) < filter_size:
        raise ShapeError(
            f"Expected images of at least {filter_size} x {filter_size} pixels, the size of the "
            f"window, received {a.shape[1]} x {a.shape[2]}. Give a smaller `filter_size`."
        )

    def mean(x: jax.Array) -> jax.Array:
        return blur(x, (filter_size, filter_size), (filter_sigma, filter_sigma), same=False)

    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    mean_a, mean_b = mean(a), mean(b)
    variances = mean(a * a) - mean_a**2 + mean(b * b) - mean_b**2
    covariance = mean(a * b) - mean_a * mean_b
    likeness = (2.0 * mean_a * mean_b + c1) * (2.0 * covariance + c2)
    likeness = likeness / ((mean_a**2 + mean_b**2 + c1) * (variances + c2))
    result = jnp.mean(likeness, axis=(1, 2, 3))
    return result[0] if single else result
