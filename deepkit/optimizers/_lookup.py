"""Optimizers by name, from configs, and back."""

from typing import Any

from deepkit.core import serialization
from deepkit.core.errors import ArgumentTypeError

from ._adadelta import Adadelta
from ._adafactor import Adafactor
from ._adagrad import Adagrad
from ._adam import Adam
from ._adamax import Adamax
from ._adamw import AdamW
from ._ftrl import Ftrl
from ._lamb import Lamb
from ._lion import Lion
from ._loss_scale_optimizer import LossScaleOptimizer
from ._multi_optimizer import MultiOptimizer
from ._muon import Muon
from ._nadam import Nadam
from ._optax_optimizer import OptaxOptimizer, is_gradient_transformation
from ._optimizer import Optimizer
from ._optimizer_map import OptimizerMap
from ._rmsprop import RMSprop
from ._schedule_free_adamw import ScheduleFreeAdamW
from ._sgd import SGD

_CLASSES = (
    Adadelta,
    Adafactor,
    Adagrad,
    Adam,
    AdamW,
    Adamax,
    Ftrl,
    Lamb,
    Lion,
    LossScaleOptimizer,
    MultiOptimizer,
    Muon,
    Nadam,
    OptimizerMap,
    RMSprop,
    SGD,
    ScheduleFreeAdamW,
)
_BY_NAME = {cls.__name__.lower(): cls for cls in _CLASSES}


def get(identifier: Any) -> Any:
    """The optimizer that is meant by a name, a config, or anything usable as one.

    Args:
        identifier: a name in any case (`"adam"`), a config, an optimizer, a class of optimizers, a
            gradient transformation of optax, or a dict of regular expressions and any of these, of
            which a `MultiOptimizer` is made; `None` stays `None`.

    Raises:
        UnknownNameError: no optimizer has this name.
        ArgumentTypeError: it is none of these.

    Example:
        >>> import deepkit
        >>> deepkit.optimizers.get("rmsprop").rho
        0.9
    """
    if identifier is None or isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, dict) and "class_name" in identifier:
        found = deserialize(identifier)
    elif isinstance(identifier, dict):
        return MultiOptimizer({pattern: get(inner) for pattern, inner in identifier.items()})
    elif is_gradient_transformation(identifier):
        return OptaxOptimizer(identifier)
    else:
        name = identifier.lower() if _is_built_in(identifier) else identifier
        found = serialization.resolve(name, "optimizer", _BY_NAME)
    if isinstance(found, Optimizer):
        return found
    raise ArgumentTypeError(
        f"Expected an optimizer as a name, a config, an instance, or a gradient transformation of "
        f"optax, received {identifier!r}."
    )


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """The config of an optimizer, in the form that `deserialize` takes."""
    return serialization.serialize_keras_object(optimizer)


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
    """The optimizer of a config that `serialize` made, here or in Keras.

    Args:
        config: the config; the class may be named in any case.
        custom_objects: names and the classes that they mean.
    """
    name = config.get("class_name")
    if _is_built_in(name):
        class_name = _BY_NAME[name.lower()].__name__
        config = {"module": "keras.optimizers", **config, "class_name": class_name}
    return serialization.deserialize_keras_object(config, custom_objects=custom_objects)


def _is_built_in(name: Any) -> bool:
    return isinstance(name, str) and name.lower() in _BY_NAME
