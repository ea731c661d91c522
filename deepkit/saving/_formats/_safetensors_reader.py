"""Reads arrays from safetensors files, and compares them with the manifest."""

import os
import re
from collections.abc import Iterator

import numpy as np

from deepkit.core.errors import CorruptFileError
from deepkit.saving._formats import _dtypes
from deepkit.saving._formats._closing import Closing
from deepkit.saving._formats._manifest import PATH as MANIFEST
from deepkit.saving._formats._manifest import Manifest
from deepkit.saving._formats._safetensors_header import ArrayInfo, are_texts, read_header
from deepkit.saving._json import read_json

FORMAT = "deepkit"
NAMES, PATHS = "deepkit_names", "deepkit_paths"
_OWN_METADATA = ("format", "deepkit_version", "class_name", MANIFEST, NAMES, PATHS)
_PART_BYTES = 2**20
_CHECKSUM = 8  # letters of the checksum before the manifest
_HEXADECIMAL = re.compile(rf"[0-9a-f]{{{_CHECKSUM}}}")


def manifest_text(manifest: Manifest) -> str:
    """A manifest as text: its checksum in letters, then JSON."""
    content = manifest.to_bytes().tobytes()
    return f"{int.from_bytes(content[:4], 'little'):0{_CHECKSUM}x}{content[4:].decode()}"


class SafetensorsReader(Closing):
    """An open safetensors file, whose header has been checked.

    Args:
        path: the file.
        file: how messages name it.

    Attributes:
        datasets: all arrays, by key.
        metadata: texts by name.
        manifest: what the file should hold; empty if its writer left none.

    Raises:
        CorruptFileError: it is empty, truncated, damaged, or no safetensors file.
        UnsafeFileError: it asks for more than a limit allows.
    """

    def __init__(self, path: str | os.PathLike[str], file: str) -> None:
        self.file = file
        self._stream = open(path, "rb")  # noqa: SIM115 (`close` closes it)
        try:
            self.datasets, self.metadata = read_header(self._stream, file)
            self.manifest = self._read_manifest()
        except BaseException:
            self._stream.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    @property
    def is_noted(self) -> bool:
        """Whether its writer has noted what it should hold."""
        return bool(self.manifest)

    def _read_manifest(self) -> Manifest:
        text = self.metadata.get(MANIFEST)
        if text is None:
            return Manifest()
        if not _HEXADECIMAL.match(text):
            raise CorruptFileError(f"'{self.file}' is damaged: its manifest has been changed.")
        checksum = int(text[:_CHECKSUM], 16).to_bytes(4, "little")
        content = checksum + text[_CHECKSUM:].encode()
        manifest = Manifest.from_bytes(np.frombuffer(content, "uint8"), self.file)
        manifest.check_presence(self.datasets, self.metadata, self.file)
        for name in manifest.texts:
            manifest.check_text(name, self.metadata[name], self.file)
        return manifest

    def names(self) -> dict[str, str]:
        """The names of the objects whose variables these are, by their paths."""
        return self._texts(NAMES)

    def paths(self) -> dict[str, str]:
        """The paths that arrays have in `.weights.h5` files, by key; none if nobody noted them."""
        return self._texts(PATHS)

    def _texts(self, name: str) -> dict[str, str]:
        found = read_json(self.metadata.get(name, "{}"), name, self.file)
        if not are_texts(found):
            raise CorruptFileError(f"'{name}' in '{self.file}' is damaged: it is no list of texts.")
        return found

    def aliases(self) -> dict[str, str]:
        """Keys of shared variables, and the key under which each is stored.

        They are in the metadata, where PyTorch's `save_model` notes them, too.
        """
        return {
            key: stored
            for key, stored in self.metadata.items()
            if stored in self.datasets and key not in (*self.datasets, *_OWN_METADATA)
        }

    def read(self, info: ArrayInfo, target: str | None = None) -> np.ndarray:
        """An array, in native byte order.

        Args:
            info: what is known of it.
            target: the dtype to which it will be cast; one of the same family.

        Raises:
            CorruptFileError: it is not what was written, or has numbers too large for `target`.
        """
        array = np.empty(info.shape, info.dtype)
        self._fill(array.reshape(-1).view("uint8"), info.start)
        self.manifest.check(info.path, [array], self.file)
        array = array.astype(info.dtype.newbyteorder("="), copy=False)
        _dtypes.check_range(array, target, f"'{info.path}' in '{self.file}'")
        return array

    def verify(self) -> None:
        """Read and check all that the manifest lists.

        Raises:
            CorruptFileError: something is not what was written.
        """
        for key in self.manifest.datasets:
            self.manifest.check(key, self._parts(self.datasets[key]), self.file)

    def _parts(self, info: ArrayInfo) -> Iterator[np.ndarray]:
        """The bytes of an array, each part in the same small memory as the one before."""
        memory = np.empty(min(info.nbytes, _PART_BYTES), "uint8")
        for start in range(0, info.nbytes, _PART_BYTES):
            part = memory[: min(_PART_BYTES, info.nbytes - start)]
            self._fill(part, info.start + start)
            yield part

    def _fill(self, memory: np.ndarray, start: int) -> None:
        self._stream.seek(start)
        if self._stream.readinto(memory.data) != memory.nbytes:
            raise CorruptFileError(f"'{self.file}' was cut while it was being read.")
