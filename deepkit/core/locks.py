"""A lock that does not stand in the way of `copy.deepcopy` and `pickle`."""

import threading
from typing import Any


class ObjectLock:
    """A reentrant lock of one object; a copy of the object gets a new one."""

    def __init__(self) -> None:
        self._lock = threading.RLock()

    def __enter__(self) -> bool:
        return self._lock.__enter__()

    def __exit__(self, *error: Any) -> None:
        self._lock.__exit__(*error)

    def __reduce__(self) -> tuple[type["ObjectLock"], tuple[()]]:
        return ObjectLock, ()
