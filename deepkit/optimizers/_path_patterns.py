"""PathPatterns: optimizers by regular expressions for the paths of variables."""

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from deepkit.core import serialization
from deepkit.core.errors import ArgumentError
from deepkit.tensors import Variable

from ._optimizer import Optimizer
from ._optimizer_map import check_inner_optimizer

_CLOSEST = 5


class PathPatterns:
    """Chooses for each variable the optimizer of the first pattern that matches a path of it.

    Args:
        optimizers: optimizers by regular expressions, in the order in which they are tried.

    Raises:
        ArgumentError: there are none, a key is no regular expression, or one optimizer stands
            for two of them.
        ArgumentTypeError: a value is no optimizer.
    """

    def __init__(self, optimizers: Mapping[str, Optimizer]) -> None:
        if not optimizers:
            raise ArgumentError(
                "Expected a dict of regular expressions and optimizers with at least one entry, "
                'such as {"encoder/.*": Adam(1e-5), ".*": Adam(1e-3)}, received an empty one.'
            )
        self.optimizers = dict(optimizers)
        self._compiled = [_compile(pattern) for pattern in self.optimizers]
        holders: dict[int, str] = {}
        for pattern, optimizer in self.optimizers.items():
            check_inner_optimizer(optimizer)
            other = holders.setdefault(id(optimizer), pattern)
            if other != pattern:
                raise ArgumentError(
                    f"The same optimizer stands for the patterns '{other}' and '{pattern}'. Make "
                    f"one for each, or join the patterns: '{other}|{pattern}'."
                )

    def choose(
        self, variables: Sequence[Variable], paths: Mapping[int, Sequence[str]]
    ) -> list[Optimizer]:
        """The optimizer of each variable.

        Args:
            variables: the variables that will be updated.
            paths: further paths of variables by their identities; those of variables that are not
                updated now count as matches too, as they may be later.

        Raises:
            ArgumentError: no pattern matches a variable, or a pattern is the first one to match
                for none.
        """
        names = {
            id(v): [v.path, *(p for p in paths.get(id(v), ()) if p != v.path)] for v in variables
        }
        places = [self._place(names[id(variable)]) for variable in variables]
        unmatched = [v.path for v, place in zip(variables, places) if place is None]
        if unmatched:
            raise ArgumentError(
                f"No pattern matches the whole path of the variables {unmatched}. The patterns: "
                f"{list(self.optimizers)}. Add one that does; '.*' as the last one takes all "
                f"that is left."
            )
        self._check_use({**paths, **names})
        optimizers = list(self.optimizers.values())
        return [optimizers[place] for place in places]

    def _place(self, names: Sequence[str]) -> int | None:
        """The place of the first pattern that matches one of a variable's paths."""
        matching = (i for i, p in enumerate(self._compiled) if any(map(p.fullmatch, names)))
        return next(matching, None)

    def _check_use(self, paths: Mapping[int, Sequence[str]]) -> None:
        used = {self._place(names) for names in paths.values()}
        known = list(dict.fromkeys(name for names in paths.values() for name in names))
        for place, (pattern, compiled) in enumerate(zip(self.optimizers, self._compiled)):
            if place in used:
                continue
            if any(map(compiled.fullmatch, known)):
                raise ArgumentError(
                    f"The pattern '{pattern}' gets no variable: earlier patterns match all that "
                    f"it matches. The first one that matches takes a variable, so put "
                    f"'{pattern}' further to the front of {list(self.optimizers)}."
                )
            closest = difflib.get_close_matches(pattern, known, _CLOSEST, cutoff=0.0)
            raise ArgumentError(
                f"The pattern '{pattern}' matches the whole path of no variable. The closest "
                f"paths: {closest}. '.*' in a pattern stands for any text, slashes too."
            )

    def get_config(self) -> list[list[Any]]:
        """Pairs of a pattern and its optimizer, whose order no file changes."""
        return [
            [pattern, serialization.serialize_keras_object(optimizer)]
            for pattern, optimizer in self.optimizers.items()
        ]


def _compile(pattern: Any) -> re.Pattern[str]:
    if not isinstance(pattern, str):
        raise ArgumentError(
            f"Expected the keys of a dict of optimizers to be regular expressions, as text, "
            f"received {pattern!r}."
        )
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ArgumentError(
            f"Expected the keys of a dict of optimizers to be regular expressions, received "
            f"{pattern!r}: {error}."
        ) from None
