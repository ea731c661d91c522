"""The part of a recording by which some values depend on others."""

import dataclasses
from collections.abc import Callable
from typing import Any

from ._recording import Recording, Step


@dataclasses.dataclass(frozen=True)
class Part:
    """Recorded operations, with numbers for the values that they take and return.

    Args:
        steps: the operations, with the numbers of their inputs and outputs.
        inputs: the slots of what goes in from outside; their numbers come first, in this order.
        pins: the slots, by their numbers, of values that an operation returns and that may be
            differentiated by nevertheless.
        sources: the numbers of the sources.
        targets: the numbers of the targets; `None` for those that depend on no source.
    """

    steps: list[tuple[Step, list[int], list[int | None]]]
    inputs: list[int]
    pins: dict[int, int]
    sources: list[int]
    targets: list[int | None]

    def key(self) -> Any:
        """What is equal for parts that do the same; `None` if that is not known."""
        keys = [step.hashable_key() for step, _, _ in self.steps]
        if any(key is None for key in keys):
            return None
        wiring = [(*ins, None, *outs) for _, ins, outs in self.steps]
        ends = (*self.sources, None, *self.pins, None, *self.targets)
        return (len(self.inputs), ends, *wiring, *keys)


def part_between(
    recording: Recording,
    sources: list[int],
    targets: list[int | None],
    is_watched_elsewhere: Callable[[Any], bool],
) -> Part:
    """What of a recording is needed to differentiate targets by sources.

    What does not depend on a source goes in as a value, and is worked out again only if it is gone.

    Args:
        recording: what was recorded.
        sources: slots.
        targets: slots; `None` for what the recording does not know.
        is_watched_elsewhere: whether an outer tape may be asked for gradients by an array.
    """
    starts = set(sources)
    reached: set[int] = set()
    for step in recording.steps:
        if any(slot in starts or slot in reached for slot in step.inputs):
            reached.update(slot for slot in step.outputs if slot is not None)
    needed = reached.intersection(targets)
    steps: list[Step] = []
    for step in reversed(recording.steps):
        if not needed.isdisjoint(step.outputs):
            steps.append(step)
            needed.update(s for s in step.inputs if s in reached or recording.array(s) is None)
    steps.reverse()
    made = {slot for step in steps for slot in step.outputs if slot is not None}
    taken = [slot for step in steps for slot in step.inputs]
    ends = [slot if slot in starts or slot in reached else None for slot in targets]
    outside = [*taken, *sources, *(slot for slot in ends if slot is not None)]
    inputs = [slot for slot in dict.fromkeys(outside) if slot not in made]
    numbers: dict[int | None, int | None] = {slot: number for number, slot in enumerate(inputs)}
    for step in steps:
        for slot in step.outputs:
            if slot is not None:
                numbers[slot] = len(numbers)
    numbers[None] = None
    return Part(
        [
            (step, [numbers[s] for s in step.inputs], [numbers[s] for s in step.outputs])
            for step in steps
        ],
        inputs,
        {
            numbers[slot]: slot
            for step in steps
            for slot in step.outputs
            if slot is not None and (slot in starts or is_watched_elsewhere(recording.array(slot)))
        },
        [numbers[slot] for slot in sources],
        [numbers[slot] for slot in ends],
    )
