"""Which positions may attend to which: masks of inputs, causality and windows put together."""

from typing import Any

import jax.numpy as jnp


def causal_mask(targets: int, sources: int) -> Any:
    """True where a source is not after the target, of shape (1, targets, sources)."""
    return (jnp.arange(targets)[:, None] >= jnp.arange(sources)[None, :])[None]


def window_mask(targets: int, sources: int, window: int) -> Any:
    """True where source and target are less than `window` apart."""
    distance = jnp.arange(targets)[:, None] - jnp.arange(sources)[None, :]
    return (jnp.abs(distance) < window)[None]


def combine(*masks: Any) -> Any:
    """True where all masks are that are not `None`; `None` if all are."""
    combined = None
    for mask in masks:
        if mask is not None:
            mask = mask.astype(bool)
            combined = mask if combined is None else combined & mask
    return combined
