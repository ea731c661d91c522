"""How older Keras laid out the weights of a layer, where that was not as today."""

import dataclasses
from collections.abc import Callable

import numpy as np

Change = Callable[[np.ndarray], np.ndarray]


@dataclasses.dataclass(frozen=True)
class OlderLayout:
    """An array of an older file that becomes the value of a variable.

    Attributes:
        shape: the shape of what `change` makes of the array.
        change: makes the value of a weight.
        change_slot: makes the value of a slot that an optimizer keeps for the weight; as `change`
            does if `None`.
        is_exact_for_slots: whether the optimizer goes on with that slot as it would have then.
    """

    shape: tuple[int, ...]
    change: Change
    change_slot: Change | None = None
    is_exact_for_slots: bool = True

    def of_slots(self) -> "OlderLayout":
        """The same for the slots of the weight."""
        return dataclasses.replace(self, change=self.change_slot or self.change)
