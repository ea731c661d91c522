"""The order of the nodes between the inputs and the outputs of a model."""

import collections
import dataclasses
from collections.abc import Sequence
from typing import ClassVar

from deepkit.core.errors import ArgumentError
from deepkit.tensors import KerasTensor, Node, Operation, node_of


@dataclasses.dataclass(frozen=True)
class Graph:
    """The nodes that lead from inputs to outputs, in an order in which they can run.

    Attributes:
        nodes: each after those that it depends on.
        operations: the operations of these nodes, by depth, as Keras orders layers.
    """

    never_changes: ClassVar[bool] = True

    nodes: tuple[Node, ...]
    operations: tuple[Operation, ...]

    def __post_init__(self) -> None:
        names = [operation.name for operation in self.operations]
        twice = sorted(name for name, count in collections.Counter(names).items() if count > 1)
        if twice:
            raise ArgumentError(
                f"Expected every layer of a model to have its own name, but {twice} "
                f"{'is' if len(twice) == 1 else 'are'} used more than once. Pass other names."
            )


def trace_graph(inputs: Sequence[KerasTensor], outputs: Sequence[KerasTensor]) -> Graph:
    """Find the graph between tensors.

    Raises:
        ArgumentError: an output does not depend on the inputs alone.
    """
    ends = {id(tensor) for tensor in inputs}
    finished = _nodes_before(outputs, ends)
    first_seen = _operations_by_first_visit(outputs, ends)
    for tensor in inputs:
        node = node_of(tensor)
        if node not in finished:
            finished.insert(0, node)
            first_seen.setdefault(node.operation, -1)
    depths = _depths(finished, ends)
    order = {node: place for place, node in enumerate(finished)}
    nodes = sorted(finished, key=lambda node: (-depths[node], order[node]))
    operation_depth: dict[Operation, int] = {}
    for node in nodes:
        deepest = max(depths[node], operation_depth.get(node.operation, 0))
        operation_depth[node.operation] = deepest
    operations = sorted(operation_depth, key=lambda op: (-operation_depth[op], first_seen[op]))
    return Graph(tuple(nodes), tuple(operations))


def _parents(node: Node, ends: set[int]) -> list[Node]:
    if _is_end(node, ends):
        return []
    return [node_of(tensor) for tensor in node.input_tensors]


def _is_end(node: Node, ends: set[int]) -> bool:
    return any(id(tensor) in ends for tensor in node.output_tensors)


def _nodes_before(outputs: Sequence[KerasTensor], ends: set[int]) -> list[Node]:
    """Depth-first, each node after those it depends on; without recursion, for deep models."""
    done: dict[Node, None] = {}
    for output in outputs:
        stack = [(_checked_node(output), False)]
        while stack:
            node, expanded = stack.pop()
            if node in done:
                continue
            if expanded:
                done[node] = None
                continue
            stack.append((node, True))
            if not _is_end(node, ends):
                _check_reachable(node)
                stack.extend((parent, False) for parent in reversed(_parents(node, ends)))
    return list(done)


def _operations_by_first_visit(
    outputs: Sequence[KerasTensor], ends: set[int]
) -> dict[Operation, int]:
    seen: dict[Operation, int] = {}
    visited: set[Node] = set()
    stack = [node_of(output) for output in reversed(outputs)]
    while stack:
        node = stack.pop()
        if node in visited:
            continue
        visited.add(node)
        seen.setdefault(node.operation, len(seen))
        stack.extend(reversed(_parents(node, ends)))
    return seen


def _depths(nodes: list[Node], ends: set[int]) -> dict[Node, int]:
    """The longest way from each node to an output, no less than for other calls of its op."""
    depths = dict.fromkeys(nodes, 0)
    of_operation: dict[Operation, int] = {}
    for node in reversed(nodes):
        depth = max(depths[node], of_operation.get(node.operation, 0))
        depths[node] = of_operation[node.operation] = depth
        for parent in _parents(node, ends):
            depths[parent] = max(depths[parent], depth + 1)
    return depths


def _checked_node(tensor: KerasTensor) -> Node:
    if tensor.history is None:
        raise ArgumentError(
            f"The tensor {tensor!r} was made by no layer and no op, so it cannot be an output of "
            f"a model. Outputs are what layers return when called on `deepkit.Input(...)`."
        )
    return node_of(tensor)


def _check_reachable(node: Node) -> None:
    if node.is_input:
        raise ArgumentError(
            f"The outputs depend on the input '{node.operation.name}', which is not among the "
            f"model's inputs. Add it to `inputs`."
        )
    for tensor in node.input_tensors:
        _checked_node(tensor)
