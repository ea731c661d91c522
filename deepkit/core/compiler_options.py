"""How programs of training, evaluation, prediction and calls of models are compiled."""

import functools
import os
from collections.abc import Callable
from typing import Any

import jax

from deepkit.core.compilation_cache import keep_compiled_programs

# XLA's library of kernels (YNNPACK) runs a convolution inside of a loop on one thread, and writes
# out what it fuses with products. Both are better off with Eigen; sums are faster in the library.
_LIBRARY_FUSIONS = "xla_cpu_experimental_ynn_fusion_type"
_ON_CPU = {_LIBRARY_FUSIONS: "LIBRARY_FUSION_TYPE_REDUCE"}


def jit(function: Callable[..., Any], **options: Any) -> Any:
    """`jax.jit` with deepkit's options of XLA; what is compiled is kept for other processes."""
    keep_compiled_programs()
    return jax.jit(function, compiler_options=compiler_options(), **options)


def compiler_options() -> dict[str, str] | None:
    """What to give to `jax.jit` as `compiler_options`, for the default device.

    Nothing where the user set the same options by `XLA_FLAGS`, or where XLA does not know them.
    """
    if jax.default_backend() != "cpu" or _LIBRARY_FUSIONS in os.environ.get("XLA_FLAGS", ""):
        return None
    return _ON_CPU if _are_known() else None


@functools.cache
def _are_known() -> bool:
    try:
        jax.jit(lambda x: x).lower(0.0).compile(_ON_CPU)
    except jax.errors.JaxRuntimeError:
        return False
    return True
