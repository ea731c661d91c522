"""The groups of a file, told from the paths of what is in them."""

import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

_SLASH = re.compile("/")

Info = TypeVar("Info")


def by_group(datasets: Mapping[str, Info]) -> dict[str, dict[str, Info]]:
    """What is directly in each group, by name."""
    groups: dict[str, dict[str, Info]] = {}
    for path, info in datasets.items():
        group, _, name = path.rpartition("/")
        groups.setdefault(group, {})[name] = info
    return groups


def groups_around(paths: Iterable[str]) -> set[str]:
    """The paths of all groups that have one of some paths in them or further in."""
    return {path[: found.start()] for path in paths for found in _SLASH.finditer(path)}
