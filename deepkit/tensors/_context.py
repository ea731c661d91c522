"""What is in force around a call and decides what a program of it does, as a key."""

from collections.abc import Callable, Hashable

import jax

from deepkit.core import config

from ._autocast import autocast_dtype

_PROVIDERS: list[Callable[[], Hashable]] = []


def add_to_context(provider: Callable[[], Hashable]) -> None:
    """Let what a function returns be a part of the key of each program."""
    _PROVIDERS.append(provider)


def context_key() -> tuple[Hashable, ...]:
    """Equal where the same call does the same: dtypes in force, and what others have added."""
    return (
        jax.config.jax_enable_x64,
        config.floatx(),
        config.image_data_format(),
        autocast_dtype(),
        *[provider() for provider in _PROVIDERS],
    )
