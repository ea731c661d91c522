"""What a file keeps the state of, and the path of each part in it."""

import dataclasses
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, Protocol, runtime_checkable

from deepkit.core import naming
from deepkit.core.errors import NotBuiltError, SerializationError

# The path of the optimizer that a model is trained with.
OPTIMIZER = "optimizer"


@runtime_checkable
class Saveable(Protocol):
    """Something whose state is kept in files: a layer, a model, an optimizer, a seed generator.

    It may have `save_assets(folder)` and `load_assets(folder)`, too, as in Keras: they write files
    into an empty folder, and read them from one, for `.keras` files and folders.

    Attributes:
        name: a name, noted in files.
        optional_in_files: (may be left out) whether a file may lack its state, as files of Keras
            lack that of seeds.
        class_name_in_files: (may be left out) what files call its class, if not by its name.
    """

    name: Any

    def saveable_children(self) -> Mapping[str, Any]:
        """Saveables, and lists, tuples and dicts of them, by the attributes that hold them."""

    def save_own_variables(self, store: MutableMapping[str, Any]) -> None:
        """Write the own state, without that of the children."""

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Read what `save_own_variables` wrote."""


@dataclasses.dataclass(frozen=True)
class Place:
    """A saveable and where its state lies.

    Attributes:
        path: attributes and class names, joined by slashes; empty for the root.
        saveable: the object.
    """

    path: str
    saveable: Any

    @property
    def variables_path(self) -> str:
        """The group of its own variables."""
        return join(self.path, "vars")

    @property
    def is_optional(self) -> bool:
        """Whether a file may lack its state."""
        return getattr(self.saveable, "optional_in_files", False)

    def is_below(self, path: str) -> bool:
        """Whether it is at a path or further in."""
        return not path or self.path == path or self.path.startswith(f"{path}/")


def own_variables(saveable: Saveable) -> dict[str, Any]:
    """What an object itself would write into a file, by key."""
    own: dict[str, Any] = {}
    saveable.save_own_variables(own)
    return own


def check_built(model: Any, verb: str) -> None:
    """Raise unless a model has weights.

    Args:
        model: the model.
        verb: what was to be done with them, for the message: `"saved"`.

    Raises:
        NotBuiltError: it has none yet.
    """
    if not model.built:
        raise NotBuiltError(
            f"The model '{model.name}' has no weights that could be {verb}: it is not built. Call "
            f"it on data, or call `build` with the shape of its input, first."
        )


def places_of(root: Saveable) -> list[Place]:
    """All saveables from a root on, each once, under the path that Keras's files give it."""
    return list(_visit(root, "", set()))


def _visit(saveable: Any, path: str, seen: set[int]) -> Iterator[Place]:
    if id(saveable) in seen:
        return
    seen.add(id(saveable))
    yield Place(path, saveable)
    for attribute, value in saveable.saveable_children().items():
        inner = join(path, attribute)
        if isinstance(value, Saveable):
            yield from _visit(value, inner, seen)
        elif isinstance(value, list | tuple | dict):
            yield from _visit_container(value, inner, seen, set())


def _visit_container(
    container: Any, path: str, seen: set[int], containers: set[int]
) -> Iterator[Place]:
    """What a container holds, named by class and number: names of objects may differ each time."""
    if id(container) in containers:
        return
    containers.add(id(container))
    counts: dict[str, int] = {}
    for value in container.values() if isinstance(container, dict) else container:
        if isinstance(value, Saveable):
            yield from _visit(value, join(path, numbered(class_step(value), counts)), seen)
        elif isinstance(value, list | tuple | dict):
            inner = join(path, numbered("container", counts))
            yield from _visit_container(value, inner, seen, containers)


def class_step(saveable: Any) -> str:
    """What paths call an object in a container, without its number."""
    name = getattr(saveable, "class_name_in_files", None)
    return naming.to_snake_case(name or type(saveable).__name__)


def numbered(name: str, counts: dict[str, int]) -> str:
    """A name in a container, with a number from the second time on that it is counted."""
    count = counts[name] = counts.get(name, -1) + 1
    return f"{name}_{count}" if count else name


def join(path: str, name: str) -> str:
    """A path one step further in.

    Raises:
        SerializationError: the step is no name that a file can hold.
    """
    check_step(name)
    return f"{path}/{name}" if path else name


def check_path(path: str) -> None:
    """Raise unless each step of a path is one that a file can hold; see `check_step`."""
    for step in path.split("/"):
        check_step(step)


def check_step(name: Any) -> None:
    """Raise unless a name can be one step of a path in a file.

    Raises:
        SerializationError: it is empty, a dot or two, too long, or has a slash or a NUL.
    """
    usable = isinstance(name, str) and name not in ("", ".", "..") and len(name) <= 1000
    if not usable or "/" in name or "\\" in name or not naming.is_text_for_files(name):
        shown = name if not isinstance(name, str) or len(name) <= 100 else f"{name[:100]}…"
        raise SerializationError(
            f"Expected a name that a file can hold, without slashes and not '.' or '..', of at "
            f"most 1000 letters, received {shown!r}. Give the attribute, layer or key another name."
        )
