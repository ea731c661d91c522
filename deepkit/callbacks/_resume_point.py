"""Where a training run that was interrupted goes on, and what it tells its backups."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import jax

from deepkit.tensors import Variable


class RunState(Protocol):
    """What a training run tells its backups besides the state of the model."""

    def variables(self) -> Sequence[Variable]:
        """The variables that a step may read or change, in a stable order."""

    def position(self) -> dict[str, Any]:
        """Where the data stands, in what JSON can hold."""

    def facts(self) -> dict[str, Any]:
        """What must be the same in the run that goes on, by name, in what JSON can hold."""


class ResumePoint:
    """Where a restored run goes on.

    Args:
        epoch: the epoch to go on with, from 0.
        batch: the batches of that epoch that are done already.
        logs: those of the last epoch or batch.
        position: what `RunState.position` returned.
        variables: the variables of the run, restored.
        restore_rest: restores what is no variable.

    Attributes:
        epoch: as given.
        batch: as given.
        logs: as given.
        position: as given.
    """

    def __init__(
        self,
        epoch: int,
        batch: int,
        logs: dict[str, Any],
        position: dict[str, Any],
        variables: Sequence[Variable],
        restore_rest: Callable[[], None],
    ) -> None:
        self.epoch, self.batch = epoch, batch
        self.logs, self.position = logs, position
        self._restore_rest = restore_rest
        # Only an epoch that goes on in its middle is begun a second time.
        self._values: list[tuple[Variable, jax.Array]] = (
            [(variable, variable.value) for variable in variables] if batch else []
        )

    def settle(self) -> None:
        """Restore all once more, after the epoch has begun again.

        Its beginning resets metrics, calls callbacks, which may set the learning rate, and draws
        the order of the data.
        """
        for variable, value in self._values:
            variable.assign(value)
        self._restore_rest()
        self._values.clear()
