"""Opens files of folders that are not trusted: no links, no devices."""

import os
import pathlib
import stat
from typing import BinaryIO

from deepkit.core.errors import UnsafeFileError

_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def open_plain(path: pathlib.Path, file: str) -> BinaryIO:
    """An open file, for reading.

    Args:
        path: its path.
        file: how messages name the whole that it is a part of.

    Raises:
        FileNotFoundError: there is none.
        UnsafeFileError: it is a link, or no file.
    """
    if not stat.S_ISREG(path.lstat().st_mode):
        raise UnsafeFileError(
            f"'{file}' is not loaded: its part '{path.name}' is a link or no file."
        )
    return path.open("rb") if not _FLAGS else open(path, "rb", opener=_opened)


def _opened(path: str, flags: int) -> int:
    return os.open(path, flags | _FLAGS)
