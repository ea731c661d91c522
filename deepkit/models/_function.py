"""Function: the computation between symbolic inputs and outputs."""

from collections.abc import Callable
from typing import Any

from deepkit.core import tree
from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.models._graph import trace_graph
from deepkit.tensors import KerasTensor, Operation


class Function(Operation):
    """The computation between `KerasTensor`s, as an operation.

    Args:
        inputs: nested `KerasTensor`s, from `Input`.
        outputs: nested `KerasTensor`s that depend on them.
        name: a name.

    Raises:
        ArgumentError: an input or output is no `KerasTensor`, or an output depends on others.

    Example:
        >>> import deepkit
        >>> x = deepkit.Input((2,))
        >>> double = deepkit.Function(x, 2 * x)
        >>> double(deepkit.ops.ones((1, 2))).tolist()
        [[2.0, 2.0]]
    """

    never_changes = True

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None) -> None:
        super().__init__(name=name)
        self.inputs_structure, self.outputs_structure = inputs, outputs
        self.inputs = _tensors(inputs, "inputs")
        self.outputs = _tensors(outputs, "outputs")
        if len({id(tensor) for tensor in self.inputs}) != len(self.inputs):
            raise ArgumentError("Expected every input once in `inputs`, but one appears twice.")
        self.graph = trace_graph(self.inputs, self.outputs)

    @property
    def operations(self) -> list[Operation]:
        """All operations, inputs first."""
        return list(self.graph.operations)

    def call(self, inputs: Any) -> Any:
        """Compute the outputs for values of the inputs, in the form of the inputs."""
        return self.run(tree.flatten(inputs))

    def run(
        self,
        values: list[Any],
        invoke: Callable[..., Any] = lambda operation, *a, **k: operation(*a, **k),
    ) -> Any:
        """Compute the outputs.

        Args:
            values: one for each of `inputs`.
            invoke: calls an operation with its arguments.

        Raises:
            ShapeError: the number of values is wrong.
        """
        if len(values) != len(self.inputs):
            raise ShapeError(
                f"'{self.name}' expects {len(self.inputs)} inputs "
                f"({[tensor.name for tensor in self.inputs]}), received {len(values)}."
            )
        known = {id(tensor): value for tensor, value in zip(self.inputs, values)}
        for node in self.graph.nodes:
            if all(id(tensor) in known for tensor in node.output_tensors):
                continue
            args, kwargs = node.fill(lambda tensor: known[id(tensor)])
            outputs = invoke(node.operation, *args, **kwargs)
            flat = [leaf for leaf in tree.flatten(outputs) if leaf is not None]
            known.update(zip(map(id, node.output_tensors), flat))
        return tree.map_structure(
            lambda leaf: known[id(leaf)] if isinstance(leaf, KerasTensor) else leaf,
            self.outputs_structure,
        )


def _tensors(structure: Any, argument: str) -> list[KerasTensor]:
    leaves = tree.flatten(structure)
    for leaf in leaves:
        if not isinstance(leaf, KerasTensor):
            raise ArgumentError(
                f"Expected `{argument}` to hold symbolic tensors, which `deepkit.Input(...)` and "
                f"layers called on them return; received {leaf!r} of type {type(leaf).__name__}."
            )
    return leaves
