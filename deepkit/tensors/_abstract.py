"""Output shapes and dtypes of functions of tensors, by JAX's abstract evaluation."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core import dtypes, tree
from deepkit.tensors._keras_tensor import KerasTensor
from deepkit.tensors._scope import StatelessScope, SymbolicScope

# Unknown sizes are tried with two values; what changes with them is unknown too. Both have many
# divisors, so that `reshape(x, (-1, 8))` of an unknown size goes through.
_PROBES = (240, 480)


def infer_outputs(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """What `function(*args, **kwargs)` would return, with `KerasTensor`s for arrays.

    Args:
        function: a function of arrays; its state changes are dropped.
        args: positional arguments; `KerasTensor`s stand for arrays.
        kwargs: keyword arguments, likewise.

    Returns:
        The function's result; sizes that depend on unknown ones are `None`.
    """
    leaves = tree.flatten((args, kwargs))
    unknown = any(isinstance(leaf, KerasTensor) and None in leaf.shape for leaf in leaves)
    first, static = _evaluate(function, args, kwargs, _PROBES[0])
    second = _evaluate(function, args, kwargs, _PROBES[1])[0] if unknown else first
    tensors = iter([_merge(a, b) for a, b in zip(first, second)])
    return tree.map_structure(
        lambda leaf: next(tensors) if isinstance(leaf, _Output) else leaf, static
    )


class _Output:
    """Stands where a function returned an array."""


def _evaluate(
    function: Callable[..., Any], args: Any, kwargs: Any, probe: int
) -> tuple[list[jax.ShapeDtypeStruct], Any]:
    structure = (args, kwargs)
    leaves = tree.flatten(structure)
    specs = [_struct(leaf, probe) for leaf in leaves if isinstance(leaf, KerasTensor)]
    returned: dict[str, Any] = {}

    def run(tensors: list[jax.Array]) -> list[jax.Array]:
        values = iter(tensors)
        filled = [next(values) if isinstance(leaf, KerasTensor) else leaf for leaf in leaves]
        real_args, real_kwargs = tree.pack_sequence_as(structure, filled)
        with SymbolicScope(), StatelessScope(collect_losses=True):
            result = function(*real_args, **real_kwargs)
        outputs = []

        def note(leaf: Any) -> Any:
            if not is_array(leaf):
                return leaf
            outputs.append(jnp.asarray(leaf))
            return _Output()

        returned["static"] = tree.map_structure(note, result)
        return outputs

    try:
        shapes = jax.eval_shape(run, specs)
    except Exception as error:
        if any(None in leaf.shape for leaf in leaves if isinstance(leaf, KerasTensor)):
            error.add_note(f"A size of {probe} stands for one that is not known (None).")
        raise
    return shapes, returned["static"]


def is_array(value: Any) -> bool:
    """Whether a value is an array of JAX or NumPy, or a variable."""
    return hasattr(value, "shape") and hasattr(value, "dtype") and not isinstance(value, type)


def _struct(tensor: KerasTensor, probe: int) -> jax.ShapeDtypeStruct:
    shape = tuple(probe if size is None else size for size in tensor.shape)
    return jax.ShapeDtypeStruct(shape, dtypes.canonicalize_dtype(tensor.dtype))


def _merge(a: jax.ShapeDtypeStruct, b: jax.ShapeDtypeStruct) -> KerasTensor:
    shape = tuple(m if m == n else None for m, n in zip(a.shape, b.shape))
    return KerasTensor(shape, dtype=a.dtype.name)
