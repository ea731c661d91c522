"""The error for files that are not there."""

from deepkit.core.errors import CorruptFileError


class MissingFileError(CorruptFileError, FileNotFoundError):
    """There is no file at a path that was to be read."""
