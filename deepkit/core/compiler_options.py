"""How programs of training, evaluation, prediction and calls of models are compiled."""

import functools
import os
import warnings
from collections.abc import Callable
from typing import Any

import jax

from deepkit.core.compilation_cache import keep_compiled_programs

_ON_CPU = {
    # XLA's library of kernels (YNNPACK) runs a convolution inside of a loop on one thread, and
    # writes out what it fuses with products. Both are better off with Eigen; sums are faster in the
    # library.
    "xla_cpu_experimental_ynn_fusion_type": "LIBRARY_FUSION_TYPE_REDUCE",
    # Temporary arrays lie in blocks of so many bytes rather than in a single one, so that the C
    # library keeps them for the next run (`memory.py`).
    "xla_multiheap_size_constraint_per_heap": str(62 * 2**20),
}
_NOT_WRITTEN = "Error writing persistent compilation cache entry.*Multiple temp buffer allocations"


def jit(function: Callable[..., Any], **options: Any) -> Any:
    """`jax.jit` with deepkit's options of XLA; what is compiled is kept for other processes.

    XLA cannot write programs whose temporary arrays lie in several blocks: they are not kept.
    """
    keep_compiled_programs()

    @functools.wraps(function)
    def traced(*args: Any, **kwargs: Any) -> Any:
        # JAX warns of what it could not keep. What follows tracing is compiling, and by now the
        # user's filters are set, which may turn warnings into errors.
        warnings.filterwarnings("ignore", _NOT_WRITTEN)
        return function(*args, **kwargs)

    return jax.jit(traced, compiler_options=compiler_options(), **options)


def compiler_options() -> dict[str, str] | None:
    """What to give to `jax.jit` as `compiler_options`, for the default device.

    Leaves out what the user set by `XLA_FLAGS`, and what XLA does not know.
    """
    if jax.default_backend() != "cpu":
        return None
    flags = os.environ.get("XLA_FLAGS", "")
    return _known(tuple(name for name in _ON_CPU if name not in flags)) or None


@functools.cache
def _known(names: tuple[str, ...]) -> dict[str, str]:
    """Those of deepkit's options that XLA knows; asked for all at once, as that is a program."""
    options = {name: _ON_CPU[name] for name in names}
    if not options or _are_known(options):
        return options
    return {name: value for name, value in options.items() if _are_known({name: value})}


def _are_known(options: dict[str, str]) -> bool:
    try:
        jax.jit(lambda x: x).lower(0.0).compile(options)
    except jax.errors.JaxRuntimeError:
        return False
    return True
