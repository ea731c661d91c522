"""How the arguments of a layer's `call` are read: which hold tensors, masks, `training`."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from deepkit.core import tree
from deepkit.core.shapes import Shape
from deepkit.tensors import KerasTensor, get_mask, is_array


class CallSignature:
    """The parameters of a `call` method.

    Args:
        call: the unbound method.
    """

    def __init__(self, call: Callable[..., Any]) -> None:
        self.signature = inspect.signature(call)
        parameters = list(self.signature.parameters.values())[1:]
        self.names = [p.name for p in parameters]
        self.takes_any_keyword = any(p.kind is p.VAR_KEYWORD for p in parameters)
        self.takes_training = "training" in self.names
        self.takes_mask = "mask" in self.names
        self.training_default = self._default("training")
        self.positional = [
            p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]

    def _default(self, name: str) -> Any:
        parameter = self.signature.parameters.get(name)
        if parameter is None or parameter.default is parameter.empty:
            return None
        return parameter.default

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The given arguments by name; those of `*args` under `args`."""
        return self._by_name(self.signature.bind(None, *args, **kwargs))

    def bind_partial(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The same where arguments without a default may still be missing."""
        return self._by_name(self.signature.bind_partial(None, *args, **kwargs))

    def _by_name(self, bound: inspect.BoundArguments) -> dict[str, Any]:
        arguments = dict(list(bound.arguments.items())[1:])
        for parameter in self.signature.parameters.values():
            if parameter.kind is parameter.VAR_KEYWORD:
                arguments.update(arguments.pop(parameter.name, {}))
        return arguments


@functools.lru_cache(maxsize=4096)
def call_signature(call: Callable[..., Any]) -> CallSignature:
    """The signature of a `call` method, worked out once."""
    return CallSignature(call)


def holds_tensors(value: Any) -> bool:
    """Whether a value is a tensor or a structure with nothing but tensors (and `None`s) in it."""
    leaves = [leaf for leaf in tree.flatten(value) if leaf is not None]
    return bool(leaves) and all(isinstance(x, KerasTensor) or is_array(x) for x in leaves)


def tensor_arguments(arguments: dict[str, Any]) -> dict[str, Any]:
    """Those of the arguments that hold tensors."""
    return {name: value for name, value in arguments.items() if holds_tensors(value)}


def shapes_of(value: Any) -> Any:
    """The shapes of tensors in a structure of them."""
    return tree.map_structure(lambda x: None if x is None else Shape(x.shape), value)


def masks_of(value: Any) -> Any:
    """The masks that travel with the tensors of a structure; `None` if there are none."""
    masks = [get_mask(leaf) for leaf in tree.flatten(value)]
    if all(mask is None for mask in masks):
        return None
    return tree.pack_sequence_as(value, masks)
