"""The base class of losses."""

from typing import Any

import jax

from deepkit.core import config, dtypes, naming, user_code
from deepkit.core.errors import ArgumentError, StateError
from deepkit.tensors import DTypePolicy, FunctionOperation, as_array, has_symbolic

from ._calls_under_tapes import call_under_tape
from ._inputs import map_arrays, real_array
from ._reduction import reduce_losses, spread, standardize_reduction

# What makes one number of what `call` gives.
_TEMPLATE = ("__call__", "_evaluate", "_values")


class Loss:
    """Base class of losses: a subclass defines `call`, the loss of each sample.

    When to use it: to write a loss with settings of its own, or one that is saved with a model. A
    plain function of `(y_true, y_pred)` is accepted wherever a loss is, and needs no class.

    Calling a loss converts its inputs to its dtype, calls `call`, multiplies by the weights and
    reduces. No shapes are broadcast on the way: `sample_weight` has the leading axes of what
    `call` returns, so that weights of shape (N,) are weights of samples whatever the other axes.

    Args:
        name: text; an automatic name if `None`.
        reduction: `"sum_over_batch_size"` or `"mean"` (the sum divided by the number of values),
            `"mean_with_sample_weight"` (the sum divided by the sum of the weights), `"sum"`, or
            `"none"` or `None` (the loss of each sample).
        dtype: the dtype, or a dtype policy in whose compute dtype the loss is computed; `floatx()`
            if `None`.

    Raises:
        ArgumentError: there is no such reduction or dtype.

    Example:
        >>> import deepkit
        >>> class QuarticError(deepkit.losses.Loss):
        ...     def call(self, y_true, y_pred):
        ...         return deepkit.ops.mean((y_true - y_pred) ** 4, axis=-1)
        >>> float(QuarticError()([[0.0, 0.0]], [[1.0, 2.0]]))
        8.5
    """

    def __init__(
        self,
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        dtype: Any = None,
    ) -> None:
        self.name = name or naming.auto_name(naming.to_snake_case(type(self).__name__))
        self.reduction = standardize_reduction(reduction)
        self._policy = None if dtype is None else _float_policy(dtype)
        self._dtype = config.floatx() if self._policy is None else self._policy.compute_dtype

    @property
    def dtype(self) -> str:
        """The name of the dtype in which the loss is computed."""
        return self._dtype

    def __call__(
        self, y_true: Any, y_pred: Any, sample_weight: Any = None, mask: Any = None
    ) -> jax.Array:
        """The weighted and reduced loss.

        Args:
            y_true: targets; an array, or nested ones if `call` takes them.
            y_pred: predictions, likewise.
            sample_weight: a number, or weights with the leading axes of the losses.
            mask: booleans with the leading axes of the losses; false where one does not count.

        Raises:
            ShapeError: shapes do not fit each other.
        """
        inputs = (y_true, y_pred, sample_weight, mask)
        if has_symbolic(inputs):
            name = naming.auto_name(self.name)
            return FunctionOperation(self._evaluate, name).symbolic_call(*inputs)
        value = call_under_tape(self, self._applied_function(), inputs)
        return self._evaluate(*inputs) if value is None else value

    def _applied_function(self) -> Any:
        """The function of arrays that `call` applies, if that is all it does."""
        return None

    def _evaluate(self, y_true: Any, y_pred: Any, sample_weight: Any, mask: Any) -> jax.Array:
        y_true = self._convert_targets(y_true)
        values = self._values(y_true, y_pred)
        valid = self._valid_entries(y_true, values)
        if valid is not None and mask is not None:
            mask = valid & spread(as_array(mask, "bool"), values.shape, "mask", self.name)
        elif valid is not None:
            mask = valid
        return reduce_losses(values, sample_weight, mask, self.reduction, self.name)

    def sample_losses(self, y_true: Any, y_pred: Any) -> jax.Array | None:
        """What `call` gives, before any weights; `None` if a subclass has a way of its own."""
        if not all(getattr(type(self), name).__module__ == __name__ for name in _TEMPLATE):
            return None
        return self._values(self._convert_targets(y_true), y_pred)

    def _values(self, y_true: Any, y_pred: Any) -> jax.Array:
        y_pred = map_arrays(self._convert, y_pred)
        return self._convert(user_code.prepared(self.call)(y_true, y_pred))

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each sample, to be defined by subclasses.

        Args:
            y_true, y_pred: arrays of the loss's dtype, nested as they were given.

        Returns:
            An array of shape (N,), or (N, T, …) for one value at each step.
        """
        raise StateError(
            f"{type(self).__name__} has no `call` method. Define `call(self, y_true, y_pred)` and "
            f"return the loss of each sample."
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; subclasses add their own to it."""
        base = {"name": self.name, "reduction": self.reduction}
        return base if self._policy is None else {**base, "dtype": self._policy.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Loss":
        """A loss from what `get_config` returned."""
        return cls(**config)

    def _convert(self, value: Any) -> jax.Array:
        return real_array(value, self.dtype)

    def _convert_targets(self, y_true: Any) -> Any:
        return map_arrays(self._convert, y_true)

    def _valid_entries(self, y_true: Any, values: jax.Array) -> jax.Array | None:
        """The mask of losses that count; `None` if all do."""
        return None


def _float_policy(dtype: Any) -> DTypePolicy:
    if not isinstance(dtype, DTypePolicy):
        dtype = DTypePolicy(dtype if isinstance(dtype, str) else dtypes.standardize_dtype(dtype))
    if not dtypes.is_float(dtype.compute_dtype):
        raise ArgumentError(
            f"Expected `dtype` to be a floating dtype or a policy of one, received {dtype.name!r}."
        )
    return dtype
