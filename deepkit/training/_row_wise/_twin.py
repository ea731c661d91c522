"""Compares two programs that one function gave for two numbers of rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jax.extend.core import Literal

from deepkit.training._row_wise._dependence import Dependence, Free, Mixed, Rows
from deepkit.training._row_wise._rules import named
from deepkit.training._row_wise._shape_rules import ELEMENTWISE

# Give entries that are the same for each row, if they are in the operands.
_MAY_REPEAT = ELEMENTWISE.union(
    named("broadcast_in_dim concatenate optimization_barrier device_put"),
    named("jit remat call closed_call custom_jvp_call custom_vjp_call cond while scan"),
)
_SIZES = {"shape", "new_sizes", "limit_indices", "slice_sizes"}


class NotTheSame(Exception):
    """Two programs differ in more than the number of rows."""


class Twin:
    """A program beside the same one for another number of rows.

    What may differ are the sizes of the axes that have the rows, and of those along which entries
    repeat that depend on no row.

    Args:
        program: for some number of rows.
        other: for another one.
        rows: both numbers.

    Raises:
        NotTheSame: they are not built alike.
    """

    def __init__(self, program: Any, other: Any, rows: tuple[int, int]) -> None:
        first, second = opened(program), opened(other)
        self._rows, self._ends = rows, (first.outvars, second.outvars)
        self._steps = second.eqns
        inputs = [[*part.constvars, *part.invars] for part in (first, second)]
        _require(len(first.eqns) == len(second.eqns) and len(inputs[0]) == len(inputs[1]))
        _require(self._same(_constants(program), _constants(other), False))
        self._partners = dict(zip(*inputs))

    def inside(self, place: int, name: str, program: Any, index: int | None) -> "Twin":
        """The programs inside of a step."""
        other = self._steps[place].params[name]
        return Twin(program, other if index is None else other[index], self._rows)

    def check_step(
        self,
        place: int,
        step: Any,
        ins: Sequence[Dependence],
        outs: Sequence[Dependence],
        followed: bool,
    ) -> None:
        """Raise unless a step does the same in both programs.

        Args:
            place: of the step in the program.
            step: the equation.
            ins: how its operands depend on the rows.
            outs: how its outputs do.
            followed: whether programs inside of it were compared.
        """
        other = self._steps[place]
        _require(step.primitive is other.primitive and len(step.invars) == len(other.invars))
        self._check_operands(step.invars, other.invars)
        _require(step.params.keys() == other.params.keys())
        for name, value in step.params.items():
            # What is followed is compared by itself, and the rest of it is how to derive it.
            if _is_plain(value) or not followed:
                _require(self._same(value, other.params[name], name in _SIZES))
        resized = any(
            isinstance(value, Free) and one.aval.shape != two.aval.shape
            for value, one, two in zip(ins, step.invars, other.invars)
        )
        _require(not resized or step.primitive in _MAY_REPEAT)
        for value, one, two in zip(outs, step.outvars, other.outvars):
            self._check_output(value, one.aval, two.aval)
            self._partners[one] = two

    def check_end(self) -> None:
        """Raise unless both programs return the same."""
        self._check_operands(*self._ends)

    def _check_operands(self, ones: Sequence[Any], twos: Sequence[Any]) -> None:
        _require(len(ones) == len(twos))
        for one, two in zip(ones, twos):
            if isinstance(one, Literal):
                _require(isinstance(two, Literal) and self._same(one.val, two.val, False))
            else:
                _require(not isinstance(two, Literal) and self._partners[one] is two)

    def _check_output(self, value: Dependence, one: Any, two: Any) -> None:
        if isinstance(value, Mixed):
            return
        _require(one.dtype == two.dtype and len(one.shape) == len(two.shape))
        for axis, sizes in enumerate(zip(one.shape, two.shape)):
            may_differ = (
                axis == value.axis if isinstance(value, Rows) else axis not in value.varying
            )
            _require(sizes[0] == sizes[1] or (may_differ and self._are_in_proportion(*sizes)))

    def _are_in_proportion(self, one: int, two: int) -> bool:
        return one * self._rows[1] == two * self._rows[0]

    def _same(self, one: Any, two: Any, is_size: bool) -> bool:
        if one is two or (is_size and isinstance(one, int) and self._are_in_proportion(one, two)):
            return True
        if isinstance(one, tuple | list):
            same_length = type(one) is type(two) and len(one) == len(two)
            return same_length and all(self._same(a, b, is_size) for a, b in zip(one, two))
        if hasattr(opened(one), "eqns"):
            return str(one) == str(two) and self._same(_constants(one), _constants(two), False)
        if hasattr(one, "shape") or isinstance(one, float):
            return _equal_arrays(one, two)
        return type(one) is type(two) and bool(one == two)


def opened(program: Any) -> Any:
    """A program without the values of its constants."""
    return getattr(program, "jaxpr", program)


def _constants(program: Any) -> list[Any]:
    return list(getattr(program, "consts", ()))


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return all(map(_is_plain, value))
    return isinstance(value, int | float | str | None)


def _equal_arrays(one: Any, two: Any) -> bool:
    if getattr(one, "shape", ()) != getattr(two, "shape", ()):
        return False
    if getattr(one, "dtype", None) != getattr(two, "dtype", None):
        return False
    if not isinstance(getattr(one, "dtype", np.dtype(float)), np.dtype):  # keys
        return False
    one, two = np.asarray(one), np.asarray(two)
    return one.tobytes() == two.tobytes()


def _require(holds: bool) -> None:
    if not holds:
        raise NotTheSame
