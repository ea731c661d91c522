"""The base class of constraints."""

from typing import Any, Self


class Constraint:
    """Base of constraints: callables from a weight to the weight that replaces it.

    Subclasses define `__call__`, and `get_config` where their constructor takes arguments. A plain
    function from a weight to a weight is a constraint too.

    Example:
        >>> import deepkit
        >>> class Small(deepkit.constraints.Constraint):
        ...     def __call__(self, w):
        ...         return deepkit.ops.clip(w, -1.0, 1.0)
        >>> Small()(deepkit.ops.array([0.5, 3.0])).tolist()
        [0.5, 1.0]
    """

    def __call__(self, w: Any) -> Any:
        """The weight that replaces `w`; `w` itself unless a subclass says otherwise."""
        return w

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain values."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A constraint from what `get_config` returned."""
        return cls(**config)
