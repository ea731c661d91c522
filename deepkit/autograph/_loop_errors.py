"""What is said where a variable cannot go from turn to turn of a compiled loop."""

from typing import Any

from deepkit.core.errors import ArgumentTypeError, DTypeError, ShapeError

from ._specs import Conflict, Spec, described
from ._values import structure_text, subject_text


class LoopErrors:
    """The errors about one variable of a loop.

    Args:
        name: the variable's name.
        line: where the loop is.
    """

    def __init__(self, name: str, line: str) -> None:
        self._name, self._line = name, line
        self._subject = f"{line}{subject_text(name)}"

    def of_type(self, conflict: Conflict, before: Spec, after: Spec) -> Exception:
        """Its shape or dtype changes."""
        if conflict.kind == "shape":
            return ShapeError(
                f"{self._subject} is {before} before the loop and {after} after one turn. Shapes "
                f"cannot change in a compiled loop: start with an array of the final shape and "
                f"write into it (`x.at[i].set(...)`), or pad to the largest shape "
                f"(`deepkit.ops.pad`). `shape_invariants` does not exist in XLA."
            )
        return DTypeError(
            f"{self._subject} is {before.dtype} before the loop and {after.dtype} after one turn. "
            f"Dtypes cannot change in a compiled loop: start with {after.dtype}, or cast to "
            f"{before.dtype} at the end of the turn (`deepkit.ops.cast`)."
        )

    def of_structure(self, before: Any, after: Any) -> Exception:
        """Its nesting, keys or lengths change."""
        hint = ""
        if isinstance(before, list) and isinstance(after, list):
            hint = (
                " A list may grow in a `for` over a known number of turns, when each turn appends "
                "to a list from before the loop, and nothing else."
            )
        return ArgumentTypeError(
            f"{self._subject} is {structure_text(before)} before the loop and "
            f"{structure_text(after)} after one turn. Compiled loops keep the structure: the same "
            f"keys, lengths and nesting.{hint}"
        )

    def of_object(self, before: Any, after: Any) -> Exception:
        """It is an object that is no array, or becomes one."""
        return ArgumentTypeError(
            f"{self._subject} is {described(before)} before the loop and {described(after)} after "
            f"one turn. A compiled loop carries arrays and numbers; give it one of these before "
            f"the loop, or do not change it inside."
        )

    def of_deletion(self) -> Exception:
        """It may lose its value."""
        return ArgumentTypeError(
            f"{self._subject} has a value before the loop and may have none after one turn. Do not "
            f"delete it inside, and give it a value in each branch."
        )

    def of_growth(self) -> Exception:
        """It is a list that grows an unknown number of times."""
        return ArgumentTypeError(
            f"{self._line}the list `{self._name}` grows in a loop whose number of turns is not "
            f"known when it is compiled. Append in a `for` over a tensor without `break` or "
            f"`return`, or write into an array of a fixed size (`x = x.at[i].set(...)`)."
        )

    def unbound_reason(self) -> str:
        """Why it may have no value after the loop."""
        return (
            f"{self._subject} gets its value inside of a loop that may make no turn. Give it a "
            f"value before the loop."
        )
