"""What a tape notes: the operations that watched values went through, by the identity of arrays."""

import dataclasses
import functools
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp


@dataclasses.dataclass(slots=True)
class Step:
    """An operation that ran.

    Args:
        run: runs it again; takes the inputs, returns a list of the outputs.
        key: what is equal for operations that do the same; `None` where that is not known.
        inputs: the slots of its inputs.
        outputs: the slots of its outputs; `None` for those that have no derivative.
    """

    run: Callable[..., Sequence[Any]]
    key: Any
    inputs: list[int]
    outputs: list[int | None]


class Recording:
    """The operations that values went through which depend on watched ones.

    An array is known by its identity and has a number, its slot. What operations returned is not
    kept alive: it is worked out again from what went in, where it is needed and gone. What went in
    and came from elsewhere is kept.
    """

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._slots: dict[int, int] = {}
        # The array of a slot, or a weak reference to it.
        self._arrays: list[Any] = []
        # Whether a slot's value depends on a watched one.
        self._depends: list[bool] = []
        self._roots: set[int] = set()

    def slot_of(self, array: Any) -> int | None:
        """The slot of an array; `None` if it has none."""
        slot = self._slots.get(id(array))
        # Identities are used again once an array is gone.
        return slot if slot is not None and self.array(slot) is array else None

    def array(self, slot: int) -> Any:
        """The array of a slot; `None` if it is gone."""
        held = self._arrays[slot]
        return held() if type(held) is weakref.ref else held

    def is_watched(self, array: Any) -> bool:
        """Whether a value depends on a watched one."""
        slot = self.slot_of(array)
        return slot is not None and self._depends[slot]

    def watch(self, array: Any) -> int:
        """Note all that depends on an array from here on; returns its slot."""
        slot = self.slot_of(array)
        if slot is None or not self._depends[slot]:
            # Operations that took it before took a constant.
            slot = self._new_slot(array, array)
        self._roots.add(slot)
        return slot

    def is_root(self, array: Any) -> bool:
        """Whether an array itself is watched, and not only what it was made of."""
        return self.slot_of(array) in self._roots

    def add(
        self,
        run: Callable[..., Sequence[Any]],
        key: Any,
        inputs: Sequence[Any],
        outputs: Sequence[Any],
    ) -> None:
        """Note an operation, one of whose inputs is watched."""
        made = [self._output_slot(output) for output in outputs]
        if any(slot is not None for slot in made):
            self.steps.append(Step(run, key, [self._input_slot(value) for value in inputs], made))

    def _input_slot(self, value: Any) -> int:
        slot = self.slot_of(value)
        if slot is None:
            return self._new_slot(value, value, depends=False)
        return slot

    def _output_slot(self, value: Any) -> int | None:
        # An operation may return one of its inputs, as a jitted function does.
        if not has_derivative(value) or self.slot_of(value) is not None:
            return None
        held = value if isinstance(value, jax.core.Tracer) else weakref.ref(value)
        return self._new_slot(value, held)

    def _new_slot(self, array: Any, held: Any, depends: bool = True) -> int:
        slot = len(self._arrays)
        self._arrays.append(held)
        self._depends.append(depends)
        self._slots[id(array)] = slot
        return slot


def has_derivative(value: Any) -> bool:
    """Whether values of its dtype can be differentiated: floats and complex numbers."""
    return _is_inexact(value.dtype if isinstance(value, jax.Array) else jax.typeof(value).dtype)


@functools.cache
def _is_inexact(dtype: Any) -> bool:
    return jnp.issubdtype(dtype, jnp.inexact)
