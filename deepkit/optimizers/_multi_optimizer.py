"""MultiOptimizer: several optimizers for the variables of one model."""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from deepkit.core import serialization
from deepkit.core.errors import ArgumentError, ArgumentTypeError
from deepkit.tensors import Variable

from ._optimizer import Optimizer
from ._optimizer_map import OptimizerMap, check_inner_optimizer
from ._path_patterns import PathPatterns
from ._slots import SlotOwner


class MultiOptimizer(Optimizer):
    """Several optimizers, each for its own variables.

    For smaller learning rates of a pretrained body, embeddings with Adagrad beside layers with
    Adam, and the like. `compile` makes one of a dict by itself:
    `compile(optimizer={"encoder/.*": Adam(1e-5), ".*": "adam"})`.

    The keys of a dict are regular expressions. The first one, in the order of the dict, that
    matches a path of a variable takes it; it must match the whole path. The paths of a variable
    are `variable.path`, and in a compiled model the names of the layers around it, from the model
    (its own name left out) down to the variable: `encoder/dense/kernel`. A layer may also be named
    by the attribute that holds it: `encoder/.*` for `self.encoder`, `blocks/0/.*` for the first in
    the list `self.blocks`. Frozen variables may be matched too, and are updated once they are
    unfrozen.

    Each part clips, decays, averages and counts on its own, as if it were alone: `clipnorm`,
    `global_clipnorm`, `use_ema`, schedules. `LearningRateScheduler` and `ReduceLROnPlateau` go
    through the parts one by one, so each gets what follows from its own rate, and logs have
    `learning_rate_<name of the optimizer>`.

    Args:
        optimizer_map: a dict of regular expressions and optimizers, an `OptimizerMap`, or a
            function from a variable to its optimizer.
        loss_scale_factor: set on all of them.
        name: its name; the class's name in snake case if `None`.

    Raises:
        ArgumentTypeError: `optimizer_map` is neither a map nor a function, or a value in it is no
            optimizer.
        ArgumentError: an optimizer in it wraps others; a key is no regular expression. When it is
            built: a variable that no pattern matches, or a pattern without a variable.

    Example:
        >>> import deepkit
        >>> head = deepkit.Variable(3.0, name="head")
        >>> body = deepkit.Variable(3.0, name="body")
        >>> optimizer = deepkit.optimizers.MultiOptimizer(
        ...     {"head": deepkit.optimizers.SGD(0.5), ".*": deepkit.optimizers.SGD(0.1)}
        ... )
        >>> optimizer.apply([2.0, 2.0], [head, body])
        >>> float(head), round(float(body), 4)
        (2.0, 2.8)
    """

    def __init__(
        self,
        optimizer_map: Mapping[str, Optimizer] | OptimizerMap | Callable[[Variable], Optimizer],
        loss_scale_factor: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(learning_rate=0.0, loss_scale_factor=loss_scale_factor, name=name)
        if isinstance(optimizer_map, dict):
            optimizer_map = PathPatterns(optimizer_map)
        elif not callable(optimizer_map):
            raise ArgumentTypeError(
                f"Expected `optimizer_map` to be a dict of regular expressions and optimizers, an "
                f"OptimizerMap, or a function from a variable to its optimizer, received "
                f"{optimizer_map!r}."
            )
        self._optimizer_map: Any = optimizer_map
        self._paths_of_model: Callable[[], Mapping[int, Sequence[str]]] | None = None
        self._optimizers: list[Optimizer] = []
        self._optimizer_indices: list[int] = []
        for optimizer in _known_optimizers(optimizer_map):
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
        indices = [self._index_of(optimizer) for optimizer in self._choose(variables)]
        super().build(variables)
        self._optimizer_indices = indices
        for optimizer, group in self._groups(variables, variables):
            optimizer.build(group)

    def _choose(self, variables: Sequence[Variable]) -> list[Optimizer]:
        if isinstance(self._optimizer_map, PathPatterns):
            paths = {} if self._paths_of_model is None else self._paths_of_model()
            return self._optimizer_map.choose(variables, paths)
        return [self._optimizer_map(variable) for variable in variables]

    def take_paths_from(self, paths: Callable[[], Mapping[int, Sequence[str]]]) -> None:
        """Let patterns match further paths of variables; by their identities."""
        self._paths_of_model = paths

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

    def __getstate__(self) -> dict[str, Any]:
        # A copy of an optimizer is none of the model.
        return {**self.__dict__, "_paths_of_model": None}

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
        if not any(optimizer.use_ema for optimizer in self.optimizers):
            return
        self._check_variables_are_known(var_list)
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
            "optimizer_map": (
                self._optimizer_map.get_config()
                if isinstance(self._optimizer_map, PathPatterns)
                else serialization.serialize_keras_object(self._optimizer_map)
            ),
            "loss_scale_factor": self.loss_scale_factor,
            "name": self.name,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> "MultiOptimizer":
        config = dict(config)
        optimizer_map = serialization.deserialize_keras_object(
            config["optimizer_map"], custom_objects=custom_objects
        )
        is_patterns = isinstance(optimizer_map, list | tuple)
        config["optimizer_map"] = dict(optimizer_map) if is_patterns else optimizer_map
        return cls(**config)


def _known_optimizers(optimizer_map: Any) -> list[Optimizer]:
    """The optimizers that a map is known to hold before it has seen a variable."""
    if isinstance(optimizer_map, PathPatterns):
        return list(optimizer_map.optimizers.values())
    if isinstance(optimizer_map, OptimizerMap):
        return [*optimizer_map.values(), optimizer_map.default_optimizer]
    return []
