"""LearningRateSchedule: the base class of schedules."""

import abc
from typing import Any

import jax

from deepkit.core.errors import SerializationError


class LearningRateSchedule(abc.ABC):
    """Base of learning rates that change with the steps; subclass it to write your own.

    A subclass defines `__call__(self, step)`, in operations that JAX can compile, and returns its
    constructor's arguments from `get_config`.

    Example:
        >>> import deepkit
        >>> class Halving(deepkit.optimizers.schedules.LearningRateSchedule):
        ...     def __call__(self, step):
        ...         return 0.1 * 0.5 ** deepkit.ops.cast(step, "float32")
        >>> weight = deepkit.Variable(1.0)
        >>> optimizer = deepkit.optimizers.SGD(learning_rate=Halving())
        >>> for _ in range(2):
        ...     optimizer.apply([1.0], [weight])
        >>> round(float(weight), 4)
        0.85
    """

    @abc.abstractmethod
    def __call__(self, step: Any) -> jax.Array:
        """The learning rate of a step.

        Args:
            step: the number of steps done before, an integer scalar.
        """

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments. Subclasses define it, if they are to be saved.

        Raises:
            SerializationError: a subclass did not.
        """
        raise SerializationError(
            f"The schedule {type(self).__name__} cannot be written to a config. Define "
            f"`get_config(self)` on it, which returns the arguments of its constructor as a dict."
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "LearningRateSchedule":
        """A schedule from its config."""
        return cls(**config)
