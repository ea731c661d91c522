"""Downloads and archives: whole or not at all, and nothing outside of the target folder."""

import hashlib
import io
import os
import stat
import tarfile
import time
import urllib.error
import zipfile

import pytest

from deepkit.core.errors import ArgumentError, CorruptFileError, DownloadError, UnsafeFileError
from deepkit.data import _archives, _get_file, get_file

CONTENT = b"hello" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
MD5 = hashlib.md5(CONTENT).hexdigest()


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source" / "words.txt"
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    return path


def everything(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def read(path):
    with open(path, "rb") as file:
        return file.read()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"file_hash": SHA256},
        {"file_hash": SHA256.upper(), "hash_algorithm": "sha256"},
        {"file_hash": MD5},
        {"md5_hash": MD5},
    ],
)
def test_download_and_cache(options, source, tmp_path):
    cache = tmp_path / "cache"
    path = get_file(origin=source.as_uri(), cache_dir=cache, **options)
    assert path == str(cache / "datasets" / "words.txt")
    assert read(path) == CONTENT
    assert everything(cache) == ["datasets", "datasets/words.txt"]
    source.unlink()
    assert get_file(origin=source.as_uri(), cache_dir=cache, **options) == path


def test_place_in_the_cache(source, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    assert get_file("a.txt", source.as_uri(), cache_subdir="x") == str(tmp_path / "home/x/a.txt")
    absolute = tmp_path / "elsewhere"
    path = get_file("a.txt", source.as_uri(), cache_subdir=str(absolute))
    assert path == str(absolute / "a.txt")
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    assert get_file("a.txt", source.as_uri()) == str(tmp_path / "user/.keras/datasets/a.txt")


def test_changed_or_damaged_files_are_fetched_again(source, tmp_path):
    path = get_file(origin=source.as_uri(), cache_dir=tmp_path)
    with open(path, "wb") as file:
        file.write(b"half")
    assert read(get_file(origin=source.as_uri(), cache_dir=tmp_path)) == b"half"
    assert read(get_file(origin=source.as_uri(), cache_dir=tmp_path, file_hash=MD5)) == CONTENT
    source.write_bytes(b"new")
    assert read(get_file(origin=source.as_uri(), cache_dir=tmp_path)) == CONTENT
    path = get_file(origin=source.as_uri(), cache_dir=tmp_path, force_download=True)
    assert read(path) == b"new"


def test_wrong_hash(source, tmp_path):
    with pytest.raises(CorruptFileError) as info:
        get_file(origin=source.as_uri(), cache_dir=tmp_path / "c", file_hash="0" * 64)
    assert f"Expected the sha256 {'0' * 64} of the file at file://" in str(info.value)
    assert f"received {SHA256}. The file was changed" in str(info.value)
    assert everything(tmp_path / "c") == ["datasets"]


def test_missing_file_tells_what_to_do(tmp_path):
    origin = (tmp_path / "none.npz").as_uri()
    with pytest.raises(DownloadError) as info:
        get_file(origin=origin, cache_dir=tmp_path / "c", file_hash=MD5)
    message = str(info.value)
    assert message.startswith(f"Could not download {origin}: ")
    assert message.endswith(
        f"To work without a network, place the file (its md5 is {MD5}) at "
        f"{str(tmp_path / 'c' / 'datasets' / 'none.npz')!r}."
    )
    assert everything(tmp_path / "c") == ["datasets"]


class Response(io.BytesIO):
    """An answer that ends early, or breaks."""

    def __init__(self, data, length, error=None):
        super().__init__(data)
        self.headers = {"Content-Length": str(length)}
        self._error = error

    def read(self, size=-1):
        chunk = super().read(min(size, 100))
        if not chunk and self._error:
            raise self._error
        return chunk


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (None, "the connection ended after 300 of 5000 bytes"),
        (ConnectionResetError("reset by peer"), "reset by peer"),
        (KeyboardInterrupt(), None),
    ],
)
def test_partial_download_is_never_kept(error, message, tmp_path, monkeypatch):
    def urlopen(origin, timeout):
        return Response(CONTENT[:300], len(CONTENT), error)

    monkeypatch.setattr(_get_file.urllib.request, "urlopen", urlopen)
    with pytest.raises(DownloadError if message else KeyboardInterrupt, match=message):
        get_file(origin="https://x.org/words.txt", cache_dir=tmp_path)
    assert everything(tmp_path) == ["datasets"]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (urllib.error.HTTPError("u", 404, "Not Found", {}, None), "HTTP Error 404: Not Found. To"),
        (urllib.error.URLError("Name or service not known"), ": Name or service not known. To"),
    ],
)
def test_reasons_of_failures(error, message, tmp_path, monkeypatch):
    def urlopen(origin, timeout):
        raise error

    monkeypatch.setattr(_get_file.urllib.request, "urlopen", urlopen)
    with pytest.raises(DownloadError) as info:
        get_file(origin="https://x.org/words.txt", cache_dir=tmp_path)
    assert message in str(info.value)


def test_leftovers_of_killed_downloads(source, tmp_path):
    folder = tmp_path / "datasets"
    folder.mkdir()
    old, young = folder / "words.txt.dead.part", folder / "words.txt.alive.part"
    for part in (old, young):
        part.write_bytes(CONTENT[:10])
    hours_ago = time.time() - 7200
    os.utime(old, (hours_ago, hours_ago))
    assert read(get_file(origin=source.as_uri(), cache_dir=tmp_path)) == CONTENT
    assert everything(folder) == ["words.txt", "words.txt.alive.part"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "Expected `origin` to be the URL of a file, received none"),
        (
            {"origin": "https://x.org/a/.."},
            "Expected `origin` to give a plain file name, received '",
        ),
        ({"origin": "https://x.org/"}, "Expected `origin` to give a plain file name, received ''"),
        (
            {"origin": "https://x.org/a", "fname": "../b"},
            "`fname` to give a plain file name, receiv",
        ),
        (
            {"origin": "https://x.org/a", "fname": ".."},
            "`fname` to give a plain file name, received",
        ),
        ({"origin": "https://x.org/a", "fname": "a\\b"}, "`fname` to give a plain file name"),
        (
            {"origin": "https://x.org/a", "file_hash": "12"},
            "received 2 digits with `hash_algorithm=",
        ),
        (
            {"origin": "https://x.org/a", "file_hash": MD5, "hash_algorithm": "sha256"},
            "received 32 digits with `hash_algorithm='sha256'`",
        ),
        (
            {"origin": "https://x.org/a", "hash_algorithm": "crc"},
            "'auto', 'sha256' or 'md5', receiv",
        ),
        (
            {"origin": "https://x.org/a", "archive_format": "rar"},
            "'zip', None or a list of them, re",
        ),
    ],
)
def test_arguments_are_checked(arguments, message, tmp_path):
    with pytest.raises(ArgumentError) as info:
        get_file(cache_dir=tmp_path, **arguments)
    assert message in str(info.value)


def test_cache_that_cannot_be_made(source, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(
        DownloadError, match=r"Could not make the cache folder .* KERAS_HOME or the"
    ):
        get_file(origin=source.as_uri(), cache_dir=tmp_path / "file")


def tar_of(path, *entries, mode="w:gz"):
    """A tar file of (name, content) pairs or of `TarInfo`s."""
    with tarfile.open(path, mode) as tar:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                tar.addfile(entry)
                continue
            info = tarfile.TarInfo(entry[0])
            info.size = len(entry[1])
            info.mode = 0o755 if entry[0].endswith(".sh") else 0o644
            tar.addfile(info, io.BytesIO(entry[1]))
    return path


def link(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def zip_of(path, *entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content, mode in entries:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, content)
    return path


PLAIN = [("a/one.txt", b"1"), ("a/b/two.txt", b"2"), ("run.sh", b"3")]


@pytest.mark.parametrize("kind", ["tar", "tgz", "zip"])
@pytest.mark.parametrize(
    ("fname", "folder", "archive"),
    [
        (None, "words.arc", "words.arc_archive"),
        ("mine", "mine", "mine_archive"),
        ("mine.tar.gz", "mine_extracted", "mine.tar.gz"),
    ],
)
def test_unpacking(kind, fname, folder, archive, tmp_path):
    source = tmp_path / "words.arc"
    if kind == "zip":
        zip_of(source, *[(n, c, 0o755 if n.endswith("sh") else 0o644) for n, c in PLAIN])
    else:
        tar_of(source, *PLAIN, mode="w" if kind == "tar" else "w:gz")
    cache = tmp_path / "cache"
    path = get_file(fname, source.as_uri(), extract=True, cache_dir=cache)
    assert path == str(cache / "datasets" / folder)
    unpacked = cache / "datasets" / folder
    assert everything(unpacked) == ["a", "a/b", "a/b/two.txt", "a/one.txt", "run.sh"]
    assert (unpacked / "a/b/two.txt").read_bytes() == b"2"
    assert os.access(unpacked / "run.sh", os.X_OK)
    assert not os.access(unpacked / "a/one.txt", os.X_OK)
    assert (cache / "datasets" / archive).is_file()


def test_unpacking_happens_once_unless_the_archive_changes(tmp_path):
    source = tar_of(tmp_path / "w.tgz", ("one", b"1"))
    folder = get_file("w", source.as_uri(), untar=True, cache_dir=tmp_path / "c")
    mark = tmp_path / "c/datasets/w/mark"
    mark.write_text("")
    get_file("w", source.as_uri(), untar=True, cache_dir=tmp_path / "c")
    assert mark.exists()
    tar_of(source, ("two", b"2"))
    get_file("w", source.as_uri(), untar=True, cache_dir=tmp_path / "c", force_download=True)
    assert os.listdir(folder) == ["two"]


def test_half_unpacked_folders_are_made_again(tmp_path):
    source = tar_of(tmp_path / "w.tgz", ("one", b"1"), ("two", b"2"))
    folder = tmp_path / "c/datasets/w"
    folder.mkdir(parents=True)
    (folder / "one").write_bytes(b"")
    get_file("w", source.as_uri(), untar=True, cache_dir=tmp_path / "c")
    assert (folder / "one").read_bytes() == b"1" and (folder / "two").exists()


def test_links_to_files_become_copies(tmp_path):
    source = tar_of(
        tmp_path / "w.tgz",
        ("a/one", b"1"),
        link("b/two", "../a/one"),
        link("three", "a/one", tarfile.LNKTYPE),
        link("four", "b/two"),
    )
    folder = tmp_path / "c/datasets/w"
    get_file("w", source.as_uri(), extract=True, cache_dir=tmp_path / "c")
    for name in ("b/two", "three", "four"):
        assert (folder / name).read_bytes() == b"1"
        assert not (folder / name).is_symlink()


def device(name, kind):
    info = tarfile.TarInfo(name)
    info.type = kind
    return info


ATTACKS = {
    "tar up": [("../x", b"evil")],
    "tar up inside": [("a/../../x", b"evil")],
    "tar absolute": [("/tmp/x", b"evil")],
    "tar backslash": [("a\\..\\..\\x", b"evil")],
    "tar drive": [("C:\\x", b"evil")],
    "tar hard link out": [link("x", "../../source/secret", tarfile.LNKTYPE)],
    "tar hard link absolute": [link("x", "/etc/passwd", tarfile.LNKTYPE)],
    "tar symlink out": [link("x", "../../secret")],
    "tar symlink absolute": [link("x", "/etc/passwd")],
    "tar through a link": [link("link", "."), ("link/../x", b"evil")],
    "tar into a link": [link("link", "/tmp"), ("link/x", b"evil")],
    "tar circle": [link("a", "b"), link("b", "a")],
    "tar device": [device("x", tarfile.CHRTYPE)],
    "tar pipe": [device("x", tarfile.FIFOTYPE)],
    "zip up": [("../x", b"evil", 0o644)],
    "zip absolute": [("/tmp/x", b"evil", 0o644)],
    "zip drive": [("C:/x", b"evil", 0o644)],
    "zip backslash": [("a\\..\\..\\x", b"evil", 0o644)],
    "zip symlink": [("x", b"/etc/passwd", stat.S_IFLNK | 0o777)],
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_are_refused(attack, tmp_path):
    (tmp_path / "source").mkdir()
    source = tmp_path / "source" / "evil.arc"
    (zip_of if attack.startswith("zip") else tar_of)(source, *ATTACKS[attack])
    cache = tmp_path / "cache"
    with pytest.raises(UnsafeFileError) as info:
        get_file("evil", source.as_uri(), extract=True, cache_dir=cache)
    assert str(info.value).startswith(f"Refused to unpack {str(cache / 'datasets')!r}"[:-1])
    kind = "leads out of the target folder" in str(info.value)
    assert kind or "link" in str(info.value)
    assert everything(tmp_path) == [
        "cache", "cache/datasets", "cache/datasets/evil_archive", "source", "source/evil.arc",
    ]  # fmt: skip


def test_archives_that_claim_too_much(tmp_path, monkeypatch):
    source = zip_of(tmp_path / "w.zip", ("big", b"\0" * 10**6, 0o644))
    monkeypatch.setattr(
        _archives.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 10**5})
    )
    with pytest.raises(UnsafeFileError, match="claims to hold 1000000 bytes, and only 100000 are"):
        get_file("w", source.as_uri(), extract=True, cache_dir=tmp_path / "c")


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_damaged_archives(kind, tmp_path):
    noise = os.urandom(20000)
    if kind == "tar":
        source = tar_of(tmp_path / "w", ("one", noise))
        source.write_bytes(source.read_bytes()[:10000])
    else:
        source = zip_of(tmp_path / "w", ("one", noise, 0o644))
        data = bytearray(source.read_bytes())
        data[5000] ^= 1
        source.write_bytes(bytes(data))
    with pytest.raises(CorruptFileError, match="Could not unpack "):
        get_file("w", source.as_uri(), extract=True, cache_dir=tmp_path / "c")
    assert everything(tmp_path / "c") == ["datasets", "datasets/w_archive"]


@pytest.mark.parametrize("archive_format", ["auto", "tar", None])
def test_what_is_no_archive_is_told(archive_format, source, tmp_path):
    with pytest.warns(UserWarning, match="is no archive of the kinds"):
        path = get_file(
            "w", source.as_uri(), extract=True, archive_format=archive_format, cache_dir=tmp_path
        )
    assert not os.path.exists(path)
