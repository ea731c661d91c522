"""Rules for programs inside of programs: calls, loops and branches."""

from collections.abc import Callable, Sequence

from deepkit.training._row_wise._dependence import MIXED, Dependence, Free, Rows, join
from deepkit.training._row_wise._rules import Step, rule


@rule("jit remat")
def _call(step: Step) -> list[Dependence]:
    return step.follow("jaxpr", step.ins)


@rule("call closed_call custom_jvp_call custom_vjp_call")
def _call_with_derivatives(step: Step) -> list[Dependence]:
    return step.follow("call_jaxpr", step.ins)


@rule("cond")
def _cond(step: Step) -> list[Dependence]:
    index, *operands = step.ins
    branches = range(len(step.params["branches"]))
    outs = [step.follow("branches", operands, place) for place in branches]
    return [join([index, *values]) for values in zip(*outs)]


@rule("while")
def _while(step: Step) -> list[Dependence]:
    first, second = step.params["cond_nconsts"], step.params["body_nconsts"]
    of_condition, of_body = step.ins[:first], step.ins[first : first + second]
    carry = _settled(
        step.ins[first + second :],
        lambda carry, last: step.follow("body_jaxpr", [*of_body, *carry], last=last),
    )
    (goes_on,) = step.follow("cond_jaxpr", [*of_condition, *carry])
    return carry if isinstance(goes_on, Free) else [MIXED] * len(carry)


@rule("scan")
def _scan(step: Step) -> list[Dependence]:
    # What is scanned has an axis less inside, and what is stacked one more outside.
    inner_ins, inner_outs = step.inner_ndims("jaxpr")
    scanned = sum(len(s) != n for s, n in zip(step.in_shapes, inner_ins))
    stacked = sum(len(s) != n for s, n in zip(step.out_shapes, inner_outs))
    second = len(step.ins) - scanned
    carried = len(step.out_shapes) - stacked
    constants, carry = step.ins[: second - carried], step.ins[second - carried : second]
    slices = [_of_a_slice(value) for value in step.ins[second:]]

    def turn(carry: Sequence[Dependence], last: bool) -> list[Dependence]:
        return step.follow("jaxpr", [*constants, *carry, *slices], last=last)

    carry = _settled(carry, lambda carry, last: turn(carry, last)[:carried])
    return [*carry, *map(_stacked, turn(carry, True)[carried:])]


def _settled(
    carry: Sequence[Dependence],
    turn: Callable[[Sequence[Dependence], bool], Sequence[Dependence]],
) -> list[Dependence]:
    """What holds before and after each turn of a loop."""
    carry = list(carry)
    while True:
        after = [join(pair) for pair in zip(carry, turn(carry, False))]
        if after == carry:
            turn(carry, True)
            return carry
        carry = after


def _of_a_slice(value: Dependence) -> Dependence:
    """Of a part of a value along its first axis."""
    if isinstance(value, Rows):
        return value.at(value.axis - 1) if value.axis else MIXED
    if isinstance(value, Free):
        return Free(frozenset(axis - 1 for axis in value.varying if axis))
    return MIXED


def _stacked(value: Dependence) -> Dependence:
    """Of such values along a new first axis."""
    if isinstance(value, Rows):
        return value.at(value.axis + 1)
    if isinstance(value, Free):
        return Free(frozenset([0, *(axis + 1 for axis in value.varying)]))
    return MIXED
