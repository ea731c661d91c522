"""The members of a saved model, of a zip archive or of a folder.

Members are read in their place or in memory, and never written to disk.
"""

import contextlib
import pathlib
from collections.abc import Iterator
from typing import Any, Protocol

from deepkit.saving._formats._archive_members import ArchiveMembers, opened_archive
from deepkit.saving._formats._folder_members import FolderMembers
from deepkit.saving._formats._manifest import check_stamp
from deepkit.saving._formats._member_names import CONFIG, METADATA
from deepkit.saving._formats._reader import Hdf5Reader
from deepkit.saving._json import read_json


class Members(Protocol):
    """What a model was saved as.

    Attributes:
        file: how messages name it.
        names: the names of all members.
        stored_size: the bytes of all that was saved, as it is stored.
    """

    file: str
    names: list[str]
    stored_size: int

    def size(self, name: str) -> int:
        """The bytes of a member, which is there and not too large."""

    def read(self, name: str) -> bytes:
        """The content of a member, whose checksum is verified."""

    def weights(self, is_verified: bool = False) -> contextlib.AbstractContextManager[Hdf5Reader]:
        """The HDF5 file of the weights.

        Args:
            is_verified: whether its checksum is known to be right.
        """


@contextlib.contextmanager
def opened(path: pathlib.Path, file: str) -> Iterator[Members]:
    """The members of an archive or a folder."""
    if path.is_dir():
        yield FolderMembers(path, file)
    else:
        with opened_archive(path, file) as archive:
            yield ArchiveMembers(archive, file)


def read_description(members: Members) -> tuple[dict[str, Any], Any]:
    """Who wrote a model, as far as it says so, and its config.

    Raises:
        CorruptFileError: they are damaged, or a newer deepkit wrote them.
    """
    metadata: dict[str, Any] = {}
    if METADATA in members.names:
        metadata = read_json(members.read(METADATA), METADATA, members.file)
        check_stamp(metadata, members.file)
    return metadata, read_json(members.read(CONFIG), CONFIG, members.file)
