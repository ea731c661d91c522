"""Evaluates with the averaged weights that an optimizer keeps."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core.errors import ArgumentError

from ._callback import Callback


class SwapEMAWeights(Callback):
    """Evaluate and predict with the moving averages of the weights.

    The optimizer must keep them (`use_ema=True`). They take the place of the weights during
    each evaluation and prediction, and the weights come back after it. At the end of `fit` the
    optimizer itself sets the weights to their averages.

    Args:
        swap_on_epoch: whether the averages also stay in place from the end of an epoch to the
            start of the next, so that callbacks after this one, such as `ModelCheckpoint`, see
            them.

    Raises:
        ArgumentError: the optimizer keeps no averages.

    Example:
        >>> import deepkit
        >>> optimizer = deepkit.optimizers.SGD(0.1, use_ema=True)
        >>> callback = deepkit.callbacks.SwapEMAWeights()
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        self.swap_on_epoch = swap_on_epoch
        self._put_aside: list[tuple[Any, jax.Array]] | None = None

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._swap_out()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self.swap_on_epoch:
            self._swap_in()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._put_aside = None  # the averages are the final weights

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._swap_in()

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        self._swap_out()

    def on_predict_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._swap_in()

    def on_predict_end(self, logs: dict[str, Any] | None = None) -> None:
        self._swap_out()

    def get_backup_state(self) -> dict[str, Any]:
        put_aside = self._put_aside
        return {"put_aside": None if put_aside is None else [value for _, value in put_aside]}

    def set_backup_state(self, state: dict[str, Any]) -> None:
        values = state["put_aside"]
        if values is None:
            self._put_aside = None
            return
        pairs = _averaged_variables(self.model.optimizer)
        self._put_aside = [(variable, value) for (variable, _), value in zip(pairs, values)]

    def _swap_in(self) -> None:
        if self._put_aside is not None:
            return
        pairs = _averaged_variables(self.model.optimizer)
        self._put_aside = [(variable, variable.value) for variable, _ in pairs]
        for variable, average in pairs:
            # A copy, as two variables must not share memory that a compiled step may take over.
            variable.assign(jnp.array(average.value, copy=True))

    def _swap_out(self) -> None:
        for variable, value in self._put_aside or ():
            variable.assign(value)
        self._put_aside = None


def _averaged_variables(optimizer: Any) -> list[tuple[Any, Any]]:
    """Variables with their moving averages."""
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)  # of one that scales the loss
    averaging = [
        inner
        for inner in getattr(optimizer, "optimizers", [optimizer])
        if getattr(inner, "use_ema", False) and inner.built
    ]
    if not averaging:
        raise ArgumentError(
            f"Expected an optimizer with `use_ema=True` that has trained, for SwapEMAWeights, "
            f"received {type(optimizer).__name__} without moving averages."
        )
    return [
        (variable, average)
        for inner in averaging
        for variable, average in zip(
            inner._trainable_variables, inner._model_variables_moving_average
        )
        if average is not None
    ]
