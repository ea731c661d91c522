"""The keys of variables in safetensors files: attribute paths with dots, then the variable's name.

`layers.dense.kernel` is what tools for such files expect: PyTorch joins attributes with dots, and
names, not numbers, tell what an array is.
"""

from collections.abc import Mapping
from typing import Any

from deepkit.core.errors import SerializationError
from deepkit.saving._formats._matching import loads_by_order
from deepkit.saving._saveable import Place, check_step


def prefix_of(place: Place) -> str:
    """What the keys of a place's variables begin with."""
    return f"{place.path.replace('/', '.')}." if place.path else ""


def names_of(saveable: Any, own: Mapping[str, Any]) -> dict[str, str]:
    """The last part of each key, by the keys under which an object stores its variables.

    It is the variable's name. Where names are not different, and where a class of the user stores
    its state in a way of its own, it is the key itself.
    """
    for key in own:
        check_step(key)
        if "." in key:
            raise SerializationError(
                f"Expected keys without dots from `save_own_variables` of '{saveable.name}' for a "
                f"safetensors file, received {key!r}."
            )
    names = [getattr(value, "name", None) for value in own.values()]
    if not loads_by_order(saveable):
        return {key: key for key in own}
    return {
        key: name if _is_usable(name) and names.count(name) == 1 else key
        for key, name in zip(own, names)
    }


def _is_usable(name: Any) -> bool:
    return isinstance(name, str) and name.isidentifier() and len(name) <= 1000
