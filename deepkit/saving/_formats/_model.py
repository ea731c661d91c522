"""What all files of whole models have in common."""

from typing import Any

from deepkit.core.errors import ConfigError
from deepkit.saving._saveable import Saveable

# The version of Keras whose file formats these are.
KERAS_VERSION = "3.15.1"

LOADING_HINT = (
    "The model was made from the config in the same file: if it has layers of your own, their "
    "`get_config` and `build` must make the same weights again."
)


def checked_model(made: Any, file: str) -> Any:
    """What a config made, if it is something that has state.

    Raises:
        ConfigError: it is something else.
    """
    if not isinstance(made, Saveable):
        raise ConfigError(
            f"Expected '{file}' to describe a model, but it describes {type(made).__name__}."
        )
    return made


def is_older_version(version: Any) -> bool:
    """Whether a version of Keras is 1 or 2."""
    return isinstance(version, str) and version.startswith(("1.", "2."))
