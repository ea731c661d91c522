"""Programs: the compiled steps of a model, which are kept as long as the model."""

import collections
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

_MAX_PROGRAMS = 16

Compiled = TypeVar("Compiled")


class Programs(Generic[Compiled]):
    """The compiled steps of a model, by what they depend on; they go when the model does."""

    def __init__(self) -> None:
        self._by_key: collections.OrderedDict[Any, Compiled] = collections.OrderedDict()
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type["Programs[Compiled]"], tuple[()]]:
        # A copy of the model compiles for itself.
        return Programs, ()

    def get(self, kind: str, key: Any, make: Callable[[], Compiled]) -> Compiled:
        """The program of a kind and fingerprint; `make` makes it where there is none."""
        full_key = (kind, key)
        with self._lock:
            program = self._by_key.get(full_key)
            if program is None:
                program = self._by_key[full_key] = make()
            self._by_key.move_to_end(full_key)
            while len(self._by_key) > _MAX_PROGRAMS:
                self._by_key.popitem(last=False)
        return program

    def __len__(self) -> int:
        return len(self._by_key)
