"""The names of the members of a saved model."""

from collections.abc import Sequence

from deepkit.core.errors import CorruptFileError

METADATA = "metadata.json"
CONFIG = "config.json"
WEIGHTS = "model.weights.h5"
ASSETS = "assets"
# The key of a folder's metadata with sizes and checksums of the other files.
NOTED = "deepkit_members"

MAX_MEMBERS = 10_000


def check_presence(name: str, names: Sequence[str], file: str) -> None:
    """Raise unless a saved model has a member.

    Raises:
        CorruptFileError: it has not.
    """
    if name not in names:
        raise CorruptFileError(f"'{file}' is no saved model: it has no '{name}', only {names[:5]}.")
