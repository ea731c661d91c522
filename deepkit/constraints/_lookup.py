"""Constraints by name, and their configs."""

from collections.abc import Callable
from typing import Any

from deepkit.core import serialization

from ._non_neg import NonNeg
from ._norms import MaxNorm, MinMaxNorm, UnitNorm

_OBJECTS: dict[str, type] = {
    "MaxNorm": MaxNorm,
    "MinMaxNorm": MinMaxNorm,
    "NonNeg": NonNeg,
    "UnitNorm": UnitNorm,
    "max_norm": MaxNorm,
    "min_max_norm": MinMaxNorm,
    "non_neg": NonNeg,
    "unit_norm": UnitNorm,
}


def get(identifier: Any) -> Callable[..., Any] | None:
    """Find a constraint.

    Args:
        identifier: a name such as `"non_neg"`, a constraint, a class that is called without
            arguments, a function from a weight to a weight, a config, or `None`, which is returned.

    Raises:
        UnknownNameError: no constraint has this name; the message lists the closest.

    Example:
        >>> import deepkit
        >>> deepkit.constraints.get("unit_norm").axis
        0
    """
    return None if identifier is None else deserialize(identifier)


def serialize(constraint: Any) -> Any:
    """The config of a constraint, a plain dict.

    Args:
        constraint: a constraint, or a function from a weight to a weight.

    Example:
        >>> import deepkit
        >>> deepkit.constraints.serialize(deepkit.constraints.UnitNorm(1))["config"]
        {'axis': 1}
    """
    return serialization.serialize_keras_object(constraint)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The constraint that `serialize` wrote.

    Args:
        config: a config or a name.
        custom_objects: names and the classes or functions that they mean.

    Raises:
        UnknownNameError: no constraint has this name.
        SerializationError: the config names something unknown.

    Example:
        >>> import deepkit
        >>> config = {"class_name": "MaxNorm", "config": {"max_value": 3.0}}
        >>> deepkit.constraints.deserialize(config).max_value
        3.0
    """
    return serialization.resolve(config, "constraint", _OBJECTS, custom_objects=custom_objects)
