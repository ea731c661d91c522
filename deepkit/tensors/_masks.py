"""Masks that travel with tensors: which time steps of a tensor are real."""

import weakref
from typing import Any

# By the identity of the tensor; an entry goes when its tensor does.
_MASKS: dict[int, tuple[Any, Any]] = {}


def set_mask(tensor: Any, mask: Any) -> None:
    """Let a mask travel with a tensor; `None` takes it away."""
    key = id(tensor)
    if mask is None:
        _MASKS.pop(key, None)
        return
    _MASKS[key] = (weakref.ref(tensor, lambda _: _MASKS.pop(key, None)), mask)


def get_mask(tensor: Any) -> Any:
    """The mask that travels with a tensor, or `None`."""
    entry = _MASKS.get(id(tensor))
    return entry[1] if entry is not None and entry[0]() is tensor else None
