"""What a variable holds after one of two ways, of which the compiled program takes one."""

from typing import Any, NamedTuple

from deepkit.core.errors import ArgumentTypeError, DTypeError, ShapeError, UnboundVariableError

from ._specs import Conflict, described, is_number, is_numeric, joined, same, spec_of
from ._undefined import Undefined, UndefinedReturnValue, is_undefined
from ._values import Growing, flatten, structure_text, subject_text


class Traced(NamedTuple):
    """The value of a variable at the end of a way.

    Args:
        value: the value.
        leaves: its leaves.
        tree: its structure.
    """

    value: Any
    leaves: list[Any]
    tree: Any


def merged(name: str, a: Traced, b: Traced, line: str) -> tuple[list[Any], Any]:
    """The leaves of what a variable holds after both ways, and their structure.

    A leaf is a `Spec` where it depends on the way, else the value itself.

    Args:
        name: the variable's name.
        a: it after one way.
        b: it after the other.
        line: where the user wrote the statement.

    Raises:
        ArgumentTypeError: its structures differ, or objects that are no arrays do.
        ShapeError: its shapes differ.
        DTypeError: its dtypes differ.
        UnboundVariableError: it is an attribute or item that one way only makes.
    """
    first, second = a.value, b.value
    if is_undefined(first) or is_undefined(second):
        return _merged_undefined(name, a, b, line)
    if a.tree != b.tree:
        if first is None or second is None:
            raise ArgumentTypeError(_object_message(name, first, second, line))
        raise ArgumentTypeError(_structure_message(name, first, second, line))
    leaves = [_merged_leaf(name, x, y, line) for x, y in zip(a.leaves, b.leaves)]
    return leaves, a.tree


def _merged_undefined(name: str, a: Traced, b: Traced, line: str) -> tuple[list[Any], Any]:
    first, second = a.value, b.value
    both = is_undefined(first) and is_undefined(second)
    if both:
        return [second if getattr(first, "reason", None) is None else first], a.tree
    if UndefinedReturnValue not in (type(first), type(second)):
        reason = (
            f"{line}`{name}` gets a value in one branch of the `if` only, and the condition is "
            f"known only when the program runs. Give it a value before the `if` or in both "
            f"branches."
        )
        if "." in name or "[" in name:
            raise UnboundVariableError(reason)
        return flatten(Undefined(name, reason))
    way = b if is_undefined(first) else a
    leaves = [
        spec_of(leaf) if is_numeric(leaf) and not is_number(leaf) else leaf for leaf in way.leaves
    ]
    return leaves, way.tree


def _merged_leaf(name: str, x: Any, y: Any, line: str) -> Any:
    if same(x, y):
        return x
    if is_numeric(x) and is_numeric(y):
        one, other = spec_of(x), spec_of(y)
        try:
            return joined(one, other)
        except Conflict as conflict:
            if conflict.kind == "shape":
                raise ShapeError(
                    f"{line}{subject_text(name)} is {one} in one branch and {other} in the other, "
                    f"but compiled branches give the same shape. Pad or broadcast one of them."
                ) from None
            raise DTypeError(
                f"{line}{subject_text(name)} is {one} in one branch and {other} in the other, but "
                f"compiled branches give the same dtype. Cast one of them, for instance by "
                f"`deepkit.ops.cast`."
            ) from None
    raise ArgumentTypeError(_object_message(name, x, y, line))


def _object_message(name: str, x: Any, y: Any, line: str) -> str:
    return (
        f"{line}{subject_text(name)} is {described(x)} in one branch and {described(y)} in the "
        f"other, and the condition is known only when the program runs. Only arrays and numbers "
        f"can depend on it: make both of them arrays, or decide by a Python value."
    )


def _structure_message(name: str, first: Any, second: Any, line: str) -> str:
    subject = subject_text(name)
    if type(first) is Growing or (isinstance(first, list) and isinstance(second, list)):
        return (
            f"{line}the list {subject} has {len(flatten(first)[0])} arrays after one branch and "
            f"{len(flatten(second)[0])} after the other, and the condition is known only when the "
            f"program runs. Append in both branches, for instance a zero where there is nothing to "
            f"keep."
        )
    return (
        f"{line}{subject} has another structure in each branch: {structure_text(first)} and "
        f"{structure_text(second)}. Compiled branches give the same structure: the same keys, "
        f"lengths and nesting."
    )
