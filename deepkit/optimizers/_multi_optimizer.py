"""MultiOptimizer: several optimizers for the variables of one model."""

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from deepkit.core import serialization
from deepkit.core.errors import ArgumentError, ArgumentTypeError
from deepkit.tensors import Variable

from ._optimizer import Optimizer
from ._optimizer_map import OptimizerMap, check_inner_optimizer
from ._slots import SlotOwner


class MultiOptimizer(Optimizer):
    """Several optimizers, each for its own variables.

    For embeddings with Adagrad beside layers with Adam, smaller learning rates for a pretrained
    body, and the like.

    Args:
        optimizer_map: an `OptimizerMap`, or a function from a variable to its optimizer.
        loss_scale_factor: set on all of them.
        name: its name; the class's name in snake case if `None`.

    Raises:
        ArgumentTypeError: `optimizer_map` is neither a map nor a function.
        ArgumentError: an optimizer in it wraps others.

    Example:
        >>> import deepkit
        >>> head = deepkit.Variable(3.0, name="head")
        >>> body = deepkit.Variable(3.0, name="body")
        >>> optimizer = deepkit.optimizers.MultiOptimizer(
        ...     deepkit.optimizers.OptimizerMap(
        ...         deepkit.optimizers.SGD(0.1), {"head": deepkit.optimizers.SGD(0.5)}
        ...     )
        ... )
        >>> optimizer.apply([2.0, 2.0], [head, body])
        >>> float(head), round(float(body), 4)
        (2.0, 2.8)
    """

    def __init__(
        self,
        optimizer_map: OptimizerMap | Callable[[Variable], Optimizer],
        loss_scale_factor: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(learning_rate=0.0, loss_scale_factor=loss_scale_factor, name=name)
        if not callable(optimizer_map):
            raise ArgumentTypeError(
                f"Expected `optimizer_map` to be an OptimizerMap or a function from a variable to "
                f"its optimizer, received {optimizer_map!r}."
            )
        self._optimizer_map = optimizer_map
        self._optimizers: list[Optimizer] = []
        self._optimizer_indices: list[int] = []
        if isinstance(optimizer_map, OptimizerMap):
            for optimizer in (*optimizer_map.values(), optimizer_map.default_optimizer):
                self._index_of(optimizer)

    @property
    def optimizers(self) -> list[Optimizer]:
        """The optimizers, in the order of their state in `variables`."""
        return list(self._optimizers)

    def _index_of(self, optimizer: Optimizer) -> int:
        for index, known in enumerate(self._optimizers):
            if known is optimizer:
                return index
        check_inner_optimizer(optimizer)
        optimizer.loss_scale_factor = self.loss_scale_factor
        self._optimizers.append(optimizer)
        return len(self._optimizers) - 1

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._optimizer_indices = [self._index_of(self._optimizer_map(v)) for v in variables]
        for optimizer, group in self._groups(variables, variables):
            optimizer.build(group)

    def _groups(
        self, variables: Sequence[Variable], values: Sequence[Any]
    ) -> list[tuple[Optimizer, list[Any]]]:
        """The values that go with variables, by optimizer; optimizers without any are left out."""
        groups: list[list[Any]] = [[] for _ in self.optimizers]
        for variable, value in zip(variables, values):
            groups[self._optimizer_indices[self._get_variable_index(variable)]].append(value)
        return [(optimizer, group) for optimizer, group in zip(self.optimizers, groups) if group]

    def _owners(self) -> list[SlotOwner]:
        return [self, *self.optimizers]

    @property
    def variables(self) -> list[Variable]:
        """Its own state, then that of each optimizer."""
        inner = [variable for optimizer in self.optimizers for variable in optimizer.variables]
        return [*super().variables, *inner]

    @property
    def learning_rate(self) -> Any:
        """There is none; each optimizer has its own."""
        raise AttributeError(
            f"MultiOptimizer '{self.name}' has no learning rate of its own. Read or set those of "
            f"its parts: `optimizer.optimizers[0].learning_rate`."
        )

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        raise AttributeError(
            f"MultiOptimizer '{self.name}' has no learning rate to set to {learning_rate!r}. Set "
            f"those of its parts: `optimizer.optimizers[0].learning_rate = ...`."
        )

    @property
    def loss_scale_factor(self) -> float | None:
        """The loss scale of all its optimizers."""
        return self._loss_scale_factor

    @loss_scale_factor.setter
    def loss_scale_factor(self, loss_scale_factor: float | None) -> None:
        self._loss_scale_factor = loss_scale_factor
        for optimizer in getattr(self, "_optimizers", ()):
            optimizer.loss_scale_factor = loss_scale_factor

    def apply(self, grads: Sequence[Any], trainable_variables: Any = None) -> None:
        """Let each optimizer update its variables."""
        if len(grads) == 0:
            return
        variables = self._variables_to_update(trainable_variables)
        if len(grads) != len(variables):
            raise ArgumentError(
                f"Expected one gradient for each variable, received {len(grads)} gradients for "
                f"{len(variables)} variables."
            )
        if all(gradient is None for gradient in grads):
            raise ArgumentError("No gradients provided for any variable: all of them are None.")
        for optimizer, pairs in self._groups(variables, list(zip(grads, variables))):
            if all(gradient is None for gradient, _ in pairs):
                warnings.warn(
                    f"Gradients do not exist for the variables {[v.path for _, v in pairs]} of "
                    f"optimizer '{optimizer.name}'; they stay as they are.",
                    stacklevel=2,
                )
            else:
                optimizer.apply_gradients(pairs)
        self._iterations.assign_add(1)

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """Let each optimizer set final values."""
        for optimizer, group in self._groups(var_list, var_list):
            optimizer.finalize_variable_values(group)

    def exclude_from_weight_decay(
        self,
        var_list: Iterable[Variable] | None = None,
        var_names: Iterable[str] | None = None,
    ) -> None:
        """Exclude variables from the weight decay of all optimizers known so far."""
        var_list = list(var_list or ())
        for optimizer in self.optimizers:
            optimizer.exclude_from_weight_decay(var_list, var_names)

    def get_config(self) -> dict[str, Any]:
        return {
            "optimizer_map": serialization.serialize_keras_object(self._optimizer_map),
            "loss_scale_factor": self.loss_scale_factor,
            "name": self.name,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> "MultiOptimizer":
        config = dict(config)
        config["optimizer_map"] = serialization.deserialize_keras_object(
            config["optimizer_map"], custom_objects=custom_objects
        )
        return cls(**config)
