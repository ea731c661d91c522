"""What is expected of a recurrent cell, the library's or a user's, and what is worked out of it."""

from typing import Any

import jax.numpy as jnp

from deepkit.core import tree
from deepkit.core.errors import ArgumentTypeError
from deepkit.core.serialization import serialize_keras_object


def check_cell(cell: Any, owner: str) -> Any:
    """A cell: something with `call` and `state_size`.

    Raises:
        ArgumentTypeError: one of them is missing.
    """
    for needed in ("call", "state_size"):
        if not hasattr(cell, needed):
            raise ArgumentTypeError(
                f"Expected a recurrent cell in {owner}, with a method `call(inputs, states)` and "
                f"an attribute `state_size`, but {type(cell).__name__} has no `{needed}`."
            )
    return cell


def output_size(cell: Any) -> Any:
    """The size of a cell's output: `output_size`, or else the size of its first state."""
    size = getattr(cell, "output_size", None)
    return tree.flatten(cell.state_size)[0] if size is None else size


def initial_state(cell: Any, batch_size: Any, dtype: str) -> Any:
    """The state that a cell starts from: what it says itself, or else zeros.

    Args:
        cell: the cell.
        batch_size: number of samples.
        dtype: of the zeros.
    """
    start = getattr(cell, "get_initial_state", None)
    if start is not None:
        return start(batch_size=batch_size)

    def zeros(size: Any) -> Any:
        sizes = tuple(size) if tree.is_nested(size) else (size,)
        return jnp.zeros((batch_size, *sizes), dtype)

    if isinstance(cell.state_size, list | tuple):
        return [zeros(size) for size in cell.state_size]
    return zeros(cell.state_size)


def part_config(part: Any) -> Any:
    """The config of a cell or a direction, without its build config: its owner builds it."""
    entry = serialize_keras_object(part)
    return {key: value for key, value in entry.items() if key != "build_config"}
