"""Snapshot: the fingerprint of some objects, worked out again only when something changed."""

from collections.abc import Sequence
from typing import Any

from deepkit.core import config
from deepkit.training._fingerprint import fingerprint
from deepkit.training._watch import Watch


class Snapshot:
    """What some objects and the settings of the process are like, as a key of programs.

    Args:
        objects: what the key describes.
        others: what is watched besides, because something else than the key depends on it.

    Attributes:
        key: equal for objects that lead to the same program.
        watch: what the key was read from.
        memo: what was worked out while all was like this; kept for the next time.
    """

    def __init__(self, objects: Sequence[Any], others: Sequence[Any] = ()) -> None:
        self._roots = (*objects, *others)
        self._settings = config.of_computations()
        self.watch = Watch()
        self.memo: dict[Any, Any] = {}
        found = tuple(fingerprint(item, self.watch) for item in objects)
        self.key = Key((self._settings, found))
        for item in others:
            fingerprint(item, self.watch)

    def holds(self, *roots: Any) -> bool:
        """Whether nothing has changed.

        Args:
            *roots: the objects, then the others, as they are now.
        """
        return (
            all(now is then for now, then in zip(roots, self._roots, strict=True))
            and config.of_computations() == self._settings
            and self.watch.holds()
        )


class Key:
    """A value whose hash is worked out once.

    Args:
        value: a hashable value.
    """

    __slots__ = ("_hash", "_value")

    def __init__(self, value: Any) -> None:
        self._value = value
        self._hash = hash(value)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Key) and self._hash == other._hash and self._value == other._value

    def __hash__(self) -> int:
        return self._hash
