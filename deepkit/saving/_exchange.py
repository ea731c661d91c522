"""Puts a folder in the place of another and that one in its own, in one step, where that can be."""

import ctypes
import errno
import os
import pathlib
from collections.abc import Callable
from typing import Any

# As Linux numbers them: paths are seen from the working folder; the two change places.
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
_NOT_SUPPORTED = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)


def _system_call() -> Callable[..., int] | None:
    """Linux has it, and its C libraries for some years."""
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return None
    call.argtypes = (
        ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint
    )  # fmt: skip
    call.restype = ctypes.c_int
    return call


_renameat2: Any = _system_call()


def exchanged(first: pathlib.Path, second: pathlib.Path) -> bool:
    """Exchange two files or folders: at no moment is either name without one.

    Returns:
        Whether they were; not where the system or the file system cannot do it.

    Raises:
        OSError: they cannot be, such as `FileNotFoundError` if one is not there.
    """
    if _renameat2 is None:
        return False
    paths = os.fsencode(first), os.fsencode(second)
    if _renameat2(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in _NOT_SUPPORTED:
        return False
    raise OSError(number, os.strerror(number), str(first), None, str(second))
