"""Rules for what works entry by entry, moves axes or takes parts of arrays."""

import functools
import math
from collections.abc import Sequence

from deepkit.training._row_wise._dependence import (
    MIXED,
    Dependence,
    Free,
    Rows,
    join,
    moved,
    touched,
)
from deepkit.training._row_wise._rules import Step, named, rule

_ELEMENTWISE = """
    abs acos acosh add add_jaxvals and asin asinh atan atan2 atanh bessel_i0e bessel_i1e cbrt
    ceil clamp clz complex conj convert_element_type copy cos cosh digamma div eq erf erf_inv
    erfc exp exp2 expm1 floor ge gt igamma igamma_grad_a igammac imag integer_pow is_finite le
    lgamma log log1p log2 logistic lt max min mul name ne neg nextafter not one_minus_square or
    polygamma population_count pow real reduce_precision regularized_incomplete_beta rem round
    rsqrt select_n shift_left shift_right_arithmetic shift_right_logical sign sin sinh sqrt
    square stop_gradient sub tan tanh xor zeta
"""
ELEMENTWISE = frozenset(named(_ELEMENTWISE))


@rule(_ELEMENTWISE)
def _elementwise(step: Step) -> list[Dependence]:
    return [join(map(functools.partial(_stretched, step.out_shapes[0]), step.ins, step.in_shapes))]


def _stretched(shape: tuple[int, ...], value: Dependence, before: tuple[int, ...]) -> Dependence:
    """Of a value whose axes of one entry are repeated to fill a shape."""
    stretched = [axis for axis, size in enumerate(before) if size == 1 != shape[axis]]
    places = {axis: axis for axis in range(len(before)) if axis not in stretched}
    return moved(value, places)


@rule("optimization_barrier device_put")
def _each_as_it_is(step: Step) -> list[Dependence]:
    return step.ins


@rule("broadcast_in_dim")
def _broadcast_in_dim(step: Step) -> list[Dependence]:
    places = dict(enumerate(step.params["broadcast_dimensions"]))
    repeated = {
        axis
        for axis, place in places.items()
        if step.in_shapes[0][axis] != step.out_shapes[0][place]
    }
    return [moved(step.ins[0], {a: place for a, place in places.items() if a not in repeated})]


@rule("reshape")
def _reshape(step: Step) -> list[Dependence]:
    (value, *_), old, new = step.ins, step.in_shapes[0], step.out_shapes[0]
    if step.params["dimensions"] is not None:
        return [MIXED]
    if isinstance(value, Rows):
        return [_reshaped_rows(value, old, new)]
    if not isinstance(value, Free) or all(old[axis] == 1 for axis in value.varying):
        return [moved(value, {})]
    kept = _kept_whole(old, new)
    equal = {kept[axis] for axis in kept if axis not in value.varying}
    return [Free(frozenset(range(len(new))) - equal)]


def _reshaped_rows(value: Rows, old: Sequence[int], new: Sequence[int]) -> Dependence:
    """Where the rows are in a new shape, alone or merged with other axes."""
    rows = old[value.axis] // (value.before * value.after)
    before = math.prod(old[: value.axis]) * value.before
    for axis, size in enumerate(new):
        first = math.prod(new[:axis])
        if first and before % first == 0 and size and first * size % (before * rows) == 0:
            inside = before // first
            return Rows(axis, inside, size // (inside * rows))
    return MIXED


def _kept_whole(old: Sequence[int], new: Sequence[int]) -> dict[int, int]:
    """Where those axes of a shape are in another one that have the same entries before them."""
    places = {(math.prod(new[:axis]), size): axis for axis, size in enumerate(new) if size > 1}
    found = {axis: places.get((math.prod(old[:axis]), size)) for axis, size in enumerate(old)}
    return {axis: place for axis, place in found.items() if place is not None}


@rule("transpose")
def _transpose(step: Step) -> list[Dependence]:
    permutation = step.params["permutation"]
    return [moved(step.ins[0], {axis: place for place, axis in enumerate(permutation)})]


@rule("squeeze")
def _squeeze(step: Step) -> list[Dependence]:
    return [moved(step.ins[0], survivors(len(step.in_shapes[0]), step.params["dimensions"]))]


def survivors(ndim: int, gone: Sequence[int]) -> dict[int, int]:
    """Where the axes of an array are once some of them are gone."""
    left = [axis for axis in range(ndim) if axis not in gone]
    return {axis: place for place, axis in enumerate(left)}


@rule("rev")
def _rev(step: Step) -> list[Dependence]:
    return [touched(step.ins[0], step.params["dimensions"])]


@rule("concatenate")
def _concatenate(step: Step) -> list[Dependence]:
    return [touched(join(step.ins), [step.params["dimension"]])]


@rule("split")
def _split(step: Step) -> list[Dependence]:
    return [touched(step.ins[0], [step.params["axis"]])] * len(step.out_shapes)


@rule("pad")
def _pad(step: Step) -> list[Dependence]:
    config = step.params["padding_config"]
    axes = [axis for axis, widths in enumerate(config) if tuple(widths) != (0, 0, 0)]
    return [touched(join(step.ins), axes)]


@rule("slice")
def _slice(step: Step) -> list[Dependence]:
    starts, strides = step.params["start_indices"], step.params["strides"]
    whole = range(len(starts)) if strides is None else [a for a, s in enumerate(strides) if s == 1]
    return [touched(step.ins[0], changed_axes(step, [a for a in whole if starts[a] == 0]))]


@rule("dynamic_slice")
def _dynamic_slice(step: Step) -> list[Dependence]:
    operand, *starts = step.ins
    # A start is clamped, so that an axis taken whole is taken from its beginning.
    return [touched(join([operand, *starts]), changed_axes(step))]


@rule("dynamic_update_slice")
def _dynamic_update_slice(step: Step) -> list[Dependence]:
    operand, update = step.in_shapes[:2]
    axes = [axis for axis, size in enumerate(update) if size != operand[axis]]
    return [touched(join(step.ins), axes)]


def changed_axes(step: Step, candidates: Sequence[int] | None = None) -> list[int]:
    """The axes of the first operand that the output does not have whole.

    Args:
        step: whose output has the axes of its first operand.
        candidates: those that may be whole; all if `None`.
    """
    before, after = step.in_shapes[0], step.out_shapes[0]
    possible = range(len(before)) if candidates is None else candidates
    return [a for a in range(len(before)) if a not in possible or before[a] != after[a]]


@rule("iota")
def _iota(step: Step) -> list[Dependence]:
    return [Free(frozenset([step.params["dimension"]]))]


@rule("bitcast_convert_type")
def _bitcast(step: Step) -> list[Dependence]:
    same = step.in_shapes[0] == step.out_shapes[0]
    value = step.ins[0]
    if same or isinstance(value, Free):
        return [value if same else Free(frozenset(range(len(step.out_shapes[0]))))]
    # The last axis comes or goes.
    last = min(len(step.in_shapes[0]), len(step.out_shapes[0]))
    return [value if isinstance(value, Rows) and value.axis < last else MIXED]
