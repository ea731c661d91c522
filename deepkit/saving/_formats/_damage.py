"""Turns the many errors of h5py over damaged files into one."""

import contextlib
from collections.abc import Iterator

from deepkit.core.errors import CorruptFileError, DeepkitError

_ERRORS = (OSError, RuntimeError, LookupError, TypeError, ValueError, OverflowError, MemoryError)


@contextlib.contextmanager
def damage_in(what: str) -> Iterator[None]:
    """Raise what h5py raises as a `CorruptFileError`, which says what is damaged."""
    try:
        yield
    except DeepkitError:
        raise
    except _ERRORS as error:
        raise CorruptFileError(f"{what} is truncated or damaged: {error}") from error
