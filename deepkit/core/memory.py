"""Has the C library keep the memory that programs use over and over, in large pages.

XLA on CPU asks for its buffers anew each time that a program runs. By default glibc gets large ones
from Linux and gives them back each time, page by page. What that costs, and what it is set to here,
is in `docs/design/cpu_memory.md`.
"""

import ctypes
import os
import platform

try:
    import resource
except ImportError:  # not on Windows
    resource = None  # type: ignore[assignment]

_VARIABLE = "DEEPKIT_MALLOC"
_TUNED_BY_USER = ("MALLOC_", "GLIBC_TUNABLES", "LD_PRELOAD")
# Of <malloc.h> and <sys/mman.h>.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -2, -3, -8
_MADV_HUGEPAGE = 14

_MIB = 2**20
_LARGE_PAGE = 2 * _MIB
# Less in all than the heap keeps.
_RESERVED_BLOCK, _RESERVED_BLOCKS = 512 * _MIB, 3


def keep_memory() -> bool:
    """Set up the memory of the process, before JAX starts its threads.

    Does nothing where the C library is not glibc or address space is limited. The environment
    variable `DEEPKIT_MALLOC=off` leaves all alone, as do settings of the user's own, such as
    `MALLOC_ARENA_MAX`.

    Returns:
        Whether it was set up.
    """
    if os.environ.get(_VARIABLE, "").lower() in ("off", "0") or not _is_plain_glibc():
        return False
    libc = ctypes.CDLL(None)
    settings = {
        # Blocks up to here come from the heap, which keeps what is freed.
        _M_MMAP_THRESHOLD: 1024 * _MIB,
        _M_TRIM_THRESHOLD: 2047 * _MIB,
        _M_TOP_PAD: 64 * _MIB,
        # Heaps of single threads end at 64 MiB.
        _M_ARENA_MAX: 1,
    }
    if not all(libc.mallopt(option, value) for option, value in settings.items()):
        return False
    _advise_large_pages(libc)
    return True


def _is_plain_glibc() -> bool:
    is_set = any(name.startswith(_TUNED_BY_USER) and value for name, value in os.environ.items())
    if is_set or resource is None or platform.libc_ver()[0] != "glibc":
        return False
    return resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY


def _advise_large_pages(libc: ctypes.CDLL) -> None:
    """Have the heap reach far, and ask for large pages there; what is not used takes no memory."""
    libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    libc.free.restype, libc.free.argtypes = None, [ctypes.c_void_p]
    libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    blocks = [libc.malloc(_RESERVED_BLOCK) for _ in range(_RESERVED_BLOCKS)]
    for block in filter(None, blocks):
        first = -(-block // _LARGE_PAGE) * _LARGE_PAGE
        size = (block + _RESERVED_BLOCK - first) // _LARGE_PAGE * _LARGE_PAGE
        libc.madvise(first, size, _MADV_HUGEPAGE)
        libc.free(block)
