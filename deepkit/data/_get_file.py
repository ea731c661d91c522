"""Downloads files into a cache, whole or not at all."""

import contextlib
import glob
import hashlib
import http.client
import os
import pathlib
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
import warnings
from collections.abc import Iterator
from typing import Any

from deepkit.core.errors import ArgumentError, CorruptFileError, DownloadError

from ._archives import check_formats, unpack

_CHUNK = 1 << 20
_TIMEOUT = 60
_SECONDS_UNTIL_STALE = 3600
_HASHES = {"sha256": 64, "md5": 32}


def get_file(
    fname: str | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: Any = "auto",
    cache_dir: str | os.PathLike[str] | None = None,
    force_download: bool = False,
) -> str:
    """The path of a file on this machine, downloaded if it is not there yet.

    A file appears in the cache only when it is complete and, where a hash is given, verified. An
    archive is unpacked beside it; one whose members would lie outside of their folder is refused.
    The cache is Keras's, so that files are not downloaded twice. Without a network, the error says
    which file to place where.

    Args:
        fname: name in the cache; by default the last part of `origin`. With `extract` a name
            without a dot names the folder.
        origin: URL of the file.
        untar: older form of `extract=True, archive_format="tar"`.
        md5_hash: older form of `file_hash` with `hash_algorithm="md5"`.
        file_hash: SHA-256 or MD5 of the file, in hexadecimal.
        cache_subdir: folder in the cache, or an absolute path.
        hash_algorithm: `"sha256"`, `"md5"`, or `"auto"`: by the length of the hash.
        extract: whether to unpack the file.
        archive_format: `"tar"`, `"zip"`, a list of them, or `"auto"` for both.
        cache_dir: the cache; by default `$KERAS_HOME`, or `~/.keras`.
        force_download: whether to download the file even if it is there.

    Returns:
        The path of the file, or of the folder it was unpacked to.

    Raises:
        ArgumentError: an argument is missing or has a bad value.
        DownloadError: the file could not be fetched.
        CorruptFileError: the file has not the given hash, or is damaged.
        UnsafeFileError: the archive would write outside of its folder.

    Example:
        >>> import deepkit, pathlib, tempfile
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> _ = (folder / "words.txt").write_text("hello")
        >>> path = deepkit.utils.get_file(
        ...     origin=(folder / "words.txt").as_uri(), cache_dir=folder / "cache"
        ... )
        >>> print(pathlib.Path(path).read_text())
        hello
    """
    if not origin:
        raise ArgumentError("Expected `origin` to be the URL of a file, received none.")
    if md5_hash is not None and file_hash is None:
        file_hash, hash_algorithm = md5_hash, "md5"
    algorithm = _check_hash(file_hash, hash_algorithm)
    formats = ("tar",) if untar else check_formats(archive_format)
    folder = _cache_folder(cache_dir, cache_subdir)
    name = _file_name(fname, origin)
    unpacks = extract or untar
    target, unpacked = _paths(folder, name, fname is not None) if unpacks else (folder / name, None)
    if force_download or not _is_cached(target, file_hash, algorithm):
        _download(origin, target, file_hash, algorithm)
    if unpacked is None:
        return str(target)
    _unpack_once(target, unpacked, formats)
    return str(unpacked)


def _check_hash(file_hash: str | None, algorithm: str) -> str:
    if algorithm not in (*_HASHES, "auto"):
        raise ArgumentError(
            f"Expected `hash_algorithm` to be 'auto', 'sha256' or 'md5', received {algorithm!r}."
        )
    if file_hash is None:
        return algorithm
    for name, length in _HASHES.items():
        if len(file_hash) == length and algorithm in (name, "auto"):
            return name
    raise ArgumentError(
        f"Expected `file_hash` to be a hash in hexadecimal of 64 digits (SHA-256) or 32 (MD5), "
        f"received {len(file_hash)} digits with `hash_algorithm={algorithm!r}`."
    )


def _cache_folder(cache_dir: Any, subdir: str) -> pathlib.Path:
    base = cache_dir or os.environ.get("KERAS_HOME") or pathlib.Path.home() / ".keras"
    folder = pathlib.Path(base).expanduser() / subdir
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DownloadError(
            f"Could not make the cache folder {str(folder)!r}: {error}. Choose another by the "
            f"environment variable KERAS_HOME or the argument `cache_dir`."
        ) from error
    return folder


def _file_name(fname: Any, origin: str) -> str:
    name = os.fspath(fname) if fname else urllib.parse.urlsplit(origin).path.rpartition("/")[2]
    if name in ("", ".", "..") or any(character in name for character in "/\\\x00"):
        argument = "fname" if fname else "origin"
        raise ArgumentError(
            f"Expected `{argument}` to give a plain file name, received {name!r}. Give the name as "
            f"`fname` and the folder as `cache_dir`."
        )
    return name


def _paths(folder: pathlib.Path, name: str, named: bool) -> tuple[pathlib.Path, pathlib.Path]:
    """Where Keras puts an archive, and what it unpacks it to."""
    if named and "." in name:
        return folder / name, folder / f"{name.partition('.')[0]}_extracted"
    return folder / f"{name}_archive", folder / name


def _is_cached(target: pathlib.Path, file_hash: str | None, algorithm: str) -> bool:
    if not target.exists():
        return False
    return file_hash is None or _hash_of(target, algorithm) == file_hash.lower()


def _hash_of(path: pathlib.Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def _download(origin: str, target: pathlib.Path, file_hash: str | None, algorithm: str) -> None:
    """Fetch into a temporary file beside the target, verify it, then put it in its place."""
    with _part_of(target) as part:
        try:
            _fetch(origin, part)
        except (OSError, ValueError, http.client.HTTPException) as error:
            is_answer = isinstance(error, urllib.error.HTTPError)
            if is_answer:
                error.close()  # its connection
            reason = error if is_answer else getattr(error, "reason", error)
            verified = f" (its {algorithm} is {file_hash})" if file_hash else ""
            raise DownloadError(
                f"Could not download {origin}: {reason}. To work without a network, place the "
                f"file{verified} at {str(target)!r}."
            ) from error
        if file_hash is not None:
            found = _hash_of(part, algorithm)
            if found != file_hash.lower():
                raise CorruptFileError(
                    f"Expected the {algorithm} {file_hash} of the file at {origin}, received "
                    f"{found}. The file was changed at its source or on its way."
                )
        os.replace(part, target)


@contextlib.contextmanager
def _part_of(target: pathlib.Path) -> Iterator[pathlib.Path]:
    """A path of its own for a file or folder that is not complete yet; it is removed in the end."""
    _remove_stale(target)
    part = target.with_name(f"{target.name}.{uuid.uuid4().hex}.part")
    try:
        yield part
    finally:
        _remove(part)


def _remove_stale(target: pathlib.Path) -> None:
    """Remove what processes that were killed have left; younger parts may still be written."""
    for part in target.parent.glob(f"{glob.escape(target.name)}.*.part"):
        with contextlib.suppress(OSError):
            if time.time() - part.stat().st_mtime > _SECONDS_UNTIL_STALE:
                _remove(part)


def _remove(path: pathlib.Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _fetch(origin: str, part: pathlib.Path) -> None:
    import tqdm

    with urllib.request.urlopen(origin, timeout=_TIMEOUT) as response, part.open("wb") as file:
        length = response.headers.get("Content-Length")
        size = None if length is None else int(length)
        name = urllib.parse.urlsplit(origin).path.rpartition("/")[2]
        with tqdm.tqdm(total=size, desc=name, unit="B", unit_scale=True, disable=None) as bar:
            while chunk := response.read(_CHUNK):
                file.write(chunk)
                bar.update(len(chunk))
        if size is not None and file.tell() != size:
            raise OSError(f"the connection ended after {file.tell()} of {size} bytes")


def _unpack_once(archive: pathlib.Path, folder: pathlib.Path, formats: tuple[str, ...]) -> None:
    """Unpack into a temporary folder, then put it in its place; a note tells it is complete."""
    status = archive.stat()
    note = folder.with_name(f"{folder.name}.unpacked")
    state = f"{status.st_size} {status.st_mtime_ns}"

    def is_complete() -> bool:
        return folder.is_dir() and note.is_file() and note.read_text() == state

    if is_complete():
        return
    with _part_of(folder) as part:
        part.mkdir()
        if not unpack(archive, part, formats):
            warnings.warn(
                f"{str(archive)!r} is no archive of the kinds {list(formats)}, so it was not "
                f"unpacked.",
                stacklevel=3,
            )
        elif not is_complete():  # another process may have been faster
            note.unlink(missing_ok=True)
            _remove(folder)
            os.replace(part, folder)
            note.write_text(state)
