"""Unpacks tar and zip archives so that nothing can be written outside of the target folder."""

import gzip
import lzma
import os
import pathlib
import posixpath
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any

from deepkit.core.errors import ArgumentError, CorruptFileError, UnsafeFileError

FORMATS = ("tar", "zip")
_MOST_LINKS = 40
_DAMAGED = (
    tarfile.TarError,
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    lzma.LZMAError,
    zlib.error,
    EOFError,
    RuntimeError,  # of zipfile, for encrypted members
)


def check_formats(archive_format: Any) -> tuple[str, ...]:
    """The kinds of archives to try.

    Raises:
        ArgumentError: one is unknown.
    """
    if archive_format == "auto":
        return FORMATS
    if archive_format is None:
        return ()
    formats = (archive_format,) if isinstance(archive_format, str) else tuple(archive_format)
    for name in formats:
        if name not in FORMATS:
            raise ArgumentError(
                f"Expected `archive_format` to be 'auto', 'tar', 'zip', None or a list of them, "
                f"received {name!r}."
            )
    return formats


def unpack(archive: pathlib.Path, folder: pathlib.Path, formats: tuple[str, ...]) -> bool:
    """Unpack an archive into an empty folder; a link is replaced by a copy of its file.

    Args:
        archive: the file.
        folder: where to.
        formats: kinds of archives to try.

    Returns:
        Whether the file is an archive of one of these kinds.

    Raises:
        UnsafeFileError: a member would lie outside of the folder, or is no file, folder or link
            to a file in the archive.
        CorruptFileError: the archive is damaged.
    """
    try:
        if "tar" in formats and tarfile.is_tarfile(archive):
            with tarfile.open(archive) as tar:
                _unpack_tar(tar, archive, folder)
            return True
        if "zip" in formats and zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as zipped:
                _unpack_zip(zipped, archive, folder)
            return True
    except _DAMAGED as error:
        raise CorruptFileError(f"Could not unpack {str(archive)!r}: {error}") from error
    return False


def _unpack_tar(tar: tarfile.TarFile, archive: pathlib.Path, folder: pathlib.Path) -> None:
    members = {_safe_name(member.name, archive): member for member in tar.getmembers()}
    _check_room(sum(member.size for member in members.values()), folder, archive)
    for name, member in members.items():
        if member.isdir():
            (folder / name).mkdir(parents=True, exist_ok=True)
            continue
        source = _file_behind(name, member, members, archive)
        stream = tar.extractfile(source)
        if stream is not None:
            _write(stream, folder / name, executable=bool(source.mode & stat.S_IXUSR))


def _file_behind(
    name: str, member: tarfile.TarInfo, members: dict[str, tarfile.TarInfo], archive: pathlib.Path
) -> tarfile.TarInfo:
    """The member itself, or the file in the archive that a link leads to."""
    for _ in range(_MOST_LINKS):
        if member.isreg():
            return member
        if not (member.issym() or member.islnk()):
            break
        base = posixpath.dirname(name) if member.issym() else ""
        name = posixpath.normpath(posixpath.join(base, member.linkname))
        if name not in members:
            break
        member = members[name]
    raise UnsafeFileError(
        f"Refused to unpack {str(archive)!r}: its member {member.name!r} is a device, or a link to "
        f"something that is no file in the archive."
    )


def _unpack_zip(zipped: zipfile.ZipFile, archive: pathlib.Path, folder: pathlib.Path) -> None:
    _check_room(sum(info.file_size for info in zipped.infolist()), folder, archive)
    for name, info in list(_safe_infos(zipped, archive)):
        if info.is_dir():
            (folder / name).mkdir(parents=True, exist_ok=True)
            continue
        with zipped.open(info) as stream:
            _write(stream, folder / name, executable=bool(info.external_attr >> 16 & stat.S_IXUSR))


def _safe_infos(
    zipped: zipfile.ZipFile, archive: pathlib.Path
) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    for info in zipped.infolist():
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise UnsafeFileError(
                f"Refused to unpack {str(archive)!r}: its member {info.filename!r} is a link or a "
                f"device."
            )
        yield _safe_name(info.filename, archive), info


def _safe_name(name: str, archive: pathlib.Path) -> str:
    """A relative path that stays inside, in its plain form.

    Raises:
        UnsafeFileError: it is absolute, has a drive, goes up, or hides something.
    """
    parts = name.replace("\\", "/").split("/")
    drive = len(parts[0]) > 1 and parts[0][1] == ":"
    if not name or name[0] in "/\\" or drive or ".." in parts or "\x00" in name:
        raise UnsafeFileError(
            f"Refused to unpack {str(archive)!r}: the path of its member {name!r} leads out of "
            f"the target folder."
        )
    return posixpath.normpath("/".join(parts))


def _check_room(size: int, folder: pathlib.Path, archive: pathlib.Path) -> None:
    free = shutil.disk_usage(folder).free
    if size > free:
        raise UnsafeFileError(
            f"Refused to unpack {str(archive)!r}: it claims to hold {size} bytes, and only {free} "
            f"are free."
        )


def _write(stream: IO[bytes], path: pathlib.Path, executable: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as target:
        shutil.copyfileobj(stream, target)
    if executable:
        os.chmod(path, path.stat().st_mode | stat.S_IXUSR)
