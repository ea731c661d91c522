"""Temporary files of savers that were killed: told from those of savers that are at work.

A saver holds a shared lock on its temporary file for as long as it lives, which the system takes
back however it ends. Readers of HDF5 take shared locks, too, so they do not collide.
"""

import contextlib
import os
import pathlib
import re
import shutil
import time
from collections.abc import Iterator

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]

# A saver makes its file, then locks it; older versions of deepkit lock nothing.
GRACE_SECONDS = 60.0
# Where there are no locks.
OLD_SECONDS = 24 * 3600.0

_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def temporary_beside(target: pathlib.Path, token: str) -> pathlib.Path:
    """Where a saver makes what will take the place of a file or folder.

    Args:
        target: the file or folder.
        token: 16 hexadecimal digits that no other saver has.
    """
    return _beside(target, token, "tmp")


def former_beside(target: pathlib.Path, token: str) -> pathlib.Path:
    """Where an old folder waits while a saver puts a new one in its place."""
    return _beside(target, token, "former")


def formers_of(target: pathlib.Path) -> list[pathlib.Path]:
    """Old folders that a killed saver has moved away."""
    return [path for path, kind, _ in _found_beside(target) if kind == "former"]


def _beside(target: pathlib.Path, token: str, kind: str) -> pathlib.Path:
    return target.with_name(f".{target.name[:100]}.{token}.{kind}")


def _found_beside(target: pathlib.Path) -> list[tuple[pathlib.Path, str, str]]:
    """All that savers of a target have made beside it, with its kind and token."""
    pattern = re.compile(rf"\.{re.escape(target.name[:100])}\.([0-9a-f]{{16}})\.(tmp|former)")
    try:
        matches = [pattern.fullmatch(name) for name in os.listdir(target.parent)]
    except OSError:
        return []
    return [(target.with_name(m[0]), m[2], m[1]) for m in matches if m is not None]


@contextlib.contextmanager
def held(path: pathlib.Path) -> Iterator[None]:
    """While a temporary file or folder is in use, for other savers to see."""
    if fcntl is None:
        yield
        return
    descriptor = os.open(path, _OPEN_FLAGS)
    try:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def remove_leftovers(target: pathlib.Path, grace: float = GRACE_SECONDS) -> None:
    """Remove what killed savers of a target, which is there, have left beside it.

    What cannot be removed now stays until the next save.

    Args:
        target: the file or folder.
        grace: seconds for which nothing is removed, as savers may just have begun.
    """
    for path, _, token in _found_beside(target):
        if is_abandoned(temporary_beside(target, token), grace):
            with contextlib.suppress(OSError):
                remove(path)


def is_abandoned(path: pathlib.Path, grace: float = GRACE_SECONDS) -> bool:
    """Whether a saver has made a file or folder, and is gone."""
    try:
        age = time.time() - path.lstat().st_mtime
    except FileNotFoundError:
        return True
    except OSError:
        return False
    if age < grace:
        return False
    if fcntl is None:
        return age > OLD_SECONDS
    try:
        descriptor = os.open(path, _OPEN_FLAGS)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return age > OLD_SECONDS
    finally:
        os.close(descriptor)
    return True


def remove(path: pathlib.Path) -> None:
    """Remove a file or folder, if it is there. Links are not followed."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
