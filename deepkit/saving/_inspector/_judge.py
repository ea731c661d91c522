"""Says why loading would not find a class or function; takes all of deepkit and JAX to say it."""

from typing import Any

from deepkit.core.errors import SerializationError
from deepkit.core.serialization import find_object


def why_unknown(name: Any, module: Any, registered_name: Any, kind: str) -> str | None:
    """Why a class or function would not be found; `None` if it would."""
    try:
        find_object(name, module, registered_name, kind)
    except SerializationError as error:
        return str(error)
    return None
