"""StatefulOperation: an operation that owns variables, sublayers, metrics and seeds."""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Any

import numpy as np

from deepkit import initializers, regularizers
from deepkit.core import naming, tree
from deepkit.core.errors import ShapeError, WeightMismatchError
from deepkit.core.weight_arguments import weight_arguments
from deepkit.metrics import Metric
from deepkit.tensors import (
    Operation,
    SeedGenerator,
    StatelessScope,
    Variable,
    current_scope,
    loss_scope,
)

_STATE_TYPES = (Variable, Metric, SeedGenerator, Operation)
_CONTAINERS = (list, tuple, dict, set)


class StatefulOperation(Operation):
    """Base of layers: finds its state in its attributes, in lists, tuples and dicts of them too.

    Attributes are noted as they are set; what the containers among them hold is looked up when it
    is asked for, so a list may grow at any time.
    """

    def __init__(self, name: str | None = None) -> None:
        self._children: dict[str, Any] = {}
        self._trainable_own: list[Variable] = []
        self._non_trainable_own: list[Variable] = []
        self._eager_losses: list[Any] = []
        super().__init__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        children = self.__dict__.get("_children")
        if children is not None and name not in _BOOKKEEPING:
            self._disown(children.pop(name, None))
            if isinstance(value, _STATE_TYPES + _CONTAINERS):
                children[name] = value
            if isinstance(value, Variable):
                self._own(value)
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        self._disown(self._children.pop(name, None))
        object.__delattr__(self, name)

    def _own(self, variable: Variable) -> None:
        """Note an own variable, among those that were trainable when they came or the others."""
        if any(variable is v for v in (*self._trainable_own, *self._non_trainable_own)):
            return
        (self._trainable_own if variable.trainable else self._non_trainable_own).append(variable)
        if not self.trainable:
            variable.trainable = False

    def _disown(self, value: Any) -> None:
        if isinstance(value, Variable):
            for own in (self._trainable_own, self._non_trainable_own):
                own[:] = [variable for variable in own if variable is not value]

    def state_attributes(self) -> dict[str, Any]:
        """The attributes that hold state, or containers that may, by name."""
        return {name: value for name, value in self._children.items() if not isinstance(value, set)}

    def _held(self, kind: type | tuple[type, ...]) -> Iterator[Any]:
        for value in self._children.values():
            yield from _instances(value, kind)

    # Variables

    def add_weight(self, *args: Any, **kwargs: Any) -> Variable:
        """Make a variable that belongs to this layer.

        Two forms: `add_weight(shape, initializer, dtype, ...)` and, as in older code,
        `add_weight("kernel", shape, ...)`.

        Args:
            shape: tuple of integers; `()` if left out.
            initializer: an initializer or its name; Glorot uniform for floats, else zeros.
            dtype: the dtype; the layer's `variable_dtype` if left out.
            trainable: whether optimizers change it.
            autocast: whether the layer's policy may cast it when it is read.
            regularizer: adds a penalty to the layer's losses.
            constraint: applied after each update.
            aggregation: how replicas are combined.
            overwrite_with_gradient: whether its gradient is its next value.
            name: its name.

        Returns:
            The variable.

        Raises:
            ArgumentTypeError: an argument is unknown or given twice.
        """
        given = weight_arguments(args, kwargs)
        dtype = given.get("dtype") or self.variable_dtype
        shape = given.get("shape")
        with naming.name_scope(self.name, caller=self):
            variable = Variable(
                self._weight_initializer(given.get("initializer"), dtype),
                shape=() if shape is None else shape,
                dtype=dtype,
                trainable=given.get("trainable", True),
                autocast=given.get("autocast", True),
                aggregation=given.get("aggregation", "none"),
                name=given.get("name"),
                constraint=given.get("constraint"),
                regularizer=regularizers.get(given.get("regularizer")),
            )
        variable.overwrite_with_gradient = given.get("overwrite_with_gradient", False)
        self._own(variable)
        return variable

    @staticmethod
    def _weight_initializer(initializer: Any, dtype: Any) -> Any:
        if initializer is None:
            initializer = "glorot_uniform" if "float" in str(dtype) else "zeros"
        return initializers.get(initializer)

    @property
    def variable_dtype(self) -> str:
        """The dtype in which weights are kept."""
        return "float32"

    def _all_own_variables(self) -> list[Variable]:
        """Own variables, first those that came trainable: Keras's order."""
        for variable in self._held(Variable):
            self._own(variable)
        return [*self._trainable_own, *self._non_trainable_own]

    @property
    def own_variables(self) -> list[Variable]:
        """The variables of this layer alone, without those of layers inside it."""
        return self._all_own_variables()

    def _sublayers(self) -> list["StatefulOperation"]:
        return _unique(self._held(StatefulOperation))

    def _flatten_layers(
        self, include_self: bool = True, recursive: bool = True
    ) -> list["StatefulOperation"]:
        """This layer and those inside it, each once, depth first."""
        found: dict[int, StatefulOperation] = {}

        def visit(layer: StatefulOperation, inside: bool) -> None:
            if id(layer) in found:
                return
            if inside or include_self:
                found[id(layer)] = layer
            if recursive or not inside:
                for sublayer in layer._sublayers():
                    visit(sublayer, True)

        visit(self, False)
        return list(found.values())

    @property
    def variables(self) -> list[Variable]:
        """All variables, seeds' states included and metrics' excluded."""
        return _unique(self._iter_variables(with_seeds=True))

    @property
    def weights(self) -> list[Variable]:
        """All variables but the states of seeds and metrics: what `get_weights` returns."""
        return _unique(self._iter_variables(with_seeds=False))

    def _iter_variables(self, with_seeds: bool) -> Iterator[Variable]:
        for layer in self._flatten_layers():
            yield from layer._all_own_variables()
            if with_seeds:
                yield from layer._passing_variables()

    def _passing_variables(self) -> list[Variable]:
        """Own state that belongs to a run and not to the model: neither weights nor in files."""
        return [seeds.state for seeds in self._held(SeedGenerator)]

    @property
    def trainable_variables(self) -> list[Variable]:
        """The variables that optimizers change."""
        return [v for v in self.variables if v.trainable] if self.trainable else []

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The variables that optimizers leave alone."""
        if not self.trainable:
            return self.variables
        return [v for v in self.variables if not v.trainable]

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that optimizers change."""
        return [v for v in self.weights if v.trainable] if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that optimizers leave alone."""
        if not self.trainable:
            return self.weights
        return [v for v in self.weights if not v.trainable]

    @property
    def trainable(self) -> bool:
        """Whether optimizers change its variables; setting it reaches all sublayers.

        A change takes effect on the next training step, without compiling the model again.
        """
        return self.__dict__.get("_trainable", True)

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self._flatten_layers():
            layer.__dict__["_trainable"] = bool(value)
            for variable in layer._trainable_own:
                variable.trainable = bool(value)

    # Metrics

    @property
    def metrics(self) -> list[Metric]:
        """The metrics held by this layer and those inside it."""
        return _unique(m for layer in self._flatten_layers() for m in layer._held(Metric))

    @property
    def metrics_variables(self) -> list[Variable]:
        """The variables of those metrics."""
        return _unique(v for metric in self.metrics for v in metric.variables)

    # Losses

    def add_loss(self, loss: Any) -> None:
        """Add a scalar, or several, to what is minimized; to be called in `call`.

        Args:
            loss: a scalar tensor, or a list of them.

        Raises:
            ShapeError: a loss is no scalar.
        """
        for value in tree.flatten(loss):
            shape = tuple(getattr(value, "shape", ()))
            if shape:
                raise ShapeError(
                    f"Expected a scalar in `add_loss` of the layer '{self.name}', received a "
                    f"tensor of shape {shape}. Reduce it, for instance with `ops.mean`."
                )
            self._note_loss(value)

    def _note_loss(self, value: Any) -> None:
        scope = loss_scope()
        if scope is not None:
            scope.add_loss(value, owner=self)
        elif current_scope() is None:
            self._eager_losses.append(value)

    @property
    def losses(self) -> list[Any]:
        """The losses added in the last call, and the penalties of regularized weights."""
        layers = self._flatten_layers()
        scope = loss_scope()
        if scope is not None:
            added = scope.losses_of(layers)
        else:
            added = [loss for layer in layers for loss in layer._eager_losses]
        penalties = [
            v.regularizer(v) for v in self.trainable_variables if v.regularizer is not None
        ]
        return [*added, *penalties]

    def replace_losses(self, losses: list[Any]) -> None:
        """Hold other losses as those that this layer itself added in the last call."""
        self._eager_losses[:] = losses

    def _clear_losses(self) -> None:
        for layer in self._flatten_layers():
            layer._eager_losses.clear()

    # Files

    def saveable_children(self) -> dict[str, Any]:
        """What may hold state besides the own variables: attributes in the order of Keras's files.

        Names decide, private ones come last. Overridden where files know a part by another name.
        """
        return in_file_order(
            {k: v for k, v in self.state_attributes().items() if not isinstance(v, Variable)}
        )

    def save_own_variables(self, store: MutableMapping[str, Any]) -> None:
        """Write the own variables into a store, under the keys `"0"`, `"1"`…

        Override it, together with `load_own_variables`, to keep other state in files.

        Args:
            store: takes arrays and variables by key.
        """
        for index, variable in enumerate(self._all_own_variables()):
            store[str(index)] = variable

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Read what `save_own_variables` wrote.

        Args:
            store: gives arrays by key.

        Raises:
            WeightMismatchError: the number of arrays or a shape differs.
        """
        variables = self._all_own_variables()
        if len(store) != len(variables):
            raise WeightMismatchError(
                f"Expected {len(variables)} arrays for the own variables of '{self.name}', "
                f"received {len(store)}: {list(store)}."
            )
        for index, variable in enumerate(variables):
            variable.assign(store[str(index)])

    # Values

    def count_params(self) -> int:
        """The number of elements in all weights."""
        return sum(variable.size for variable in self.weights)

    def get_weights(self) -> list[np.ndarray]:
        """Copies of the values of all weights."""
        return [variable.numpy() for variable in self.weights]

    def set_weights(self, weights: Iterable[Any]) -> None:
        """Set the values of all weights, in the order of `weights`.

        Args:
            weights: arrays; as many, and of the same shapes, as `get_weights` returns.

        Raises:
            WeightMismatchError: their number or a shape differs; nothing is changed then.
        """
        values = list(weights)
        variables = self.weights
        if len(values) != len(variables):
            raise WeightMismatchError(
                f"Expected {len(variables)} arrays for the weights of '{self.name}', received "
                f"{len(values)}. Its weights: {[f'{v.path} {tuple(v.shape)}' for v in variables]}."
            )
        for variable, value in zip(variables, values):
            if tuple(np.shape(value)) != tuple(variable.shape):
                raise WeightMismatchError(
                    f"Expected shape {tuple(variable.shape)} for '{variable.path}', received "
                    f"{tuple(np.shape(value))}. No weight was changed."
                )
        for variable, value in zip(variables, values):
            variable.assign(value)

    def state_scope(
        self, trainable_variables: Any, non_trainable_variables: Any, collect_losses: bool
    ) -> StatelessScope:
        """A scope in which the variables have the given values.

        Raises:
            WeightMismatchError: the number of values is not that of the variables.
        """
        pairs: list[tuple[Variable, Any]] = []
        for kind, values in (
            ("trainable_variables", trainable_variables),
            ("non_trainable_variables", non_trainable_variables),
        ):
            variables, values = getattr(self, kind), list(values)
            if len(variables) != len(values):
                raise WeightMismatchError(
                    f"Expected {len(variables)} values in `{kind}` for '{self.name}', "
                    f"received {len(values)}. Pass the values of `{self.name}.{kind}`."
                )
            pairs.extend(zip(variables, values))
        return StatelessScope(pairs, collect_losses=collect_losses)


_BOOKKEEPING = frozenset(
    (
        "_children",
        "_trainable_own",
        "_non_trainable_own",
        "_eager_losses",
        "_inbound_nodes",
        "_build_shapes",
        "input_spec",
    )
)


def _instances(value: Any, kind: type | tuple[type, ...]) -> Iterator[Any]:
    if isinstance(value, kind):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _instances(item, kind)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _instances(item, kind)


def in_file_order(children: dict[str, Any]) -> dict[str, Any]:
    """Attributes in the order in which Keras's files name them: by name, private ones last."""
    return dict(sorted(children.items(), key=lambda item: (item[0].startswith("_"), item[0])))


def _unique(items: Iterable[Any]) -> list[Any]:
    return list({id(item): item for item in items}.values())
