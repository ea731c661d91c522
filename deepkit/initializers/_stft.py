"""Convolution kernels that compute a short-time Fourier transform."""

from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core import dtypes, serialization
from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.core.shapes import standardize_shape

from ._base import Initializer


class STFT(Initializer):
    """Kernels of a 1D convolution that computes one side of a short-time Fourier transform.

    `kernel[t, 0, k] = w[t] · cos(-2π t k / N) / s`, with sin for the imaginary side, where w is
    the window, s its norm and `N = 2 (bins - 1)`. Used by `STFTSpectrogram`.

    Args:
        side: `"real"` or `"imag"`.
        window: the name of a window in `scipy.signal.windows`, its values, or `None`.
        scaling: `"density"` divides by the window's L2 norm, `"spectrum"` by its L1 norm, `None` by
            nothing.
        periodic: whether a named window is periodic instead of symmetric.

    Raises:
        ArgumentError: `side` or `scaling` has another value, or no window has this name.

    Example:
        >>> import deepkit
        >>> kernel = deepkit.initializers.STFT("real", window=None)((2, 1, 3))
        >>> kernel[:, 0, 2].tolist()
        [1.0, -1.0]
    """

    def __init__(
        self,
        side: str = "real",
        window: Any = "hann",
        scaling: str | None = "density",
        periodic: bool = False,
    ) -> None:
        if side not in ("real", "imag"):
            raise ArgumentError(f"Expected `side` to be 'real' or 'imag', received {side!r}.")
        if scaling not in (None, "density", "spectrum"):
            raise ArgumentError(
                f"Expected `scaling` to be 'density', 'spectrum' or None, received {scaling!r}."
            )
        if isinstance(window, str):
            _named_window(window, 1, periodic)
        self.side = side
        self.window = window
        self.scaling = scaling
        self.periodic = periodic

    def __call__(self, shape: Any, dtype: Any = None) -> jax.Array:
        """The kernels, computed in double precision and then cast.

        Args:
            shape: `(frame_length, 1, bins)`.
            dtype: a dtype; `floatx()` if `None`.

        Raises:
            ShapeError: `shape` or the window's length does not fit.
        """
        shape = tuple(standardize_shape(shape))
        if len(shape) != 3 or shape[1] != 1:
            raise ShapeError(f"Expected a shape (frame_length, 1, bins), received {shape}.")
        kernel = _fourier_kernel(shape[0], shape[2], self.side) * self._weights(shape[0])
        return jnp.asarray(kernel, dtypes.canonicalize_dtype(dtype))

    def _weights(self, length: int) -> np.ndarray:
        """The scaled window, `(length, 1, 1)`."""
        if self.window is None:
            return np.ones((length, 1, 1))
        named = isinstance(self.window, str)
        window = _named_window(self.window, length, self.periodic) if named else self.window
        window = np.asarray(window, dtype="float64")
        if window.shape != (length,):
            raise ShapeError(
                f"Expected a window of shape ({length},), the frame length, received one of shape "
                f"{window.shape}."
            )
        if self.scaling == "density":
            window = window / np.sqrt(np.sum(window**2))
        elif self.scaling == "spectrum":
            window = window / np.sum(np.abs(window))
        return window[:, None, None]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "side": self.side,
            "window": serialization.serialize_keras_object(self.window),
            "scaling": self.scaling,
            "periodic": self.periodic,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """An initializer from what `get_config` returned."""
        return super().from_config(serialization.deserialize_keras_object(config))


def _fourier_kernel(length: int, bins: int, side: str) -> np.ndarray:
    """`cos(-2π t k / N)` or its sine, `(length, 1, bins)`."""
    period = max(1, 2 * (bins - 1))
    # t k mod N: whole turns are taken off in integers, which keeps the angle exact.
    turns = np.arange(length)[:, None, None] * np.arange(bins) % period
    angle = -2 * np.pi * turns / period
    return np.cos(angle) if side == "real" else np.sin(angle)


def _named_window(name: str, length: int, periodic: bool) -> np.ndarray:
    import scipy.signal  # half a second, and only spectrograms need it

    try:
        return scipy.signal.get_window(name, length, fftbins=periodic)
    except ValueError as error:
        raise ArgumentError(
            f"Expected `window` to name a window of `scipy.signal.windows`, received {name!r}: "
            f"{error}"
        ) from error
