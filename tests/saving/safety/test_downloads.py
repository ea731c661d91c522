"""Downloads and archives of data: nothing outside of the target, and nothing that is not whole."""

import contextlib
import hashlib
import http.server
import io
import os
import signal
import stat
import subprocess
import sys
import tarfile
import threading
import time
import zipfile

import pytest

import deepkit
from deepkit.errors import ArgumentError, CorruptFileError, DownloadError, UnsafeFileError
from tests.saving.safety.rows import row
from tests.saving.safety.watch import WATCH

CONTENT = b"words " * 10_000


class _Answers(http.server.BaseHTTPRequestHandler):
    """Serves `files`; `/cut/` stops in the middle, `/slow/` waits there, `/to/` sends elsewhere."""

    files: dict[str, bytes] = {}
    over = threading.Event()

    def do_GET(self):
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.files[self.path].decode())
            self.end_headers()
            return
        data = self.files.get(self.path.removeprefix("/cut").removeprefix("/slow"))
        if data is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2])
        self.wfile.flush()
        if self.path.startswith("/slow"):
            self.over.wait(60)
        elif not self.path.startswith("/cut"):
            self.wfile.write(data[len(data) // 2 :])

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    serving = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    _Answers.files = {"/words.txt": CONTENT}
    _Answers.over.clear()
    thread = threading.Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{serving.server_port}"
    _Answers.over.set()
    serving.shutdown()
    thread.join()
    serving.server_close()


def _files(folder):
    return sorted(
        os.path.relpath(os.path.join(path, name), folder)
        for path, _, names in os.walk(folder)
        for name in names
    )


@row("S23")
def test_files_come_by_http(server, tmp_path):
    digest = hashlib.sha256(CONTENT).hexdigest()
    path = deepkit.utils.get_file(
        origin=f"{server}/words.txt", cache_dir=tmp_path, file_hash=digest
    )
    with open(path, "rb") as file:
        assert file.read() == CONTENT
    assert _files(tmp_path) == ["datasets/words.txt"]


@row("S23")
def test_half_a_file_is_none(server, tmp_path):
    for _ in range(2):
        with pytest.raises(DownloadError, match="the connection ended after 30000 of 60000"):
            deepkit.utils.get_file(origin=f"{server}/cut/words.txt", cache_dir=tmp_path)
        assert _files(tmp_path) == []
    with pytest.raises(CorruptFileError, match="Expected the sha256"):
        deepkit.utils.get_file(origin=f"{server}/words.txt", cache_dir=tmp_path, file_hash="0" * 64)
    assert _files(tmp_path) == []


@row("S23")
def test_a_download_that_was_killed_leaves_nothing_that_counts(server, tmp_path):
    code = (
        "import deepkit, sys\ndeepkit.utils.get_file(origin=sys.argv[1], cache_dir=sys.argv[2])\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, f"{server}/slow/words.txt", str(tmp_path)],
        cwd=os.path.dirname(os.path.dirname(deepkit.__file__)),
    )
    deadline = time.monotonic() + 60
    while not _files(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert _files(tmp_path), "it has begun"
    assert "datasets/words.txt" not in _files(tmp_path)
    path = deepkit.utils.get_file(origin=f"{server}/words.txt", cache_dir=tmp_path)
    with open(path, "rb") as file:
        assert file.read() == CONTENT


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://localhost:9/x", "gopher://x/"])
@row("S23")
def test_answers_that_send_to_other_places(target, server, tmp_path):
    _Answers.files["/to/words.txt"] = target.encode()
    with WATCH(), pytest.raises(DownloadError, match="Could not download"):
        deepkit.utils.get_file(origin=f"{server}/to/words.txt", cache_dir=tmp_path)
    assert ("open", "/etc/passwd") not in WATCH.events and _files(tmp_path) == []


@pytest.mark.parametrize("end", ["/..", "/.", "/", "/a\\b", "/%2e%2e/.."])
@row("S23")
def test_origins_that_end_in_no_name(end, tmp_path):
    with WATCH(), pytest.raises(ArgumentError, match="to give a plain file name"):
        deepkit.utils.get_file(origin=f"http://localhost:9{end}", cache_dir=tmp_path / "c")
    assert not [event for event in WATCH.events if event[0] == "socket.connect"]


def _tar(*entries):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as out:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                out.addfile(entry)
                continue
            info = tarfile.TarInfo(entry)
            info.size = 4
            out.addfile(info, io.BytesIO(b"evil"))
    return buffer.getvalue()


def _special(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def _zip(name, mode=0o644):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        out.writestr(info, b"/etc/passwd")
    return buffer.getvalue()


ARCHIVES = {
    "tar up": _tar("../x"),
    "tar absolute": _tar("/tmp/x"),
    "tar hard link": _tar(_special("x", tarfile.LNKTYPE, "../../../../etc/passwd")),
    "tar link and through it": _tar(_special("link", tarfile.SYMTYPE, "."), "link/../x"),
    "tar link out": _tar(_special("link", tarfile.SYMTYPE, "/tmp"), "link/x"),
    "tar device": _tar(_special("x", tarfile.CHRTYPE)),
    "tar block device": _tar(_special("x", tarfile.BLKTYPE)),
    "tar pipe": _tar(_special("x", tarfile.FIFOTYPE)),
    "zip up": _zip("../x"),
    "zip absolute": _zip("/tmp/x"),
    "zip backslash": _zip("a\\..\\..\\x"),
    "zip link": _zip("x", stat.S_IFLNK | 0o777),
}


@pytest.mark.parametrize("kind", ARCHIVES)
@row("S23")
def test_archives_that_lead_out_of_their_folder(kind, server, tmp_path):
    _Answers.files["/evil.arc"] = ARCHIVES[kind]
    cache = tmp_path / "cache"
    with pytest.raises(UnsafeFileError, match="Refused to unpack"):
        deepkit.utils.get_file("evil", f"{server}/evil.arc", extract=True, cache_dir=cache)
    assert _files(tmp_path) == ["cache/datasets/evil_archive"]
    with contextlib.suppress(FileNotFoundError):
        assert os.listdir(cache / "datasets" / "evil") == []
