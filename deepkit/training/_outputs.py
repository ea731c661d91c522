"""The outputs of a model: their form and their names, and what users give for each of them."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from deepkit.core import tree
from deepkit.core.errors import (
    ArgumentError,
    DataError,
    DeepkitError,
    UnknownNameError,
    suggest,
)

from ._structures import Path, Word, follow, in_written_order, is_container, place_name, show

_DATA = ("y", "y_pred", "sample_weight")


class Outputs:
    """The form and the names of a model's outputs.

    Losses, metrics, weights and targets are given in the form of the outputs, and each is found
    here by its path. Lists and tuples count as the same. A list may hold one entry for each tensor
    however deep it lies; a dict has the keys of the outputs, or the names of unkeyed ones.

    Args:
        y_pred: the outputs, nested; anything may stand for the tensors.
        output_names: the names of the flat outputs, or `None`; disregarded if their number is
            another one.

    Attributes:
        form: `y_pred` with `None` for the tensors.
        paths: the keys that lead to each tensor.
        names: their names, `None` for those that have none.
    """

    def __init__(self, y_pred: Any, output_names: Sequence[str] | None = None) -> None:
        self.form = tree.map_structure(lambda _: None, y_pred)
        self.paths: list[Path] = [path for path, _ in tree.flatten_with_path(self.form)]
        names = list(output_names or ())
        is_flat_dict = isinstance(self.form, dict) and all(len(path) == 1 for path in self.paths)
        if is_flat_dict and set(names) == set(self.form):
            self.paths = [(name,) for name in names]
        self.names: list[str | None] = [None] * len(self.paths)
        if is_flat_dict:
            self.names = [str(key) for (key,) in self.paths]
        elif len(names) == len(self.paths):
            self.names = names

    def at(self, path: Path) -> Any:
        """The part of the form that a path leads to."""
        return follow(self.form, path)

    def below(self, path: Path) -> list[Path]:
        """The paths of the tensors that lie at or below a path."""
        return [leaf for leaf in self.paths if leaf[: len(path)] == path]

    def name_of(self, path: Path) -> str | None:
        """The name of the tensor at a path; `None` for a group, or without a name."""
        return self.names[self.paths.index(path)] if path in self.paths else None

    def describe(self, path: Path) -> str:
        """How messages call the output at a path."""
        name = self.name_of(path)
        if name is not None:
            return f"the output '{name}'"
        return f"the output {place_name('y_pred', path)}" if path else "the output"

    def place(self, given: Any, argument: str, ends: Callable[[Any, Any], bool]) -> dict[Path, Any]:
        """What is given for each output or group of outputs; `None`s are left out.

        Args:
            given: nested like the outputs.
            argument: its name in messages.
            ends: whether something given belongs to the part of the form beside it as a whole.

        Raises:
            UnknownNameError: a key is neither a key nor a name of the outputs.
            ArgumentError: the form does not fit; a DataError for data.
        """
        found = dict(_Placing(self, given, argument, ends).walk(given, ()))
        return {self._only_tensor(path): value for path, value in found.items()}

    def place_values(
        self, given: Any, argument: str, needed: Callable[[], list[Path]] = list
    ) -> dict[Path, Any]:
        """The value given for each tensor.

        Args:
            given: nested like the outputs; or for those alone that need a value, as in
                `place_needed`.
            argument: its name in messages.
            needed: gives the paths of the outputs that need a value; by default none does.

        Raises:
            DataError: the form does not fit.
        """
        placed = self.place_needed(given, needed)
        if placed is None:
            placed = self.place(given, argument, lambda value, _: not tree.is_nested(value))
        for path in placed:
            if path not in self.paths:
                why = f"One array would stand for {len(self.below(path))}."
                raise self.mismatch(given, argument, path, why)
        return placed

    def place_needed(self, given: Any, needed: Callable[[], list[Path]]) -> dict[Path, Any] | None:
        """A value, or a flat list of values, for those outputs alone that need one.

        `None` if it is anything else, or has a value for each of the outputs.
        """
        values = given if isinstance(given, list | tuple) else [given]
        is_flat = given is not None and not any(tree.is_nested(value) for value in values)
        if not is_flat or len(values) == len(self.paths):
            return None
        paths = needed()
        return dict(zip(paths, values)) if len(paths) == len(values) else None

    def gather(self, placed: dict[Path, Any], path: Path) -> Any:
        """The values at or below a path, in the form of the outputs there; `None` for missing."""
        part = self.at(path)
        leaves = [(*path, *rest) for rest, _ in tree.flatten_with_path(part)]
        return tree.pack_sequence_as(part, [placed.get(leaf) for leaf in leaves])

    def mismatch(
        self, given: Any, argument: str, path: Path, why: str, unknown_key: bool = False
    ) -> DeepkitError:
        """The error for what does not fit the outputs."""
        is_data = argument in _DATA
        place = f" At {place_name(argument, path)}:" if path else ""
        message = (
            f"Expected {argument if is_data else f'`{argument}`'} in the form of the outputs, "
            f"{self._shown()}, received {show(given)}.{place} {why}"
        )
        if is_data:
            return DataError(message)
        return UnknownNameError(message) if unknown_key else ArgumentError(message)

    @contextlib.contextmanager
    def noting(self, what: str, path: Path) -> Iterator[None]:
        """Add to errors which output they are about."""
        try:
            yield
        except Exception as error:
            error.add_note(f"This is about {what} of {self.describe(path)}.")
            raise

    def _only_tensor(self, path: Path) -> Path:
        tensors = self.below(path)
        return tensors[0] if len(tensors) == 1 else path

    def _shown(self) -> str:
        if not tree.is_nested(self.form):
            return "one array" if self.names == [None] else f"one array named '{self.names[0]}'"
        words = {path: Word(name or "array") for path, name in zip(self.paths, self.names)}
        if isinstance(self.form, dict):
            words = dict.fromkeys(self.paths, Word("array"))
        return repr(self.gather(words, ()))


class _Placing:
    """One argument on its way to the outputs."""

    def __init__(
        self, outputs: Outputs, given: Any, argument: str, ends: Callable[[Any, Any], bool]
    ) -> None:
        self._outputs, self._ends = outputs, ends
        self._given, self._argument = given, argument

    def walk(self, given: Any, path: Path) -> Iterator[tuple[Path, Any]]:
        form = self._outputs.at(path)
        if given is None:
            return
        if self._ends(given, form):
            yield path, given
            return
        children = self._by_key if isinstance(given, dict) else self._by_place
        for child_path, child in children(given, form, path):
            yield from self.walk(child, child_path)

    def _by_key(self, given: dict[Any, Any], form: Any, path: Path) -> Iterator[tuple[Path, Any]]:
        places = self._places(given, form, path)
        known = list(dict.fromkeys(key for key, _ in places))
        for key in given:
            if key not in known:
                names = ", ".join(map(repr, known))
                why = f"Unknown output {key!r}; the outputs are {names}.{suggest(key, known)}"
                raise self._mismatch(path, why, unknown_key=True)
        if isinstance(form, dict):
            yield from (((*path, key), child) for key, child in given.items())
        else:
            # One layer may be several outputs, and its name then means them all.
            yield from ((place, given[key]) for key, place in places if key in given)

    def _places(self, given: dict[Any, Any], form: Any, path: Path) -> list[tuple[Any, Path]]:
        outputs = self._outputs
        if isinstance(form, dict):
            return [(key, (*path, key)) for key in form]
        if path:
            raise self._mismatch(path, "The outputs have no keys there.")
        if None not in outputs.names:
            return list(zip(outputs.names, outputs.paths))
        if len(outputs.paths) == len(given) == 1:
            return [(next(iter(given)), outputs.paths[0])]
        raise self._mismatch(path, "The outputs have no names, so that a list is needed.")

    def _by_place(self, given: Sequence[Any], form: Any, path: Path) -> list[tuple[Path, Any]]:
        tensors = self._outputs.below(path)
        is_plain = True
        if not tree.is_nested(form):
            places = [path]
        elif len(given) == len(tensors) and not any(is_container(child) for child in given):
            places = tensors
            is_plain = in_written_order(form, [tensor[len(path) :] for tensor in tensors])
        else:
            places = list(dict.fromkeys(tensor[: len(path) + 1] for tensor in tensors))
            is_plain = not isinstance(form, dict) or list(form) == [place[-1] for place in places]
        if len(given) != len(places):
            why = f"A list of {len(given)} does not fit {len(places)} outputs; give one for each."
            raise self._mismatch(path, why)
        if not is_plain:
            why = "A list could be meant in two orders, as the keys are not sorted; give a dict."
            raise self._mismatch(path, why)
        return list(zip(places, given))

    def _mismatch(self, path: Path, why: str, unknown_key: bool = False) -> DeepkitError:
        return self._outputs.mismatch(self._given, self._argument, path, why, unknown_key)
