"""Settings of the process: float type, epsilon, image layout, promotion, logging, limits."""

import dataclasses
from typing import Any

from deepkit.core.errors import ArgumentError


@dataclasses.dataclass
class _Settings:
    floatx: str = "float32"
    epsilon: float = 1e-7
    image_data_format: str = "channels_last"
    dtype_promotion: str = "standard"
    interactive_logging: bool = True
    traceback_filtering: bool = True
    flash_attention: bool | None = None
    max_epochs: int | None = None
    max_steps_per_epoch: int | None = None


_SETTINGS = _Settings()
_FLOATX = ("float16", "bfloat16", "float32", "float64")
_DATA_FORMATS = ("channels_last", "channels_first")
_PROMOTIONS = ("standard", "strict")


def _one_of(argument: str, value: Any, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise ArgumentError(f"Expected `{argument}` to be one of {allowed}, received {value!r}.")
    return value


def backend() -> str:
    """The name of the array library underneath: always `"jax"`."""
    return "jax"


def set_backend(backend: str) -> None:
    """Accept `"jax"`, so that programs written for Keras go on.

    Raises:
        ArgumentError: another library is asked for.
    """
    _one_of("backend", backend, ("jax",))


def is_nnx_enabled() -> bool:
    """Whether variables are those of Flax's NNX: never."""
    return False


def floatx() -> str:
    """The default float dtype, as a name such as `"float32"`."""
    return _SETTINGS.floatx


def set_floatx(value: str) -> None:
    """Set the default float dtype: `"float16"`, `"bfloat16"`, `"float32"` or `"float64"`."""
    _SETTINGS.floatx = _one_of("value", value, _FLOATX)


def of_computations() -> tuple[Any, ...]:
    """The settings on which the results of computations depend."""
    s = _SETTINGS
    return s.floatx, s.epsilon, s.image_data_format, s.dtype_promotion, s.flash_attention


def epsilon() -> float:
    """The small number that keeps divisions and logarithms finite; 1e-7 at the start."""
    return _SETTINGS.epsilon


def set_epsilon(value: float) -> None:
    """Set the small number that keeps divisions and logarithms finite."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise ArgumentError(f"Expected `value` to be a number above 0, received {value!r}.")
    _SETTINGS.epsilon = float(value)


def image_data_format() -> str:
    """`"channels_last"` or `"channels_first"`: the layout that image layers assume."""
    return _SETTINGS.image_data_format


def set_image_data_format(data_format: str) -> None:
    """Set the layout that image layers assume where they are given none."""
    _SETTINGS.image_data_format = _one_of("data_format", str(data_format).lower(), _DATA_FORMATS)


def standardize_data_format(data_format: str | None) -> str:
    """The layout that a layer was given, or the global one for `None`."""
    if data_format is None:
        return image_data_format()
    return _one_of("data_format", str(data_format).lower(), _DATA_FORMATS)


def dtype_promotion() -> str:
    """`"standard"` (mixed dtypes meet as in JAX) or `"strict"` (mixing them is an error)."""
    return _SETTINGS.dtype_promotion


def set_dtype_promotion(value: str) -> None:
    """Choose what `ops` do with mixed dtypes: `"standard"` promotes, `"strict"` raises."""
    _SETTINGS.dtype_promotion = _one_of("value", value, _PROMOTIONS)


def enable_interactive_logging() -> None:
    """Let `fit`, `evaluate` and `predict` draw progress bars where `verbose="auto"`."""
    _SETTINGS.interactive_logging = True


def disable_interactive_logging() -> None:
    """Let `verbose="auto"` mean one line an epoch, as for log files."""
    _SETTINGS.interactive_logging = False


def is_interactive_logging_enabled() -> bool:
    """Whether `verbose="auto"` draws progress bars."""
    return _SETTINGS.interactive_logging


def enable_traceback_filtering() -> None:
    """Hide deepkit's own frames in the tracebacks of errors."""
    _SETTINGS.traceback_filtering = True


def disable_traceback_filtering() -> None:
    """Show every frame in the tracebacks of errors."""
    _SETTINGS.traceback_filtering = False


def is_traceback_filtering_enabled() -> bool:
    """Whether deepkit's own frames are hidden in tracebacks."""
    return _SETTINGS.traceback_filtering


def enable_flash_attention() -> None:
    """Use fused attention kernels wherever the device has them."""
    _SETTINGS.flash_attention = True


def disable_flash_attention() -> None:
    """Never use fused attention kernels."""
    _SETTINGS.flash_attention = False


def is_flash_attention_enabled() -> bool | None:
    """`True` or `False` as set; `None` leaves the choice to the op."""
    return _SETTINGS.flash_attention


def max_epochs() -> int | None:
    """The most epochs that any `fit` runs, or `None`."""
    return _SETTINGS.max_epochs


def set_max_epochs(max_epochs: int | None) -> None:
    """Limit every `fit` to so many epochs; `None` lifts the limit."""
    _SETTINGS.max_epochs = _positive_or_none("max_epochs", max_epochs)


def max_steps_per_epoch() -> int | None:
    """The most steps an epoch, an `evaluate` or a `predict` runs, or `None`."""
    return _SETTINGS.max_steps_per_epoch


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Limit every epoch, `evaluate` and `predict` to so many steps; `None` lifts the limit."""
    _SETTINGS.max_steps_per_epoch = _positive_or_none("max_steps_per_epoch", max_steps_per_epoch)


def _positive_or_none(argument: str, value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ArgumentError(
            f"Expected `{argument}` to be an integer of at least 1 or None, received {value!r}."
        )
    return value
