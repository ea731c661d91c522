"""The rules by which dependence on rows goes through the primitives of JAX."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from jax import lax
from jax.extend.core import Primitive, primitives

from deepkit.training._row_wise._dependence import Dependence


class Step(Protocol):
    """An equation of a program, and what is known of its operands."""

    ins: list[Dependence]
    params: dict[str, Any]
    in_shapes: list[tuple[int, ...]]
    out_shapes: list[tuple[int, ...]]

    def follow(
        self, name: str, ins: Sequence[Dependence], place: int | None = None, last: bool = True
    ) -> list[Dependence]:
        """What comes out of a program inside the equation.

        Args:
            name: the parameter that holds it.
            ins: what goes in.
            place: where in the parameter, if that is a sequence of programs.
            last: `False` if it is followed again, with more known.
        """
        ...

    def inner_ndims(self, name: str) -> tuple[list[int], list[int]]:
        """The numbers of axes of what goes into a program inside the equation, and comes out."""
        ...


Rule = Callable[[Step], Sequence[Dependence]]
RULES: dict[Primitive, Rule] = {}


def rule(names: str) -> Callable[[Rule], Rule]:
    """Give a rule to primitives of JAX; see `named`."""

    def give(function: Rule) -> Rule:
        for primitive in named(names):
            RULES[primitive] = function
        return function

    return give


def named(names: str) -> list[Primitive]:
    """The primitives of JAX of some names, separated by blanks, as far as this version has them."""
    found = (
        getattr(primitives, f"{name}_p", None) or getattr(lax, f"{name}_p", None)
        for name in names.split()
    )
    return [primitive for primitive in found if primitive is not None]
