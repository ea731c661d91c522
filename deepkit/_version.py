"""The version of deepkit, in one place for the package and its metadata."""

__version__ = "0.1.0"


def version() -> str:
    """The version of deepkit."""
    return __version__
