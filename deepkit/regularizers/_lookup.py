"""Regularizers by name, and their configs."""

from collections.abc import Callable
from typing import Any

from deepkit.core import serialization

from ._l1_l2 import L1, L1L2, L2
from ._orthogonal import OrthogonalRegularizer

_OBJECTS: dict[str, type] = {
    "L1": L1,
    "L1L2": L1L2,
    "L2": L2,
    "OrthogonalRegularizer": OrthogonalRegularizer,
    "l1": L1,
    "l1l2": L1L2,
    "l2": L2,
    "orthogonal_regularizer": OrthogonalRegularizer,
}


def get(identifier: Any) -> Callable[..., Any] | None:
    """Find a regularizer.

    Args:
        identifier: a name such as `"l2"`, a regularizer, a class that is called without arguments,
            a function from a tensor to a scalar, a config, or `None`, which is returned.

    Raises:
        UnknownNameError: no regularizer has this name; the message lists the closest.

    Example:
        >>> import deepkit
        >>> deepkit.regularizers.get("l1_l2").get_config()
        {'l1': 0.01, 'l2': 0.01}
    """
    return None if identifier is None else deserialize(identifier)


def serialize(regularizer: Any) -> Any:
    """The config of a regularizer, a plain dict.

    Args:
        regularizer: a regularizer, or a function from a tensor to a scalar.

    Example:
        >>> import deepkit
        >>> deepkit.regularizers.serialize(deepkit.regularizers.L2(0.5))["config"]
        {'l2': 0.5}
    """
    return serialization.serialize_keras_object(regularizer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The regularizer that `serialize` wrote.

    Args:
        config: a config or a name.
        custom_objects: names and the classes or functions that they mean.

    Raises:
        UnknownNameError: no regularizer has this name.
        SerializationError: the config names something unknown.

    Example:
        >>> import deepkit
        >>> config = {"class_name": "L2", "config": {"l2": 0.5}}
        >>> deepkit.regularizers.deserialize(config).l2
        0.5
    """
    # The string has factors of its own, unlike the class.
    objects = {**_OBJECTS, "l1_l2": L1L2(l1=0.01, l2=0.01)}
    return serialization.resolve(config, "regularizer", objects, custom_objects=custom_objects)
