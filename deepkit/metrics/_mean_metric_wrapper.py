"""A metric from any function of labels and predictions."""

from collections.abc import Callable
from typing import Any

from deepkit import losses
from deepkit.core.errors import ArgumentTypeError
from deepkit.core.serialization import serialize_keras_object

from ._function_mean import FunctionMean


class MeanMetricWrapper(FunctionMean):
    """The mean over samples of a function of labels and predictions.

    `compile(metrics=[fn])` wraps plain functions in it. The function should return one value for
    each sample, or for each label. If it returns one for the whole batch, that counts as often
    as the batch has samples, so that a short last batch does not weigh too much.

    Args:
        fn: called as `fn(y_true, y_pred, **kwargs)`.
        name: the name in logs.
        dtype: the dtype of the result.
        **kwargs: further arguments of `fn`.

    Raises:
        ArgumentTypeError: `fn` cannot be called.

    Example:
        >>> import deepkit
        >>> def largest_error(y_true, y_pred, scale=1.0):
        ...     error = deepkit.ops.abs(deepkit.ops.subtract(y_true, y_pred))
        ...     return scale * deepkit.ops.max(error, axis=-1)
        >>> metric = deepkit.metrics.MeanMetricWrapper(largest_error, scale=10.0)
        >>> metric.update_state([[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.5], [4.5, 4.0]])
        >>> float(metric.result())
        10.0
    """

    def __init__(
        self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any
    ) -> None:
        if not callable(fn):
            raise ArgumentTypeError(
                f"Expected `fn` to be a function of `y_true` and `y_pred`, received {fn!r}."
            )
        super().__init__(fn, name=name, dtype=dtype, **kwargs)
        if _is_loss(fn):
            self._direction = "down"

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor, as plain values."""
        return serialize_keras_object(super().get_config())


def _is_loss(fn: Any) -> bool:
    """Whether a function is one of the built-in losses, which are better the lower they are."""
    name = getattr(fn, "__name__", type(fn).__name__)
    return getattr(losses, name, None) in (fn, type(fn))
