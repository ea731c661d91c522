"""A callback made of functions."""

from collections.abc import Callable
from typing import Any

from deepkit.core.errors import ArgumentTypeError, UnknownNameError, suggest

from ._callback import Callback

_HOOKS = tuple(name for name in vars(Callback) if name.startswith("on_"))


class LambdaCallback(Callback):
    """A callback made of functions, for small things on the fly.

    Args:
        on_epoch_begin: called with `epoch` and `logs`.
        on_epoch_end: called with `epoch` and `logs`.
        on_train_begin: called with `logs`.
        on_train_end: called with `logs`.
        on_train_batch_begin: called with `batch` and, by name, `logs`.
        on_train_batch_end: called with `batch` and, by name, `logs`.
        **kwargs: functions for any other hook of `Callback`.

    Raises:
        UnknownNameError: there is no hook of that name.
        ArgumentTypeError: a hook is not callable.

    Example:
        >>> import deepkit
        >>> losses = []
        >>> callback = deepkit.callbacks.LambdaCallback(
        ...     on_epoch_end=lambda epoch, logs: losses.append(logs["loss"])
        ... )
        >>> callback.on_epoch_end(0, {"loss": 0.5})
        >>> losses
        [0.5]
    """

    def __init__(
        self,
        on_epoch_begin: Callable[..., None] | None = None,
        on_epoch_end: Callable[..., None] | None = None,
        on_train_begin: Callable[..., None] | None = None,
        on_train_end: Callable[..., None] | None = None,
        on_train_batch_begin: Callable[..., None] | None = None,
        on_train_batch_end: Callable[..., None] | None = None,
        **kwargs: Callable[..., None] | None,
    ) -> None:
        hooks: dict[str, Any] = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **kwargs,
        }
        for name, function in hooks.items():
            if name not in _HOOKS:
                raise UnknownNameError(
                    f"Expected hooks of Callback, received '{name}'.{suggest(name, _HOOKS)}"
                )
            if function is None:
                continue
            if not callable(function):
                raise ArgumentTypeError(
                    f"Expected `{name}` to be a function, received a {type(function).__name__}."
                )
            setattr(self, name, function)
