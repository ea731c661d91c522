"""Files that are replaced as a whole: at any moment the old one or the new one is there."""

import contextlib
import errno
import os
import pathlib
import secrets
import stat
from collections.abc import Iterator

from deepkit.saving._exchange import exchanged
from deepkit.saving._leftovers import (
    former_beside,
    held,
    remove,
    remove_leftovers,
    temporary_beside,
)

_MOST_MOVES = 100


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str], token: str = "") -> Iterator[pathlib.Path]:
    """A temporary file beside the target, which takes the target's place when the block ends.

    A link stays a link, and its target is replaced; an existing file's mode is kept. If the block
    raises, the target stays as it is and the temporary file is removed. Temporary files that
    killed savers of the same target have left are removed in the end.

    Args:
        path: the target. Missing folders on the way to it are made.
        token: 16 hexadecimal digits for the temporary file's name; new ones by default.

    Raises:
        PermissionError: the folder cannot be written to.
    """
    target = pathlib.Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_beside(target, token or secrets.token_hex(8))
    with _permission_to_write(target):
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666))
    try:
        with held(temporary):
            yield temporary
            if target.exists():
                os.chmod(temporary, stat.S_IMODE(target.stat().st_mode))
            sync(temporary)
            os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)
    remove_leftovers(target)


@contextlib.contextmanager
def replacing_folder(path: str | os.PathLike[str]) -> Iterator[pathlib.Path]:
    """A temporary folder beside the target, which takes the target's place when the block ends.

    On Linux it changes places with an old folder in one step, so that a whole one is there at any
    moment; then the old one, which has the temporary name, is removed. Where the system or the
    file system cannot do so, the old one is moved away first. A process that is killed right then
    leaves none: the old one and the new one are there, whole, under names that begin with a dot.
    If the block raises, the target stays as it is.

    Args:
        path: the target. Missing folders on the way to it are made.

    Raises:
        PermissionError: the folder around it cannot be written to.
    """
    target = pathlib.Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    token = secrets.token_hex(8)
    temporary = temporary_beside(target, token)
    with _permission_to_write(target):
        temporary.mkdir()
    try:
        with held(temporary):
            yield temporary
            if target.exists():
                os.chmod(temporary, stat.S_IMODE(target.stat().st_mode))
            sync_folder(temporary)
            _move(temporary, target, former_beside(target, token))
    except BaseException:
        remove(temporary)
        raise
    sync_folder(target.parent)
    for old in (temporary, former_beside(target, token)):
        remove(old)
    remove_leftovers(target)


def _move(temporary: pathlib.Path, target: pathlib.Path, former: pathlib.Path) -> None:
    """Move a folder to its place; an old one that is there gets its name, or that of a former."""
    for _ in range(_MOST_MOVES):
        try:
            is_done = exchanged(temporary, target) or _is_moved_after(temporary, target, former)
        except FileNotFoundError:  # no old one
            is_done = _is_moved(temporary, target)
        # If not, another saver has put its own there in between.
        if is_done:
            return
    raise OSError(errno.EBUSY, "Cannot save a folder that others replace all the time", str(target))


def _is_moved(temporary: pathlib.Path, target: pathlib.Path) -> bool:
    """Move a folder to its place, unless something is there."""
    try:
        os.rename(temporary, target)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            return False
        raise
    return True


def _is_moved_after(temporary: pathlib.Path, target: pathlib.Path, former: pathlib.Path) -> bool:
    """Move what is in the way of a folder, then the folder to its place."""
    remove(former)
    os.rename(target, former)
    try:
        return _is_moved(temporary, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.rename(former, target)
        raise


@contextlib.contextmanager
def _permission_to_write(target: pathlib.Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise PermissionError(
            error.errno,
            f"Cannot save '{target.name}': no permission to write into the folder",
            str(target.parent),
        ) from error


def sync(path: pathlib.Path) -> None:
    """Have a file or folder written to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: pathlib.Path) -> None:
    """Have the names in a folder written to the disk, where a folder can be opened."""
    if os.name == "posix":
        sync(path)
