"""The state of an optimizer that was loaded before `compile`: kept in its file until then."""

import dataclasses
import os
import pathlib
import warnings
from collections.abc import Callable
from typing import Any

from deepkit.core.errors import StateError
from deepkit.saving._saveable import OPTIMIZER


@dataclasses.dataclass(frozen=True)
class DeferredOptimizer:
    """Where the state of a model's optimizer lies, for the `compile` to come.

    Attributes:
        load_weights: loads from files of its format.
        path: the file.
        is_wanted: whether it is loaded then; otherwise a warning says that it is not.
        hint: what can be done if it does not fit, for the message.
        identity: what the file was when the weights were loaded.
    """

    load_weights: Callable[..., bool]
    path: pathlib.Path
    is_wanted: bool
    hint: str
    identity: tuple[int, ...]

    @classmethod
    def at(
        cls, load_weights: Callable[..., bool], path: pathlib.Path, is_wanted: bool, hint: str
    ) -> "DeferredOptimizer":
        """The state in a file as it is now."""
        return cls(load_weights, path, is_wanted, hint, _identity(path))

    def __call__(self, model: Any) -> None:
        """Load it into a model that was compiled by now.

        Raises:
            StateError: the file has changed, or is gone.
            WeightMismatchError: it is the state of another kind of optimizer.
        """
        if not self.is_wanted:
            warnings.warn(
                f"The optimizer of '{model.name}' starts anew, though '{self.path}', from which "
                f"its weights come, has the state of one. To go on from it, call `compile` before "
                f"`load_weights`, or `load_weights(..., include_optimizer=True)` before `compile`. "
                f"With `include_optimizer=False` it starts anew without this warning.",
                stacklevel=2,
            )
            return
        if not self.path.exists() or _identity(self.path) != self.identity:
            raise StateError(
                f"The state of the optimizer of '{model.name}' was to be loaded from "
                f"'{self.path}' when the model is compiled, but the file has changed since "
                f"`load_weights`, or is gone. Call `compile` before `load_weights`."
            )
        self.load_weights(model, self.path, hint=self.hint, root=OPTIMIZER)


def _identity(path: pathlib.Path) -> tuple[int, ...]:
    status = os.stat(path)
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
