"""How other libraries lay out the weights of a layer.

What a layout says of a class of layers is told from above, by `provide_layout`: here no layer is
known.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from deepkit.core.errors import UnknownNameError, suggest


def _as_it_is(array: np.ndarray) -> np.ndarray:
    return array


@dataclasses.dataclass(frozen=True)
class Way:
    """A way to make a variable's value.

    Attributes:
        sources: the names of the arrays that it takes, within the layer.
        convert: takes these arrays and returns the value.
    """

    sources: tuple[str, ...]
    convert: Callable[..., np.ndarray] = _as_it_is


@dataclasses.dataclass(frozen=True)
class Rule:
    """Where the value of a variable comes from.

    Attributes:
        variable: the variable.
        ways: ways to make its value; the first one whose sources are all there is taken.
    """

    variable: Any
    ways: tuple[Way, ...]


@dataclasses.dataclass(frozen=True)
class Layout:
    """The weights of a layer in another library.

    Attributes:
        rules: one for each variable of the layer and of what is in it.
        ignored: names of arrays that have no meaning here.
        covers_inner: whether the rules are for the objects inside the layer, too.
    """

    rules: Sequence[Rule]
    ignored: tuple[str, ...] = ()
    covers_inner: bool = False


_LAYOUTS: dict[str, Callable[[Any], Layout | None]] = {}


def provide_layout(name: str, layout_of: Callable[[Any], Layout | None]) -> None:
    """Tell how a library lays out weights.

    Args:
        name: the library.
        layout_of: takes a layer; returns `None` for one whose weights are alike in both.
    """
    _LAYOUTS[name] = layout_of


def provided_layout(name: str) -> Callable[[Any], Layout | None]:
    """What was told by `provide_layout`.

    Raises:
        UnknownNameError: nobody has told about a library of this name.
    """
    if name not in _LAYOUTS:
        raise UnknownNameError(
            f"Expected `layout` to be None or one of {sorted(_LAYOUTS)}, received {name!r}."
            f"{suggest(name, _LAYOUTS)}"
        )
    return _LAYOUTS[name]
