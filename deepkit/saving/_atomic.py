"""Files that are replaced as a whole: at any moment the old one or the new one is there."""

import contextlib
import os
import pathlib
import secrets
import stat
from collections.abc import Iterator


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[pathlib.Path]:
    """A temporary file beside the target, which takes the target's place when the block ends.

    A link stays a link, and its target is replaced; an existing file's mode is kept. If the block
    raises, the target stays as it is and the temporary file is removed.

    Args:
        path: the target. Missing folders on the way to it are made.

    Raises:
        PermissionError: the folder cannot be written to.
    """
    target = pathlib.Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(8)}.tmp")
    _create(temporary, target)
    try:
        yield temporary
        if target.exists():
            os.chmod(temporary, stat.S_IMODE(target.stat().st_mode))
        _sync(temporary)
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if os.name == "posix":
        _sync(target.parent)


def _create(temporary: pathlib.Path, target: pathlib.Path) -> None:
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666))
    except PermissionError as error:
        raise PermissionError(
            error.errno,
            f"Cannot save '{target.name}': no permission to write into the folder",
            str(target.parent),
        ) from error


def _sync(path: pathlib.Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
