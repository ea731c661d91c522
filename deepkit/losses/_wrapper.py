"""A loss object from any function of y_true and y_pred."""

from collections.abc import Callable
from typing import Any

from deepkit.core.errors import ArgumentTypeError
from deepkit.core.serialization import deserialize_keras_object, serialize_keras_object

from ._function_loss import FunctionLoss
from ._loss import Loss


class LossFunctionWrapper(FunctionLoss):
    """A function with the weights, masks and reductions of a `Loss`.

    When to use it: seldom by hand; `compile` makes one of each function that it is given.

    Where the ranks of y_true and y_pred differ by an axis of size 1 at the end, (N,) and (N, 1),
    the function gets both with the same rank.

    Args:
        fn: takes `y_true`, `y_pred` and the keyword arguments; returns the loss of each sample.
        reduction: as in `Loss`.
        name: text; an automatic name if `None`.
        dtype: as in `Loss`.
        **kwargs: keyword arguments of `fn`; plain values, so that they can be saved.

    Raises:
        ArgumentTypeError: `fn` is not callable.
        ArgumentError: there is no such reduction.

    Example:
        >>> import deepkit
        >>> loss = deepkit.losses.LossFunctionWrapper(deepkit.losses.huber, delta=2.0)
        >>> float(loss([[0.0]], [[4.0]]))
        6.0
    """

    # Where Keras has it, which exports it under no public name.
    _serialized_module = "keras.src.losses.losses"

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        if not callable(fn):
            raise ArgumentTypeError(
                f"Expected `fn` to be a function of y_true and y_pred, received {fn!r}."
            )
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.fn = fn
        self._fn_kwargs = kwargs

    @property
    def options(self) -> dict[str, Any]:
        """The keyword arguments of the function."""
        return self._fn_kwargs

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, the function by its registered name."""
        return {
            **Loss.get_config(self),
            "fn": serialize_keras_object(self.fn),
            **serialize_keras_object(self._fn_kwargs),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "LossFunctionWrapper":
        """A loss from what `get_config` returned."""
        return cls(**deserialize_keras_object(config))

    def __repr__(self) -> str:
        return f"<LossFunctionWrapper({self.fn}, kwargs={self._fn_kwargs})>"
