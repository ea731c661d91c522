"""Operation and Node: what stands in the graph of a functional model."""

import dataclasses
import functools
import inspect
from collections.abc import Callable
from typing import Any

from deepkit.core import naming, tree
from deepkit.core.autoconfig import AutoConfig, automatic_config
from deepkit.core.errors import ArgumentError, StateError
from deepkit.tensors._abstract import infer_outputs
from deepkit.tensors._keras_tensor import KerasTensor, has_symbolic
from deepkit.tensors._variable import Variable


@dataclasses.dataclass(frozen=True)
class KerasHistory:
    """Where a `KerasTensor` comes from: the operation, which call of it, which of the outputs."""

    operation: "Operation"
    node_index: int
    index: int

    @property
    def tensor_index(self) -> int:
        """Which of the outputs (Keras's name)."""
        return self.index

    def __iter__(self) -> Any:
        return iter((self.operation, self.node_index, self.index))


class Node:
    """One call of an operation in a graph: its arguments and its outputs.

    Args:
        operation: what was called.
        args: positional arguments, `KerasTensor`s among them.
        kwargs: keyword arguments, likewise.
        outputs: nested `KerasTensor`s.
    """

    never_changes = True

    def __init__(self, operation: "Operation", args: Any, kwargs: Any, outputs: Any) -> None:
        self.operation = operation
        self.args, self.kwargs = args, kwargs
        self.outputs = outputs
        self.input_tensors = [
            leaf for leaf in tree.flatten((args, kwargs)) if isinstance(leaf, KerasTensor)
        ]
        self.output_tensors = [
            leaf for leaf in tree.flatten(outputs) if isinstance(leaf, KerasTensor)
        ]
        self.index = len(operation._inbound_nodes)
        operation._inbound_nodes.append(self)
        for position, tensor in enumerate(self.output_tensors):
            tensor.history = KerasHistory(operation, self.index, position)

    @property
    def parents(self) -> list["Node"]:
        """The nodes that made the inputs."""
        return [node_of(tensor) for tensor in self.input_tensors if tensor.history is not None]

    @property
    def is_input(self) -> bool:
        """Whether it is a place where a model gets its inputs."""
        return not self.input_tensors

    def fill(self, lookup: Callable[[KerasTensor], Any]) -> tuple[Any, Any]:
        """The arguments with `lookup(tensor)` in the place of each `KerasTensor`."""
        return tree.map_structure(
            lambda leaf: lookup(leaf) if isinstance(leaf, KerasTensor) else leaf,
            (self.args, self.kwargs),
        )


def node_of(tensor: KerasTensor) -> Node:
    """The node that made a tensor."""
    return tensor.history.operation._inbound_nodes[tensor.history.node_index]


class Operation(AutoConfig):
    """Something that maps tensors to tensors and can stand in a functional model.

    Subclasses define `call`. Called with `KerasTensor`s it draws a node; otherwise it computes.

    Args:
        name: a name; an automatic one from the class's if `None`.

    Example:
        >>> import deepkit
        >>> class Double(deepkit.Operation):
        ...     def call(self, x):
        ...         return 2 * x
        >>> Double()(deepkit.KerasTensor((None, 3))).shape
        (None, 3)
    """

    def __init__(self, name: str | None = None) -> None:
        if name is None:
            name = naming.auto_name(naming.to_snake_case(type(self).__name__))
        self.name = naming.check_name(name, type(self).__name__)
        self._inbound_nodes: list[Node] = []

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if has_symbolic((args, kwargs)):
            return self.symbolic_call(*args, **kwargs)
        return self.call(*args, **kwargs)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The computation, to be defined by subclasses."""
        raise StateError(f"{type(self).__name__} has no `call` method. Define `call(self, ...)`.")

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Draw a node and return its outputs."""
        outputs = self.compute_output_spec(*args, **kwargs)
        Node(self, args, kwargs, outputs)
        return outputs

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """The outputs as `KerasTensor`s, by abstract evaluation of `call`."""
        return infer_outputs(self.call, args, kwargs)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments as they were given."""
        return automatic_config(self, {"name": self.name})

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Operation":
        """An operation from what `get_config` returned."""
        return cls(**config)

    @property
    def input(self) -> Any:
        """The symbolic input of the only call; see `output`."""
        return _only([node.input_tensors for node in self._inbound_nodes], self, "input")

    @property
    def output(self) -> Any:
        """The symbolic output of the only call in a functional model.

        Raises:
            ArgumentError: it was called never or more than once.
        """
        return _only([node.output_tensors for node in self._inbound_nodes], self, "output")


def _only(found: list[list[KerasTensor]], operation: Operation, what: str) -> Any:
    if len(found) != 1:
        raise ArgumentError(
            f"`{operation.name}.{what}` is known for an operation that was called once with "
            f"KerasTensors; this one was called {len(found)} times. Use the tensors themselves."
        )
    return found[0][0] if len(found[0]) == 1 else list(found[0])


class FunctionOperation(Operation):
    """A plain function as an operation; one class serves all of them.

    Args:
        function: a pure function of arrays, made by `operation`.
        name: a name.
    """

    def __init__(self, function: Callable[..., Any], name: str | None = None) -> None:
        super().__init__(naming.auto_name(function.__name__) if name is None else name)
        self.function = function

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        return self.function(*args, **kwargs)


def operation(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a pure function of arrays take `Variable`s and `KerasTensor`s too.

    Args:
        function: gets arrays where it was given variables. Given a `KerasTensor` anywhere, it is
            drawn as a node instead of being run.
    """

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        kind = max(map(_kind, args), default=0)
        if kwargs:
            kind = max(kind, *map(_kind, kwargs.values()))
        if kind == _SYMBOLIC:
            return FunctionOperation(wrapper).symbolic_call(*args, **kwargs)
        if kind == _VARIABLE:
            args = tuple(_read(arg) for arg in args)
            kwargs = {key: _read(arg) for key, arg in kwargs.items()}
        return function(*args, **kwargs)

    wrapper.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
    return wrapper


_PLAIN, _VARIABLE, _SYMBOLIC = 0, 1, 2


def _kind(argument: Any) -> int:
    if isinstance(argument, KerasTensor):
        return _SYMBOLIC
    if isinstance(argument, Variable):
        return _VARIABLE
    if isinstance(argument, list | tuple):
        return max(map(_kind, argument), default=_PLAIN)
    if isinstance(argument, dict):
        return max(map(_kind, argument.values()), default=_PLAIN)
    return _PLAIN


def _read(argument: Any) -> Any:
    if isinstance(argument, Variable):
        return argument.value
    if _kind(argument) == _PLAIN:
        return argument
    return tree.map_structure(
        lambda leaf: leaf.value if isinstance(leaf, Variable) else leaf, argument
    )
