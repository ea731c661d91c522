"""Keras as an oracle: run it beside deepkit under the settings that it expects."""

import contextlib
import os
import warnings
from collections.abc import Iterator

import jax

os.environ.setdefault("KERAS_BACKEND", "jax")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import keras as keras


@contextlib.contextmanager
def oracle() -> Iterator[None]:
    """Standard promotion and no warnings, for the lines that call Keras."""
    with jax.numpy_dtype_promotion("standard"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
