"""Has the C library keep the memory that programs use over and over.

XLA on CPU asks for its buffers anew each time that a program runs. By default glibc gets large ones
from Linux and gives them back each time, page by page. What that costs, and what it is set to here,
is in `docs/design/cpu_memory.md`.
"""

import ctypes
import os
import platform

_VARIABLE = "DEEPKIT_MALLOC"
_TUNED_BY_USER = ("MALLOC_", "GLIBC_TUNABLES", "LD_PRELOAD")
# Of <malloc.h>.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
_MIB = 2**20
_SETTINGS = {
    # Heaps of threads never reach it.
    _M_TRIM_THRESHOLD: 512 * _MIB,
    # The size of such a heap: an empty one is kept.
    _M_TOP_PAD: 64 * _MIB,
    # Blocks up to here come from the heap of their thread, which keeps what is freed.
    _M_MMAP_THRESHOLD: 64 * _MIB,
}


def keep_memory() -> bool:
    """Set up the memory of the process, before JAX starts its threads.

    Does nothing where the C library is not glibc. The environment variable `DEEPKIT_MALLOC=off`
    leaves all alone, as do settings of the user's own, such as `MALLOC_TOP_PAD_`.

    Returns:
        Whether it was set up.
    """
    if os.environ.get(_VARIABLE, "").lower() in ("off", "0") or _is_other_or_tuned():
        return False
    libc = ctypes.CDLL(None)
    return all(libc.mallopt(option, value) for option, value in _SETTINGS.items())


def _is_other_or_tuned() -> bool:
    is_set = any(name.startswith(_TUNED_BY_USER) and value for name, value in os.environ.items())
    return is_set or platform.libc_ver()[0] != "glibc"
