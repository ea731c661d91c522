"""Follows the rows of a batch through a program."""

from collections.abc import Sequence
from typing import Any

from jax.extend.core import Literal

from deepkit.ops._platform_primitive import definition_of
from deepkit.training._row_wise._dependence import (
    MIXED,
    Dependence,
    Free,
    Rows,
    unknown_but_free,
)
from deepkit.training._row_wise._rules import RULES
from deepkit.training._row_wise._twin import NotTheSame, Twin, opened


def is_row_wise(program: Any, batch_leaves: int, twin: Any = None, free: int = 0) -> bool:
    """Whether row i of each output of a program depends on row i of its batch alone.

    Args:
        program: as `jax.make_jaxpr` gives it; rows lie along the first axes.
        batch_leaves: how many of its arguments, the last ones, are arrays of the batch.
        twin: the same function traced for another number of rows. With it, both are proven to give
            the same for the rows that both have; otherwise that must be known of the function.
        free: how many outputs, the last ones, must depend on no row instead.
    """
    main = opened(program)
    before = len(main.invars) - batch_leaves
    firsts = {var.aval.shape[:1] for var in main.invars[before:]}
    if main.effects or len(firsts) != 1 or firsts <= {(), (0,), (1,)}:
        return False
    ((rows,),) = firsts
    ins: list[Dependence] = [unknown_but_free(_ndim(var)) for var in main.invars[:before]]
    try:
        beside = None
        if twin is not None:
            beside = Twin(program, twin, (rows, opened(twin).invars[before].aval.shape[0]))
        outs = _follow(program, [*ins, *[Rows(0)] * batch_leaves], beside)
    except NotTheSame:
        return False
    # What depends on no row may have a first axis that is no axis of rows.
    last = len(outs) - free
    are_free = all(isinstance(value, Free) for value in outs[last:])
    return are_free and all(value == Rows(0) for value in outs[:last])


def _follow(program: Any, ins: Sequence[Dependence], twin: Twin | None) -> list[Dependence]:
    """How the outputs of a program depend on the rows."""
    main = opened(program)
    known = {var: unknown_but_free(_ndim(var)) for var in main.constvars}
    known.update(zip(main.invars, ins, strict=True))

    def of(var: Any) -> Dependence:
        return unknown_but_free(_ndim(var)) if isinstance(var, Literal) else known[var]

    for place, equation in enumerate(main.eqns):
        step = _Step(equation, [of(var) for var in equation.invars], place, twin)
        outs = step.outs()
        if twin is not None:
            twin.check_step(place, equation, step.ins, outs, step.followed)
        known.update(zip(equation.outvars, outs, strict=True))
    if twin is not None:
        twin.check_end()
    return [of(var) for var in main.outvars]


class _Step:
    """An equation of a program on its way; see `Step`."""

    def __init__(self, equation: Any, ins: list[Dependence], place: int, twin: Twin | None) -> None:
        self.ins, self.params = ins, equation.params
        self.in_shapes = [var.aval.shape for var in equation.invars]
        self.out_shapes = [var.aval.shape for var in equation.outvars]
        self.followed = False
        self._equation, self._place, self._twin = equation, place, twin

    def outs(self) -> Sequence[Dependence]:
        """How the outputs depend on the rows."""
        primitive = self._equation.primitive
        if primitive in RULES:
            return RULES[primitive](self)
        definition = definition_of(primitive)
        if definition is not None:
            types = [var.aval for var in self._equation.invars]
            return _follow(definition(*types, **self.params), self.ins, None)
        if all(isinstance(value, Free) for value in self.ins):
            return [unknown_but_free(len(shape)) for shape in self.out_shapes]
        return [MIXED] * len(self.out_shapes)

    def follow(
        self, name: str, ins: Sequence[Dependence], place: int | None = None, last: bool = True
    ) -> list[Dependence]:
        self.followed = True
        program = self.params[name] if place is None else self.params[name][place]
        twin = None
        if last and self._twin is not None:
            twin = self._twin.inside(self._place, name, program, place)
        return _follow(program, ins, twin)

    def inner_ndims(self, name: str) -> tuple[list[int], list[int]]:
        program = opened(self.params[name])
        return [_ndim(var) for var in program.invars], [_ndim(var) for var in program.outvars]


def _ndim(var: Any) -> int:
    return len(var.aval.shape)
