"""Initializers by name, and their configs."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from deepkit.core import naming, serialization
from deepkit.tensors import Variable

from ._constant import Constant, Ones, Zeros
from ._glorot import GlorotNormal, GlorotUniform
from ._he import HeNormal, HeUniform
from ._identity import Identity
from ._lecun import LecunNormal, LecunUniform
from ._normal import RandomNormal, TruncatedNormal
from ._orthogonal import Orthogonal
from ._stft import STFT
from ._uniform import RandomUniform
from ._variance_scaling import VarianceScaling

_CLASSES = (
    Constant,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    Identity,
    LecunNormal,
    LecunUniform,
    Ones,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    STFT,
    TruncatedNormal,
    VarianceScaling,
    Zeros,
)
_OBJECTS: dict[str, type] = {
    **{cls.__name__: cls for cls in _CLASSES},
    **{naming.to_snake_case(cls.__name__): cls for cls in _CLASSES},
    "IdentityInitializer": Identity,
    "OrthogonalInitializer": Orthogonal,
    "STFTInitializer": STFT,
    "normal": RandomNormal,
    "one": Ones,
    "uniform": RandomUniform,
    "zero": Zeros,
}


def get(identifier: Any) -> Callable[..., Any] | None:
    """Find an initializer.

    Args:
        identifier: a name such as `"he_normal"` or `"HeNormal"`, an initializer, a class that is
            called without arguments, a function `(shape, dtype=None)`, a config, an array that
            holds the values themselves, or `None`, which is returned.

    Raises:
        UnknownNameError: no initializer has this name; the message lists the closest.

    Example:
        >>> import deepkit
        >>> deepkit.initializers.get("zeros")((2,)).tolist()
        [0.0, 0.0]
    """
    if identifier is None:
        return None
    if isinstance(identifier, jax.Array | np.ndarray | np.generic | Variable):
        return Constant(np.asarray(identifier))
    return serialization.resolve(_with_module(identifier), "initializer", _OBJECTS)


def serialize(initializer: Any) -> Any:
    """The config of an initializer, a plain dict.

    Args:
        initializer: an initializer, or a function `(shape, dtype=None)`.

    Example:
        >>> import deepkit
        >>> deepkit.initializers.serialize(deepkit.initializers.Zeros())["class_name"]
        'Zeros'
    """
    return serialization.serialize_keras_object(initializer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The initializer that `serialize` wrote.

    Args:
        config: a config or a name.
        custom_objects: names and the classes or functions that they mean.

    Raises:
        UnknownNameError: no initializer has this name.
        SerializationError: the config names something unknown.

    Example:
        >>> import deepkit
        >>> config = {"class_name": "Constant", "config": {"value": 2.0}}
        >>> deepkit.initializers.deserialize(config)((2,)).tolist()
        [2.0, 2.0]
    """
    return serialization.resolve(
        _with_module(config), "initializer", _OBJECTS, custom_objects=custom_objects
    )


def _with_module(identifier: Any) -> Any:
    """A config of Keras 1 or 2 names no module, and there is a layer called `Identity` too."""
    if isinstance(identifier, dict) and str(identifier.get("class_name")) in _OBJECTS:
        return {"module": "keras.initializers", **identifier}
    return identifier
