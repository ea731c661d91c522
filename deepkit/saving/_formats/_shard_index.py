"""The index of sharded weights: which file of the folder holds which group of variables."""

import dataclasses
import json
import pathlib
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from deepkit.core.errors import CorruptFileError, UnsafeFileError
from deepkit.saving._formats._manifest import PATH as MANIFEST
from deepkit.saving._formats._manifest import check_stamp, stamp
from deepkit.saving._json import MAX_BYTES, read_json
from deepkit.saving._paths import WEIGHTS_ENDING as ENDING

MAX_SHARDS = 10_000

_MAP = "weight_map"
_MOST_LETTERS = 255


@dataclasses.dataclass(frozen=True)
class Shard:
    """What an index notes of a file.

    Attributes:
        size: its bytes.
        identity: the checksum of the manifest in it, which has those of all its arrays.
    """

    size: int
    identity: int


@dataclasses.dataclass(frozen=True)
class ShardIndex:
    """What an index says.

    Attributes:
        files: the names of the files that hold each group of variables.
        shards: what is known of each file; `None` where the writer noted nothing.
    """

    files: Mapping[str, Sequence[str]]
    shards: Mapping[str, Shard | None]

    def to_bytes(self, total_size: int) -> bytes:
        """The content of the index file, as Keras reads it, with deepkit's manifest."""
        files = {f"/{group}": _one_or_all(names) for group, names in self.files.items()}
        content = {"metadata": {"total_size": total_size}, _MAP: files}
        shards = {name: dataclasses.asdict(shard) for name, shard in self.shards.items() if shard}
        noted = {**stamp(), "shards": shards, "crc32": _checksum(content, shards)}
        return json.dumps({**content, MANIFEST: noted}, indent=1).encode()

    @classmethod
    def read(cls, path: pathlib.Path, file: str) -> "ShardIndex":
        """What an index file says; all names in it are those of files beside it.

        Raises:
            CorruptFileError: it is no index, or damaged.
            UnsafeFileError: a name leads elsewhere, or there are too many.
        """
        with path.open("rb") as stream:
            text = stream.read(MAX_BYTES + 1)
        _check_kind(text, file)
        content = read_json(text, "The index of shards", file)
        if not isinstance(content, dict) or not isinstance(content.get(_MAP), dict):
            raise CorruptFileError(f"'{file}' is no index of shards: it has no '{_MAP}'.")
        files = {
            group.removeprefix("/"): _names(names, file) for group, names in content[_MAP].items()
        }
        shards: dict[str, Shard | None] = {name: None for ns in files.values() for name in ns}
        shards.update(_noted(content, file))
        if len(shards) > MAX_SHARDS:
            raise UnsafeFileError(
                f"'{file}' is not loaded: it names {len(shards):,} shards, and at most "
                f"{MAX_SHARDS:,} are read."
            )
        return cls(files, shards)


def _check_kind(text: bytes, file: str) -> None:
    """Raise if an index is empty, or a file of another kind."""
    if not text:
        raise CorruptFileError(f"'{file}' is empty: it has no bytes.")
    kinds = {b"PK": ("a zip archive", ".keras"), b"\x89H": ("an HDF5 file", ENDING)}
    if text[:2] in kinds:
        kind, ending = kinds[text[:2]]
        raise CorruptFileError(
            f"'{file}' is no index of shards, whatever its name says. It is {kind}: give it the "
            f"ending `{ending}`."
        )


def _one_or_all(names: Sequence[str]) -> str | list[str]:
    return names[0] if len(names) == 1 else list(names)


def _checksum(content: Any, shards: Any) -> int:
    content = {"metadata": content["metadata"], _MAP: content[_MAP]}
    return zlib.crc32(json.dumps([content, shards], sort_keys=True).encode())


def _names(value: Any, file: str) -> list[str]:
    names = value if isinstance(value, list) else [value]
    if not names or not all(isinstance(name, str) for name in names):
        raise CorruptFileError(f"'{file}' is no index of shards: it names no files for a group.")
    if len(set(names)) != len(names):
        raise CorruptFileError(f"'{file}' is damaged: it names a shard twice for one group.")
    for name in names:
        _check_name(name, file)
    return names


def _check_name(name: str, file: str) -> None:
    is_plain = name.endswith(ENDING) and len(name) <= _MOST_LETTERS and not name.startswith(".")
    if not is_plain or any(letter in name for letter in "/\\:\x00"):
        raise UnsafeFileError(
            f"'{file}' is not loaded: expected its shards to be files beside it whose names end "
            f"in '{ENDING}', received {name[:100]!r}."
        )


def _noted(content: dict[str, Any], file: str) -> dict[str, Shard]:
    """What deepkit notes of each shard; nothing in files of others."""
    if MANIFEST not in content:
        return {}
    manifest = content[MANIFEST]
    check_stamp(manifest, file)
    shards = manifest.get("shards")
    if "metadata" not in content or _checksum(content, shards) != manifest.get("crc32"):
        raise CorruptFileError(f"'{file}' is damaged: the index has been changed.")
    if not isinstance(shards, dict) or not all(map(_is_shard, shards.values())):
        raise CorruptFileError(f"'{file}' is damaged: it does not say what its shards are.")
    for name in shards:
        _check_name(name, file)
    return {name: Shard(**noted) for name, noted in shards.items()}


def _is_shard(noted: Any) -> bool:
    fields = {field.name for field in dataclasses.fields(Shard)}
    return isinstance(noted, dict) and set(noted) == fields
