"""Turns the many errors over damaged HDF5 files and archives into one."""

import contextlib
import struct
import zipfile
import zlib
from collections.abc import Iterator

from deepkit.core.errors import CorruptFileError, DeepkitError

_OF_HDF5 = (OSError, RuntimeError, LookupError, TypeError, ValueError, OverflowError, MemoryError)
_OF_ARCHIVES = (zipfile.BadZipFile, zlib.error, struct.error, EOFError)


@contextlib.contextmanager
def damage_in(what: str) -> Iterator[None]:
    """Raise what h5py and `zipfile` raise as a `CorruptFileError`, which says what is damaged."""
    try:
        yield
    except DeepkitError:
        raise
    except (*_OF_HDF5, *_OF_ARCHIVES) as error:
        raise CorruptFileError(f"{what} is truncated or damaged: {error}") from error
