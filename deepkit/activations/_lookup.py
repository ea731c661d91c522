"""Activations by name, and their names in configs."""

import types
from collections.abc import Callable
from typing import Any

from deepkit.core import registry, serialization

from . import _exponential, _gated, _relu, _shrink, _sigmoid, _softmax, _softplus, _tanh
from ._linear import linear
from ._sparsemax import sparsemax

_FUNCTIONS = (
    _exponential.celu,
    _exponential.elu,
    _exponential.exponential,
    _exponential.selu,
    _gated.gelu,
    _gated.glu,
    _gated.hard_silu,
    _gated.mish,
    _gated.silu,
    linear,
    _relu.leaky_relu,
    _relu.relu,
    _relu.relu6,
    _shrink.hard_shrink,
    _shrink.soft_shrink,
    _shrink.tanh_shrink,
    _shrink.threshold,
    _sigmoid.hard_sigmoid,
    _sigmoid.hard_sigmoid_of_keras_2,
    _sigmoid.log_sigmoid,
    _sigmoid.sigmoid,
    _sigmoid.sparse_sigmoid,
    _softmax.log_softmax,
    _softmax.softmax,
    _softplus.softplus,
    _softplus.sparse_plus,
    _softplus.squareplus,
    sparsemax,
    _tanh.hard_tanh,
    _tanh.softsign,
    _tanh.tanh,
)
_OBJECTS: dict[str, Callable[..., Any]] = {
    **{function.__name__: function for function in _FUNCTIONS},
    "hard_swish": _gated.hard_silu,
    "swish": _gated.silu,
}


def get(identifier: Any) -> Callable[..., Any]:
    """Find an activation.

    Args:
        identifier: a name such as `"relu"`, a function or other callable, a class that is called
            without arguments, a config, or `None`, which means `linear`.

    Raises:
        UnknownNameError: no activation has this name; the message lists the closest.

    Example:
        >>> import deepkit
        >>> deepkit.activations.get("relu") is deepkit.activations.relu
        True
    """
    if identifier is None:
        return linear
    return serialization.resolve(identifier, "activation", _OBJECTS)


def serialize(activation: Callable[..., Any]) -> str | dict[str, Any]:
    """The name of a built-in activation; for any other, a config that names it.

    Args:
        activation: a function, or an object with `get_config`.

    Raises:
        SerializationError: the object is neither.

    Example:
        >>> import deepkit
        >>> deepkit.activations.serialize(deepkit.activations.swish)
        'silu'
    """
    name = getattr(activation, "__name__", None)
    if name is not None and _OBJECTS.get(name) is activation:
        return name
    entry = serialization.serialize_keras_object(activation)
    if isinstance(activation, types.FunctionType) and isinstance(entry["config"], str):
        # Keras finds functions by `config`, which must therefore be the registered name.
        registered = registry.get_registered_name(activation)
        return {
            "module": "builtins",
            "class_name": "function",
            "config": registered,
            "registered_name": "function",
        }
    return entry


def deserialize(
    config: str | dict[str, Any], custom_objects: dict[str, Any] | None = None
) -> Callable[..., Any]:
    """The activation that `serialize` wrote.

    Args:
        config: a name or a config.
        custom_objects: names and the functions or classes that they mean.

    Raises:
        UnknownNameError: no activation has this name.
        SerializationError: the config names something unknown.

    Example:
        >>> import deepkit
        >>> deepkit.activations.deserialize("tanh") is deepkit.activations.tanh
        True
    """
    return serialization.resolve(config, "activation", _OBJECTS, custom_objects=custom_objects)
