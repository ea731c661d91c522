"""OptimizerMap: which optimizer updates which variables."""

import re
from collections.abc import Iterator, MutableMapping
from typing import Any

from deepkit.core import serialization
from deepkit.core.errors import ArgumentError, ArgumentTypeError
from deepkit.tensors import Variable

from ._loss_scale_optimizer import LossScaleOptimizer
from ._optimizer import Optimizer


class OptimizerMap(MutableMapping):
    """Optimizers by the paths of variables, for `MultiOptimizer`.

    A key is a regular expression that the whole path of a variable matches (a plain path matches
    itself).

    Args:
        default_optimizer: for variables that no key matches.
        optimizer_map: a dict of regular expressions and optimizers.

    Raises:
        ArgumentTypeError: a value is no optimizer, or `optimizer_map` no dict.
        ArgumentError: a key is set twice or is no text; an optimizer is one that wraps others.

    Example:
        >>> import deepkit
        >>> optimizers = deepkit.optimizers.OptimizerMap(deepkit.optimizers.Adam(1e-3))
        >>> optimizers[".*/embeddings"] = deepkit.optimizers.Adagrad(1e-2)
        >>> type(optimizers["encoder/embeddings"]).__name__
        'Adagrad'
    """

    def __init__(
        self, default_optimizer: Optimizer, optimizer_map: dict[str, Optimizer] | None = None
    ) -> None:
        if not isinstance(default_optimizer, Optimizer):
            raise ArgumentTypeError(
                f"Expected `default_optimizer` to be an optimizer, received {default_optimizer!r}."
            )
        if optimizer_map is not None and not isinstance(optimizer_map, dict):
            raise ArgumentTypeError(
                f"Expected `optimizer_map` to be a dict of regular expressions and optimizers, "
                f"received {optimizer_map!r}."
            )
        self._default_optimizer = default_optimizer
        self._optimizers: dict[str, Optimizer] = {}
        for key, optimizer in (optimizer_map or {}).items():
            self[key] = optimizer

    @property
    def default_optimizer(self) -> Optimizer:
        """The optimizer of the variables that no key matches."""
        return self._default_optimizer

    def __getitem__(self, key: str) -> Optimizer:
        if key in self._optimizers:
            return self._optimizers[key]
        matching = [pattern for pattern in self._optimizers if re.fullmatch(pattern, key)]
        if len(matching) > 1:
            raise ArgumentError(
                f"Expected at most one key to match the variable '{key}', received {matching}."
            )
        return self._optimizers[matching[0]] if matching else self._default_optimizer

    def __setitem__(self, key: str, optimizer: Optimizer) -> None:
        if not isinstance(key, str):
            raise ArgumentError(f"Expected a key of an OptimizerMap to be text, received {key!r}.")
        if key in self._optimizers:
            raise ArgumentError(
                f"The key '{key}' is in the OptimizerMap already, for "
                f"{type(self._optimizers[key]).__name__}. Delete it first to replace it."
            )
        check_inner_optimizer(optimizer)
        self._optimizers[key] = optimizer

    def __delitem__(self, key: str) -> None:
        del self._optimizers[key]

    def __len__(self) -> int:
        return len(self._optimizers)

    def __iter__(self) -> Iterator[str]:
        return iter(self._optimizers)

    def __call__(self, variable: Variable) -> Optimizer:
        return self[variable.path]

    def get_config(self) -> dict[str, Any]:
        """A config from which `from_config` makes the same map."""
        return {
            "default_optimizer": serialization.serialize_keras_object(self._default_optimizer),
            "optimizer_map": serialization.serialize_keras_object(self._optimizers),
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> "OptimizerMap":
        """A map from its config."""
        default_optimizer, optimizer_map = (
            serialization.deserialize_keras_object(config[part], custom_objects=custom_objects)
            for part in ("default_optimizer", "optimizer_map")
        )
        return cls(default_optimizer, optimizer_map)


def check_inner_optimizer(optimizer: Any) -> None:
    """Raise unless a value is an optimizer that updates variables by itself.

    Raises:
        ArgumentTypeError: it is no optimizer.
        ArgumentError: it wraps other optimizers.
    """
    if not isinstance(optimizer, Optimizer):
        raise ArgumentTypeError(
            f"Expected an optimizer as a value of the map, received {optimizer!r}."
        )
    if isinstance(optimizer, LossScaleOptimizer) or hasattr(optimizer, "optimizers"):
        raise ArgumentError(
            f"Expected an optimizer that updates variables by itself, received a "
            f"{type(optimizer).__name__}. Wrap the MultiOptimizer in a LossScaleOptimizer "
            f"instead of its parts, and put all parts into one map."
        )
