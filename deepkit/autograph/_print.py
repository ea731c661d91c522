"""Prints when the compiled program runs."""

import builtins
import sys
from typing import Any

import jax
import numpy as np

from deepkit.tensors import Variable


class _Hole:
    """The place of an array in what is printed."""


def print(
    *values: Any, output_stream: Any = None, sep: str = " ", end: str = "\n", summarize: int = 3
) -> None:
    """Print values, also of arrays that are known only when a compiled program runs.

    Python's `print` in a function that is compiled prints once, while it is traced; this one prints
    each time that the program comes to it.

    Args:
        *values: arrays, variables, nested ones, and anything else.
        output_stream: where to; standard output if `None`.
        sep: what stands between two values.
        end: what stands at the end.
        summarize: how many elements at each end of an axis are shown; all if -1.

    Example:
        >>> import deepkit, jax
        >>> f = jax.jit(lambda x: deepkit.print("x is", x))
        >>> f(deepkit.ops.array([1.0, 2.5]))
        x is [1 2.5]
        >>> jax.effects_barrier()
    """
    values = tuple(
        jax.tree_util.tree_map(_read, value, is_leaf=lambda v: isinstance(v, Variable))
        for value in values
    )
    leaves, tree = jax.tree_util.tree_flatten(values)
    arrays = [leaf for leaf in leaves if isinstance(leaf, jax.Array)]
    template = [_Hole if isinstance(leaf, jax.Array) else leaf for leaf in leaves]

    def write(*given: Any) -> None:
        rest = iter(given)
        filled = [np.asarray(next(rest)) if leaf is _Hole else leaf for leaf in template]
        parts = jax.tree_util.tree_unflatten(tree, filled)
        text = sep.join(_text(part, summarize) for part in parts)
        builtins.print(text, end=end, file=output_stream or sys.stdout, flush=True)

    if any(isinstance(array, jax.core.Tracer) for array in arrays):
        jax.debug.callback(write, *arrays)
    else:
        write(*arrays)


def _read(value: Any) -> Any:
    return value.value if isinstance(value, Variable) else value


def _text(value: Any, summarize: int) -> str:
    if isinstance(value, np.ndarray):
        return _array_text(value, summarize)
    if isinstance(value, dict):
        inside = ", ".join(f"{key!r}: {_text(v, summarize)}" for key, v in value.items())
        return f"{{{inside}}}"
    if type(value) is tuple:
        inside = ", ".join(_text(v, summarize) for v in value)
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if type(value) is list:
        return "[" + ", ".join(_text(v, summarize) for v in value) + "]"
    return str(value)


def _array_text(value: np.ndarray, summarize: int) -> str:
    if value.dtype.kind == "V":  # bfloat16 and its kin
        value = value.astype("float32")
    if not value.shape:
        return _number_text(value[()])
    edge = max(value.size, 1) if summarize < 0 else summarize
    return np.array2string(
        value,
        separator=" ",
        threshold=0 if summarize >= 0 else sys.maxsize,
        edgeitems=edge,
        formatter={"all": _number_text},
    )


def _number_text(value: Any) -> str:
    if isinstance(value, np.floating):
        return f"{value:.9g}" if value.dtype.itemsize > 4 else f"{value:.6g}"
    return str(value)
