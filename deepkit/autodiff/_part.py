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
        sources: the numbers of the sources; `None` for those on which no target depends.
        targets: the numbers of the targets; `None` for those that depend on no source.
    """

    steps: list[tuple[Step, list[int], list[int | None]]]
    inputs: list[int]
    pins: dict[int, int]
    sources: list[int | None]
    targets: list[int | None]

    def key(self) -> Any:
        """What is equal for parts that do the same, if it is hashable; `None` if not known."""
        keys = [step.key for step, _, _ in self.steps]
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
    part = _numbered(
        steps, sources, [slot if slot in starts or slot in reached else None for slot in targets]
    )
    for step, _, outs in part.steps:
        for slot, number in zip(step.outputs, outs):
            if slot in starts or (slot is not None and is_watched_elsewhere(recording.array(slot))):
                part.pins[number] = slot
    return part


def _numbered(steps: list[Step], sources: list[int], targets: list[int | None]) -> Part:
    """Steps, and what goes in and out, with numbers in the order in which values come."""
    made = {slot for step in steps for slot in step.outputs}
    used = dict.fromkeys(slot for step in steps for slot in step.inputs)
    used.update(dict.fromkeys(slot for slot in targets if slot is not None))
    inputs = [slot for slot in used if slot not in made]
    outputs = [slot for step in steps for slot in step.outputs if slot is not None]
    numbers: dict[int | None, int] = {slot: n for n, slot in enumerate([*inputs, *outputs])}
    wired = [
        (step, [numbers[s] for s in step.inputs], [numbers.get(s) for s in step.outputs])
        for step in steps
    ]
    return Part(
        wired, inputs, {}, [numbers.get(s) for s in sources], [numbers.get(t) for t in targets]
    )
