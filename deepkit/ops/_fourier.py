"""Fourier transforms; complex numbers go in and out as pairs (real, imaginary)."""

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core.errors import ArgumentError, DTypeError, ShapeError
from deepkit.tensors import as_array, operation

from ._constants import maker_of
from ._promotion import as_float
from ._types import TensorLike

Pair = tuple[TensorLike, TensorLike]
_WINDOWS = {"hann": 0.5, "hamming": 0.54}


def _to_complex(x: Pair) -> jax.Array:
    if not isinstance(x, tuple | list) or len(x) != 2:
        raise ArgumentError(
            f"Expected `x` to be a pair of arrays (real, imaginary), received {type(x).__name__}."
        )
    real, imag = as_array(x[0]), as_array(x[1])
    if real.shape != imag.shape:
        raise ShapeError(
            "Expected the real and the imaginary part to have one shape, received "
            f"{tuple(real.shape)} and {tuple(imag.shape)}."
        )
    for part in (real, imag):
        if not jnp.issubdtype(part.dtype, jnp.floating):
            raise DTypeError(
                f"Expected the real and the imaginary part to be floats, received "
                f"{part.dtype.name}. Convert it with `ops.cast(x, 'float32')`."
            )
    return jax.lax.complex(real, imag)


def _to_pair(x: jax.Array) -> tuple[jax.Array, jax.Array]:
    return jnp.real(x), jnp.imag(x)


@operation
def fft(x: Pair) -> tuple[jax.Array, jax.Array]:
    """Returns the Fourier transform over the last axis, as a pair."""
    return _to_pair(jnp.fft.fft(_to_complex(x)))


@operation
def fft2(x: Pair) -> tuple[jax.Array, jax.Array]:
    """Returns the Fourier transform over the last two axes, as a pair."""
    return _to_pair(jnp.fft.fft2(_to_complex(x)))


@operation
def ifft2(x: Pair) -> tuple[jax.Array, jax.Array]:
    """Returns the inverse of `fft2`, as a pair."""
    return _to_pair(jnp.fft.ifft2(_to_complex(x)))


@operation
def rfft(x: TensorLike, fft_length: int | None = None) -> tuple[jax.Array, jax.Array]:
    """Returns the Fourier transform of real numbers over the last axis, as a pair.

    Args:
        x: real array of shape `(..., n)`.
        fft_length: `x` is cut or padded with zeros to this length; `n` if `None`.

    Returns:
        Pair of shape `(..., fft_length // 2 + 1)`: the other half mirrors it.
    """
    return _to_pair(jnp.fft.rfft(as_float(x), n=fft_length))


@operation
def irfft(x: Pair, fft_length: int | None = None) -> jax.Array:
    """Returns the inverse of `rfft`: real numbers of length `fft_length`, `2 (n - 1)` if `None`."""
    return jnp.fft.irfft(_to_complex(x), n=fft_length)


@operation
def extract_sequences(x: TensorLike, sequence_length: int, sequence_stride: int) -> jax.Array:
    """Returns the sequences that a window sees as it moves along the last axis.

    Args:
        x: array of shape `(..., n)`.
        sequence_length: length of each sequence.
        sequence_stride: distance between their starts.

    Returns:
        Array of shape `(..., sequences, sequence_length)`.

    Example:
        >>> import deepkit
        >>> deepkit.ops.extract_sequences([1, 2, 3, 4, 5], 3, 2)
        Array([[1, 2, 3],
               [3, 4, 5]], dtype=int32)
    """
    x = as_array(x)
    count = max(0, 1 + (x.shape[-1] - sequence_length) // sequence_stride)
    return x[..., _frames(count, sequence_length, sequence_stride)]


def _frames(count: int, length: int, stride: int) -> np.ndarray | jax.Array:
    """Indices of shape (count, length) of overlapping frames."""
    xp = maker_of(count * length)
    return xp.arange(count)[:, None] * stride + xp.arange(length)


@operation
def stft(
    x: TensorLike,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    window: str | TensorLike | None = "hann",
    center: bool = True,
) -> tuple[jax.Array, jax.Array]:
    """Returns the short-time Fourier transform: `rfft` of overlapping, windowed sequences.

    Args:
        x: float array of shape `(..., n)`.
        sequence_length: length of each sequence.
        sequence_stride: distance between their starts.
        fft_length: length of the transform, at least `sequence_length`.
        window: `"hann"`, `"hamming"`, `sequence_length` weights, or `None` for none.
        center: whether sequences are centred on the times `0, stride, …`, `x` mirrored at its ends.

    Returns:
        Pair of shape `(..., sequences, fft_length // 2 + 1)`.

    Raises:
        DTypeError: `x` is neither float32 nor float64.
        ArgumentError: `fft_length` is too short, or the window is unknown.
        ShapeError: the window is not a vector of `sequence_length`.
    """
    x = as_array(x)
    if x.dtype.name not in ("float32", "float64"):
        raise DTypeError(
            f"Expected `x` of `stft` to be float32 or float64, received {x.dtype.name}. "
            "Convert it with `ops.cast(x, 'float32')`."
        )
    weights = _window(window, sequence_length, fft_length, x.dtype)
    if center:
        half = fft_length // 2
        x = jnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(half, half)], mode="reflect")
    frames = extract_sequences(x, fft_length, sequence_stride)
    return _to_pair(jnp.fft.rfft(frames * weights))


@operation
def istft(
    x: Pair,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: int | None = None,
    window: str | TensorLike | None = "hann",
    center: bool = True,
) -> jax.Array:
    """Returns the inverse of `stft`, given the same settings.

    Args:
        x: pair of shape `(..., sequences, fft_length // 2 + 1)`.
        sequence_length: length of each sequence.
        sequence_stride: distance between their starts.
        fft_length: length of the transform.
        length: length of the result; all that is known if `None`.
        window: as in `stft`.
        center: as in `stft`.

    Raises:
        ShapeError: `x` has less than two axes.
    """
    spectrum = _to_complex(x)
    if spectrum.ndim < 2:
        raise ShapeError(
            "Expected `x` of `istft` to have shape (..., sequences, bins), received "
            f"{tuple(spectrum.shape)}."
        )
    count = spectrum.shape[-2]
    total = fft_length + sequence_stride * (count - 1)
    weights = _window(window, sequence_length, fft_length, jnp.real(spectrum).dtype)
    frames = jnp.fft.irfft(spectrum, n=fft_length) * weights
    places = _frames(count, fft_length, sequence_stride)
    signal = jnp.zeros((*frames.shape[:-2], total), frames.dtype).at[..., places].add(frames)
    # Every sample was weighed twice, by `stft` and here: divide by the sum of squared weights.
    weight = jnp.zeros(total, frames.dtype).at[places].add(jnp.square(weights))
    signal = signal / jnp.where(weight > 1e-10, weight, 1.0)
    start = fft_length // 2 if center else 0
    end = total - start if length is None else start + length
    return signal[..., start:end]


def _window(
    window: str | TensorLike | None, sequence_length: int, fft_length: int, dtype: np.dtype
) -> jax.Array:
    """The weights of a sequence, centred in `fft_length` with zeros around them."""
    if fft_length < sequence_length:
        raise ArgumentError(
            f"Expected `fft_length` to be `sequence_length` or more, received {fft_length} and "
            f"{sequence_length}."
        )
    if window is None:
        return jnp.ones(fft_length, dtype)
    if isinstance(window, str):
        weights = jnp.asarray(_named_window(window, sequence_length), dtype)
    else:
        weights = as_array(window, dtype)
    if weights.shape != (sequence_length,):
        raise ShapeError(
            f"Expected `window` to have shape ({sequence_length},), the sequence length, "
            f"received {tuple(weights.shape)}."
        )
    before = (fft_length - sequence_length) // 2
    return jnp.pad(weights, (before, fft_length - sequence_length - before))


def _named_window(name: str, length: int) -> np.ndarray | jax.Array:
    """A periodic window: `a - (1 - a) cos(2πn / length)`."""
    if name not in _WINDOWS:
        raise ArgumentError(
            f"Expected `window` to be one of {tuple(_WINDOWS)}, an array or None, "
            f"received {name!r}."
        )
    if length == 1:
        return np.ones(1)
    a = _WINDOWS[name]
    xp = maker_of(length)
    return a - (1 - a) * xp.cos(2 * np.pi * xp.arange(0.0, length) / length)
