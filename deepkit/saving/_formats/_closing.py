"""Closing: the base of what is open until a `with` block ends."""

import abc
from typing import Self


class Closing(abc.ABC):
    """Something that is open, and closed by the end of a `with` block."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @abc.abstractmethod
    def close(self) -> None:
        """Close it."""
