"""Losses by name, and their names in configs."""

from collections.abc import Callable
from typing import Any

from deepkit.core import serialization

from ._binary_crossentropy import BinaryCrossentropy, binary_crossentropy
from ._binary_focal_crossentropy import BinaryFocalCrossentropy, binary_focal_crossentropy
from ._categorical_crossentropy import CategoricalCrossentropy, categorical_crossentropy
from ._categorical_focal_crossentropy import (
    CategoricalFocalCrossentropy,
    categorical_focal_crossentropy,
)
from ._categorical_generalized_cross_entropy import (
    CategoricalGeneralizedCrossEntropy,
    categorical_generalized_cross_entropy,
)
from ._categorical_hinge import CategoricalHinge, categorical_hinge
from ._circle import Circle, circle
from ._cosine_similarity import CosineSimilarity, cosine_similarity
from ._ctc import CTC, ctc
from ._dice import Dice, dice
from ._hinge import Hinge, SquaredHinge, hinge, squared_hinge
from ._huber import Huber, huber
from ._kl_divergence import KLDivergence, kl_divergence
from ._log_cosh import LogCosh, log_cosh
from ._loss import Loss
from ._mean_absolute_error import MeanAbsoluteError, mean_absolute_error
from ._mean_absolute_percentage_error import (
    MeanAbsolutePercentageError,
    mean_absolute_percentage_error,
)
from ._mean_squared_error import MeanSquaredError, mean_squared_error
from ._mean_squared_logarithmic_error import (
    MeanSquaredLogarithmicError,
    mean_squared_logarithmic_error,
)
from ._poisson import Poisson, poisson
from ._sparse_categorical_crossentropy import (
    SparseCategoricalCrossentropy,
    sparse_categorical_crossentropy,
)
from ._tversky import Tversky, tversky

_OBJECTS: dict[str, Any] = {
    loss.__name__: loss
    for loss in (
        CTC,
        BinaryCrossentropy,
        BinaryFocalCrossentropy,
        CategoricalCrossentropy,
        CategoricalFocalCrossentropy,
        CategoricalGeneralizedCrossEntropy,
        CategoricalHinge,
        Circle,
        CosineSimilarity,
        Dice,
        Hinge,
        Huber,
        KLDivergence,
        LogCosh,
        MeanAbsoluteError,
        MeanAbsolutePercentageError,
        MeanSquaredError,
        MeanSquaredLogarithmicError,
        Poisson,
        SparseCategoricalCrossentropy,
        SquaredHinge,
        Tversky,
        binary_crossentropy,
        binary_focal_crossentropy,
        categorical_crossentropy,
        categorical_focal_crossentropy,
        categorical_generalized_cross_entropy,
        categorical_hinge,
        circle,
        cosine_similarity,
        ctc,
        dice,
        hinge,
        huber,
        kl_divergence,
        log_cosh,
        mean_absolute_error,
        mean_absolute_percentage_error,
        mean_squared_error,
        mean_squared_logarithmic_error,
        poisson,
        sparse_categorical_crossentropy,
        squared_hinge,
        tversky,
    )
}
_OBJECTS.update(
    bce=binary_crossentropy,
    BCE=binary_crossentropy,
    cosine_proximity=cosine_similarity,
    huber_loss=huber,
    kld=kl_divergence,
    KLD=kl_divergence,
    kullback_leibler_divergence=kl_divergence,
    logcosh=log_cosh,
    mae=mean_absolute_error,
    MAE=mean_absolute_error,
    mape=mean_absolute_percentage_error,
    MAPE=mean_absolute_percentage_error,
    mse=mean_squared_error,
    MSE=mean_squared_error,
    msle=mean_squared_logarithmic_error,
    MSLE=mean_squared_logarithmic_error,
)


def get(identifier: Any) -> Loss | Callable[..., Any] | None:
    """Find a loss.

    Args:
        identifier: the name of a function (`"mse"`, `"mean_squared_error"`) or of a class
            (`"MeanSquaredError"`), a config, a loss, any function of y_true and y_pred, or `None`.

    Returns:
        A `Loss` for the name of a class, a class or a config of one; functions and `None` as they
        are.

    Raises:
        UnknownNameError: no loss has this name; the message lists the closest.
        ArgumentTypeError: `identifier` is none of these.

    Example:
        >>> import deepkit
        >>> deepkit.losses.get("mse") is deepkit.losses.mean_squared_error
        True
        >>> deepkit.losses.get("Huber").delta
        1.0
    """
    if identifier is None:
        return None
    return serialization.resolve(identifier, "loss", _OBJECTS)


def serialize(loss: Loss | Callable[..., Any]) -> dict[str, Any]:
    """The config of a loss.

    Args:
        loss: a `Loss`, or a function, which is named and not stored.

    Raises:
        SerializationError: the object has neither a config nor a name.

    Example:
        >>> import deepkit
        >>> deepkit.losses.serialize(deepkit.losses.Huber(delta=2.0))["config"]["delta"]
        2.0
    """
    return serialization.serialize_keras_object(loss)


def deserialize(
    name: str | dict[str, Any], custom_objects: dict[str, Any] | None = None
) -> Loss | Callable[..., Any]:
    """The loss that `serialize` wrote.

    Args:
        name: a config, or the name of a loss.
        custom_objects: names and the classes and functions that they mean.

    Raises:
        UnknownNameError: no loss has this name.
        SerializationError: the config names something unknown.

    Example:
        >>> import deepkit
        >>> config = deepkit.losses.serialize(deepkit.losses.Huber(delta=2.0))
        >>> deepkit.losses.deserialize(config).delta
        2.0
    """
    return serialization.resolve(name, "loss", _OBJECTS, custom_objects=custom_objects)
