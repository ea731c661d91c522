"""When cuDNN's fused attention stands in for XLA's operations.

`docs/design/gpu_attention.md` says the rule in words.
"""

import re

import jax
import jax.numpy as jnp

# What cuDNN can do on Ampere, the first generation with its kernels, and on all later ones.
_LEAST_CAPABILITY, _MOST_DEPTH = (8, 0), 128
# The scores of short sequences are small, and not all releases of cuDNN take them backward.
_LEAST_LENGTH = 64


def runs_on_cudnn(query: jax.Array, key: jax.Array, value: jax.Array, is_causal: bool) -> bool:
    """Whether the default device has a fused kernel for an attention without bias and mask."""
    return _is_capable() and suits_cudnn(query, key, value, is_causal)


def suits_cudnn(query: jax.Array, key: jax.Array, value: jax.Array, is_causal: bool) -> bool:
    """Whether cuDNN has a fused kernel for an attention without bias and mask.

    Args:
        query: what has the shape `(batch, queries, heads, depth)` and a dtype.
        key: the same of the keys.
        value: the same of the values.
        is_causal: whether a query sees only keys up to its own place.
    """
    if not query.dtype == key.dtype == value.dtype:
        return False
    if query.dtype not in (jnp.float16, jnp.bfloat16):
        return False
    depths = {x.shape[-1] for x in (query, key, value)}
    if len(depths) > 1 or any(depth % 8 or depth > _MOST_DEPTH for depth in depths):
        return False
    queries, keys = query.shape[1], key.shape[1]
    if is_causal and queries != keys:
        return False
    return min(queries, keys) >= _LEAST_LENGTH and query.shape[0] > 0


def _is_capable() -> bool:
    """Whether the default device is an NVIDIA GPU that is new enough."""
    if jax.default_backend() != "gpu":
        return False
    capability = str(getattr(jax.local_devices()[0], "compute_capability", ""))
    numbers = re.fullmatch(r"(\d+)\.(\d+)", capability)  # on GPUs of other makers it is a name
    return numbers is not None and tuple(map(int, numbers.groups())) >= _LEAST_CAPABILITY
