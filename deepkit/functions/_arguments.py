"""The arguments of compiled functions: which are inputs, and which decide what is traced."""

import dataclasses
import inspect
import math
import types
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from deepkit.core.errors import ArgumentTypeError
from deepkit.tensors import KerasTensor, TensorSpec, Variable, context_key

# Two of these that are equal do the same.
_PLAIN = (int, float, complex, bool, str, bytes, type(...), np.dtype)

_TENSORS = (jax.Array, np.ndarray, np.generic, TensorSpec)


class Input:
    """Stands where an array was given."""

    def __repr__(self) -> str:
        return "an array"


_INPUT = Input()


@dataclasses.dataclass(slots=True)
class Given:
    """What a call was given.

    Args:
        arrays: the arrays, or the `TensorSpec`s that stand for them, in the order of the leaves.
        key: what is equal for calls that may run the same program.
        structure: JAX's tree of the arguments.
        leaves: its leaves, with an `Input` in the place of arrays.
        is_symbolic: whether tensors of a model that is drawn are among them.
    """

    arrays: list[Any]
    key: tuple[Any, ...]
    structure: Any
    leaves: list[Any]
    is_symbolic: bool

    def rebuilt(self, arrays: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments with other arrays."""
        values = iter(arrays)
        leaves = [next(values) if leaf is _INPUT else leaf for leaf in self.leaves]
        return jax.tree.unflatten(self.structure, leaves)


class Arguments:
    """Reads the arguments of calls of a function.

    Args:
        function: the function.
        skips_first: whether its first argument is given otherwise, as that of a method.
    """

    def __init__(self, function: Callable[..., Any], skips_first: bool = False) -> None:
        self.name = getattr(function, "__name__", type(function).__name__)
        signature = inspect.signature(function)
        parameters = list(signature.parameters.values())[int(skips_first) :]
        self.signature = signature.replace(parameters=parameters)
        self._is_simple = all(p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters)
        takes_any = any(p.kind is p.VAR_POSITIONAL for p in parameters)
        self.count = math.inf if takes_any else len(parameters)

    def bound(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments in one form, however they were written; defaults among them."""
        if not kwargs and self._is_simple and len(args) == self.count:
            return args, kwargs
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return bound.args, bound.kwargs

    def read(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Given:
        """What is given by arguments in their one form.

        Raises:
            ArgumentTypeError: an argument is neither an array nor can it be told from others.
        """
        leaves, structure = jax.tree.flatten((args, kwargs), is_leaf=_is_leaf)
        arrays: list[Any] = []
        key: list[Any] = [structure, *context_key()]
        is_symbolic = False
        for place, leaf in enumerate(leaves):
            if isinstance(leaf, jax.Array):
                if leaf.weak_type:
                    # Otherwise it would be another program than for the same array of NumPy.
                    leaf = lax.convert_element_type(leaf, leaf.dtype)
                key.append((leaf.shape, leaf.dtype))
            elif isinstance(leaf, (np.ndarray, np.generic)) and leaf.dtype.kind not in "OSU":
                key.append((leaf.shape, leaf.dtype))
            elif isinstance(leaf, TensorSpec):
                shape = None if leaf.shape is None else tuple(leaf.shape)
                key.append((shape, jnp.dtype(leaf.dtype)))
            else:
                key.append(self._identity(leaf))
                is_symbolic = is_symbolic or isinstance(leaf, KerasTensor)
                continue
            arrays.append(leaf)
            leaves[place] = _INPUT
        return Given(arrays, tuple(key), structure, leaves, is_symbolic)

    def names_of_tensors(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[str]:
        """A name for each array or `TensorSpec` among the arguments: its own, or its argument's."""
        names = []
        for name, value in self.signature.bind(*args, **kwargs).arguments.items():
            leaves = jax.tree.leaves(value, is_leaf=_is_leaf)
            tensors = [leaf for leaf in leaves if isinstance(leaf, _TENSORS)]
            for number, tensor in enumerate(tensors):
                own = tensor.name if isinstance(tensor, TensorSpec) else None
                names.append(own or (f"{name}_{number}" if len(tensors) > 1 else name))
        return names

    def _identity(self, leaf: Any) -> Any:
        """What tells a value that is no array from others; it does not keep objects alive."""
        if isinstance(leaf, _PLAIN):
            # 1, 1.0 and True are equal, and so are 0.0 and -0.0.
            return (type(leaf), leaf, repr(leaf) if isinstance(leaf, (float, complex)) else None)
        if isinstance(leaf, types.MethodType):
            return (leaf.__func__, _Same(weakref.ref(leaf.__self__)))
        try:
            return _Same(weakref.ref(leaf))
        except TypeError:
            pass
        try:
            hash(leaf)
        except TypeError:
            raise ArgumentTypeError(
                f"Expected the arguments of the function '{self.name}' to be arrays, Python values "
                f"or nested ones, received {leaf!r}, which cannot be told from others. Make it an "
                f"array, or let the function close over it."
            ) from None
        return (type(leaf), leaf)


class _Same:
    """Equal for one and the same object, as long as it lives.

    Args:
        reference: a weak reference to it.
    """

    def __init__(self, reference: "weakref.ref[Any]") -> None:
        self._reference = reference
        self._hash = id(reference())

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Same):
            return False
        mine = self._reference()
        return mine is not None and mine is other._reference()

    @property
    def is_gone(self) -> bool:
        """Whether the object lives no more."""
        return self._reference() is None


def names_dead_object(key: Any) -> bool:
    """Whether the key of a call names an object that lives no more."""
    return any(isinstance(part, _Same) and part.is_gone for part in key)


def _is_leaf(value: Any) -> bool:
    return isinstance(value, Variable)
