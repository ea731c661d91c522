"""Rules for products, convolutions, and what reduces, sorts or accumulates."""

from collections.abc import Sequence

from deepkit.training._row_wise._dependence import (
    MIXED,
    Dependence,
    Free,
    Mixed,
    Rows,
    join,
    moved,
    touched,
    unknown_but_free,
)
from deepkit.training._row_wise._rules import Step, rule
from deepkit.training._row_wise._shape_rules import survivors


@rule("dot_general")
def _dot_general(step: Step) -> list[Dependence]:
    contracted, batched = step.params["dimension_numbers"]
    places, start = [], len(batched[0])
    for side in (0, 1):
        ndim = len(step.in_shapes[side])
        gone = {*contracted[side], *batched[side]}
        free = {axis: start + place for axis, place in survivors(ndim, sorted(gone)).items()}
        places.append({**free, **{axis: place for place, axis in enumerate(batched[side])}})
        start += len(free)
    # A side is the same for all free axes of the other one, as `moved` has it for new axes.
    return [join(moved(value, where) for value, where in zip(step.ins, places))]


@rule("conv_general_dilated")
def _conv_general_dilated(step: Step) -> list[Dependence]:
    inputs, kernel = step.ins
    if not isinstance(kernel, Free):
        return [MIXED]
    if isinstance(inputs, Free):
        return [unknown_but_free(len(step.out_shapes[0]))]
    numbers = step.params["dimension_numbers"]
    if step.params["batch_group_count"] != 1:
        return [MIXED]
    return [moved(inputs, {numbers.lhs_spec[0]: numbers.out_spec[0]})]


@rule("reduce_sum reduce_prod reduce_max reduce_min reduce_and reduce_or reduce_xor")
@rule("argmax argmin")
def _reduce(step: Step) -> list[Dependence]:
    return _reduced(step, step.params["axes"])


@rule("reduce")
def _reduce_by_function(step: Step) -> list[Dependence]:
    return _reduced(step, step.params["dimensions"])


def _reduced(step: Step, axes: Sequence[int]) -> list[Dependence]:
    value = moved(join(step.ins), survivors(len(step.in_shapes[0]), axes))
    return [value] * len(step.out_shapes)


@rule("reduce_window reduce_window_sum reduce_window_max reduce_window_min")
def _reduce_window(step: Step) -> list[Dependence]:
    windows = zip(
        step.params["window_dimensions"],
        step.params["window_strides"],
        step.params["base_dilation"],
        map(tuple, step.params["padding"]),
    )
    axes = [axis for axis, window in enumerate(windows) if window != (1, 1, 1, (0, 0))]
    return [touched(join(step.ins), axes)] * len(step.out_shapes)


@rule("cumsum cumprod cummax cummin cumlogsumexp")
def _cumulate(step: Step) -> list[Dependence]:
    return [touched(step.ins[0], [step.params["axis"]])]


@rule("sort")
def _sort(step: Step) -> list[Dependence]:
    return [touched(join(step.ins), [step.params["dimension"]])] * len(step.out_shapes)


@rule("top_k")
def _top_k(step: Step) -> list[Dependence]:
    axis = step.params.get("axis", -1) % len(step.in_shapes[0])
    return [touched(step.ins[0], [axis])] * len(step.out_shapes)


@rule("fft")
def _fft(step: Step) -> list[Dependence]:
    return [_on_last_axes(step, len(step.params["fft_lengths"]))]


@rule("cholesky triangular_solve")
def _matrices(step: Step) -> list[Dependence]:
    return [_on_last_axes(step, 2)]


def _on_last_axes(step: Step, count: int) -> Dependence:
    ndim = len(step.in_shapes[0])
    if any(len(shape) != ndim for shape in step.in_shapes):
        return MIXED
    return touched(join(step.ins), range(ndim - count, ndim))


@rule("gather")
def _gather(step: Step) -> list[Dependence]:
    operand, indices = step.ins
    if isinstance(operand, Mixed) or isinstance(indices, Mixed):
        return [MIXED]
    ndim = len(step.out_shapes[0])
    if isinstance(operand, Free) and isinstance(indices, Free):
        return [unknown_but_free(ndim)]
    numbers, sizes = step.params["dimension_numbers"], step.params["slice_sizes"]
    in_batch = [axis for axis in range(ndim) if axis not in numbers.offset_dims]
    # The last axis of the indices is that of an index; the others are the batch, in order.
    indices = moved(indices, dict(enumerate(in_batch)))
    inner, paired = numbers.operand_batching_dims, numbers.start_indices_batching_dims
    gone = {*numbers.collapsed_slice_dims, *inner}
    places = {
        axis: numbers.offset_dims[place]
        for axis, place in survivors(len(sizes), sorted(gone)).items()
        if sizes[axis] == step.in_shapes[0][axis] and axis not in numbers.start_index_map
    }
    places.update({axis: in_batch[place] for axis, place in zip(inner, paired)})
    if isinstance(operand, Rows):
        return [join([moved(operand, places), indices])]
    batching = {places[axis] for axis in inner if axis in operand.varying}
    return [join([Free(frozenset(batching)), indices])]


@rule("scatter scatter_add scatter_sub scatter_mul scatter_min scatter_max")
def _scatter(step: Step) -> list[Dependence]:
    operand, indices, updates = step.ins
    numbers = step.params["dimension_numbers"]
    ndim = len(step.in_shapes[0])
    if not isinstance(indices, Free) or numbers.operand_batching_dims:
        free = all(isinstance(value, Free) for value in step.ins)
        return [unknown_but_free(ndim) if free else MIXED]
    shape = step.in_shapes[2]
    # Windows are laid on the axes that are not inserted, in order.
    places = {
        numbers.update_window_dims[place]: axis
        for axis, place in survivors(ndim, numbers.inserted_window_dims).items()
    }
    indexed = numbers.scatter_dims_to_operand_dims
    whole = {
        window: axis
        for window, axis in places.items()
        if shape[window] == step.in_shapes[0][axis] and axis not in indexed
    }
    others = set(range(ndim)) - set(whole.values())
    return [touched(join([operand, moved(updates, whole)]), others)]
