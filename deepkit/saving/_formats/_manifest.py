"""The manifest: what a file holds, with checksums, so that damage is seen when it is read."""

import json
import zlib
from collections.abc import Container, Iterable, Mapping
from typing import Any

import numpy as np

from deepkit._version import __version__
from deepkit.core.errors import CorruptFileError
from deepkit.saving._formats._checksums import PART_BYTES, Piece, workers
from deepkit.saving._formats._state_reader import SavedArray
from deepkit.saving._json import read_json

PATH = "deepkit_manifest"
# Raised when an older deepkit would misread what a newer one writes.
FORMAT = 1


def stamp() -> dict[str, Any]:
    """Who writes a file, and in which format."""
    return {"deepkit_version": __version__, "deepkit_format": FORMAT}


def check_stamp(description: Any, file: str) -> None:
    """Raise if a file was written in a format that is newer than this deepkit.

    Raises:
        CorruptFileError: it was, or the description is none.
    """
    if not isinstance(description, dict):
        raise CorruptFileError(f"The description of '{file}' is damaged.")
    written = description.get("deepkit_format", FORMAT)
    if not isinstance(written, int) or written > FORMAT:
        raise CorruptFileError(
            f"'{file}' was written by deepkit {description.get('deepkit_version')} in file format "
            f"{written}, and this deepkit {__version__} reads formats up to {FORMAT}. "
            f"Install a newer deepkit."
        )


def checksum(array: np.ndarray, before: int = 0) -> int:
    """The CRC-32 of an array's bytes in little-endian order, after that of what comes before."""
    array = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False))
    data = array.reshape(-1).view("uint8")
    if before or data.nbytes < 2 * PART_BYTES:
        return zlib.crc32(data, before)
    with workers() as pool:
        return Piece(data, pool).checksum


class Manifest:
    """What a file holds.

    Attributes:
        datasets: shape, dtype and checksum of each dataset, by path.
        texts: the checksums of texts beside them, such as attributes of the root, by name.
        identity: the checksum of the manifest itself, if it was read.
        writer: who wrote it, as `stamp` says; empty if there is none.
    """

    def __init__(self) -> None:
        self.identity = 0
        self.datasets: dict[str, dict[str, Any]] = {}
        self.texts: dict[str, int] = {}
        self.writer: dict[str, Any] = {}

    def __bool__(self) -> bool:
        """Whether a writer has noted anything."""
        return bool(self.datasets or self.writer)

    def note(self, path: str, array: np.ndarray, checksum: int) -> None:
        """Note an array that was written, and its checksum."""
        self.datasets[path] = {
            "shape": list(array.shape),
            "dtype": array.dtype.name,
            "bytes": array.nbytes,
            "crc32": checksum,
        }

    def note_text(self, name: str, text: str) -> None:
        """Note a text that was written."""
        self.texts[name] = zlib.crc32(text.encode())

    def to_bytes(self) -> np.ndarray:
        """The manifest as a dataset's content: its checksum, then JSON."""
        content = {**stamp(), "datasets": self.datasets, "texts": self.texts}
        text = json.dumps(content).encode()
        return np.frombuffer(zlib.crc32(text).to_bytes(4, "little") + text, dtype="uint8")

    @classmethod
    def from_bytes(cls, content: np.ndarray, file: str) -> "Manifest":
        """A manifest from a dataset's content.

        Raises:
            CorruptFileError: it is damaged, or the file is of a newer deepkit.
        """
        data = content.tobytes()
        if content.dtype != "uint8" or zlib.crc32(data[4:]) != int.from_bytes(data[:4], "little"):
            raise CorruptFileError(f"'{file}' is damaged: its manifest has been changed.")
        description = read_json(data[4:], "The manifest", file)
        check_stamp(description, file)
        if not _is_well_formed(description):
            raise CorruptFileError(f"'{file}' is damaged: its manifest is not as it should be.")
        manifest = cls()
        manifest.identity = int.from_bytes(data[:4], "little")
        manifest.datasets, manifest.texts = description["datasets"], description["texts"]
        manifest.writer = {key: description.get(key) for key in stamp()}
        return manifest

    def check_presence(
        self, found: Mapping[str, SavedArray], texts: Container[str], file: str
    ) -> None:
        """Raise unless all noted texts and datasets are there, these of the noted form.

        Raises:
            CorruptFileError: some are not.
        """
        gone = [name for name in self.texts if name not in texts]
        if gone:
            raise CorruptFileError(f"'{file}' is damaged: its attributes {gone} are not in it.")
        lacking = [path for path in self.datasets if path not in found]
        if lacking:
            raise CorruptFileError(
                f"'{file}' is damaged: {len(lacking)} of the {len(self.datasets)} arrays that were "
                f"written are not in it, among them {lacking[:5]}."
            )
        for path, noted in self.datasets.items():
            shape, dtype = found[path].shape, found[path].dtype
            name = dtype.name if dtype is not None else "no numbers"
            if [list(shape), name] != [noted["shape"], noted["dtype"]]:
                raise CorruptFileError(
                    f"'{file}' is damaged: '{path}' was written with shape "
                    f"{tuple(noted['shape'])} and dtype {noted['dtype']}, and has shape {shape} "
                    f"and dtype {name}."
                )

    def check(self, path: str, parts: Iterable[np.ndarray], file: str) -> None:
        """Raise if an array is not what was written.

        Args:
            path: its path.
            parts: the array, in rows from the first to the last.
            file: how messages name the file.

        Raises:
            CorruptFileError: its checksum differs.
        """
        noted = self.datasets.get(path)
        if noted is None:
            return
        found = 0
        for part in parts:
            found = checksum(part, found)
        if found != noted["crc32"]:
            raise CorruptFileError(
                f"'{file}' is damaged: the numbers at '{path}' are not those that were written."
            )

    def check_text(self, name: str, text: str, file: str) -> None:
        """Raise if a text is not what was written.

        Raises:
            CorruptFileError: its checksum differs.
        """
        if name in self.texts and zlib.crc32(text.encode()) != self.texts[name]:
            raise CorruptFileError(
                f"'{file}' is damaged: its attribute '{name}' is not what was written."
            )


def _is_well_formed(description: dict[str, Any]) -> bool:
    """Whether a manifest has what is read of it: its checksum can be right and all else wrong."""
    datasets, texts = description.get("datasets"), description.get("texts")
    if not isinstance(datasets, dict) or not isinstance(texts, dict):
        return False
    kinds = {"shape": list, "dtype": str, "crc32": int}
    return all(isinstance(checksum, int) for checksum in texts.values()) and all(
        isinstance(noted, dict) and all(isinstance(noted.get(k), kinds[k]) for k in kinds)
        for noted in datasets.values()
    )
