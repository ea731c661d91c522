"""Conversion where plain tracing fails, for methods of users that the library calls."""

from collections.abc import Callable
from typing import Any, TypeVar

import jax

from deepkit import autograph
from deepkit.core import user_code

Result = TypeVar("Result")

# What JAX raises where Python asks a traced value for its truth, or for a number.
NEEDS_CONVERSION = (
    jax.errors.ConcretizationTypeError,
    jax.errors.TracerIntegerConversionError,
)


def converting() -> Any:
    """A `with` block in which the methods of users that the library calls are converted."""
    return user_code.converting(autograph.prepared_method)


def convert_on_demand(trace: Callable[[], Result]) -> Result:
    """Trace something that leaves nothing behind if it fails, once more with conversion if needed.

    Args:
        trace: what traces code of users, perhaps deep inside.
    """
    if user_code.active_conversion() is not None:
        return trace()
    try:
        return trace()
    except NEEDS_CONVERSION as error:
        plain_error = error
    try:
        with converting():
            return trace()
    except NEEDS_CONVERSION:
        # Conversion does not help, and its error names converted code.
        raise plain_error from None
