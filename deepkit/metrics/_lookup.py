"""Metrics by name, and their configs."""

from typing import Any

from deepkit import losses
from deepkit.core import naming, serialization

from ._accuracy import Accuracy
from ._auc import AUC
from ._binary_accuracy import BinaryAccuracy
from ._binary_crossentropy import BinaryCrossentropy
from ._binary_iou import BinaryIoU
from ._categorical_accuracy import CategoricalAccuracy
from ._categorical_crossentropy import CategoricalCrossentropy
from ._categorical_hinge import CategoricalHinge
from ._concordance_correlation import ConcordanceCorrelation
from ._cosine_similarity import CosineSimilarity
from ._f1_score import F1Score
from ._false_negatives import FalseNegatives
from ._false_positives import FalsePositives
from ._fbeta_score import FBetaScore
from ._hinge import Hinge
from ._iou import IoU
from ._kl_divergence import KLDivergence
from ._log_cosh_error import LogCoshError
from ._mean import Mean
from ._mean_absolute_error import MeanAbsoluteError
from ._mean_absolute_percentage_error import MeanAbsolutePercentageError
from ._mean_iou import MeanIoU
from ._mean_metric_wrapper import MeanMetricWrapper
from ._mean_squared_error import MeanSquaredError
from ._mean_squared_logarithmic_error import MeanSquaredLogarithmicError
from ._metric import Metric
from ._one_hot_iou import OneHotIoU
from ._one_hot_mean_iou import OneHotMeanIoU
from ._pearson_correlation import PearsonCorrelation
from ._poisson import Poisson
from ._precision import Precision
from ._precision_at_recall import PrecisionAtRecall
from ._r2_score import R2Score
from ._recall import Recall
from ._recall_at_precision import RecallAtPrecision
from ._root_mean_squared_error import RootMeanSquaredError
from ._sensitivity_at_specificity import SensitivityAtSpecificity
from ._sparse_categorical_accuracy import SparseCategoricalAccuracy
from ._sparse_categorical_crossentropy import SparseCategoricalCrossentropy
from ._sparse_top_k_categorical_accuracy import SparseTopKCategoricalAccuracy
from ._specificity_at_sensitivity import SpecificityAtSensitivity
from ._squared_hinge import SquaredHinge
from ._sum import Sum
from ._top_k_categorical_accuracy import TopKCategoricalAccuracy
from ._true_negatives import TrueNegatives
from ._true_positives import TruePositives

_CLASSES = (
    Accuracy,
    AUC,
    BinaryAccuracy,
    BinaryCrossentropy,
    BinaryIoU,
    CategoricalAccuracy,
    CategoricalCrossentropy,
    CategoricalHinge,
    ConcordanceCorrelation,
    CosineSimilarity,
    F1Score,
    FalseNegatives,
    FalsePositives,
    FBetaScore,
    Hinge,
    IoU,
    KLDivergence,
    LogCoshError,
    Mean,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanIoU,
    MeanMetricWrapper,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Metric,
    OneHotIoU,
    OneHotMeanIoU,
    PearsonCorrelation,
    Poisson,
    Precision,
    PrecisionAtRecall,
    R2Score,
    Recall,
    RecallAtPrecision,
    RootMeanSquaredError,
    SensitivityAtSpecificity,
    SparseCategoricalAccuracy,
    SparseCategoricalCrossentropy,
    SparseTopKCategoricalAccuracy,
    SpecificityAtSensitivity,
    SquaredHinge,
    Sum,
    TopKCategoricalAccuracy,
    TrueNegatives,
    TruePositives,
)
_ALIASES = {
    "bce": BinaryCrossentropy,
    "mae": MeanAbsoluteError,
    "mape": MeanAbsolutePercentageError,
    "mse": MeanSquaredError,
    "msle": MeanSquaredLogarithmicError,
}
# Functions that no class stands for.
_FUNCTIONS = (
    losses.binary_focal_crossentropy,
    losses.categorical_focal_crossentropy,
    losses.huber,
    losses.log_cosh,
)
_OBJECTS: dict[str, Any] = {
    **{function.__name__: function for function in _FUNCTIONS},
    **{cls.__name__: cls for cls in _CLASSES},
    **{naming.to_snake_case(cls.__name__): cls for cls in _CLASSES},
    **_ALIASES,
    **{name.upper(): cls for name, cls in _ALIASES.items()},
}


def get(identifier: Any) -> Any:
    """Find a metric.

    Args:
        identifier: a name such as `"mse"`, `"mean_squared_error"` or `"MeanSquaredError"`; a
            metric; a class that is called without arguments; a function of `(y_true, y_pred)`; a
            config; or `None`, which is returned.

    Returns:
        A metric, or the function that was given.

    Raises:
        UnknownNameError: no metric has this name; the message lists the closest.

    Example:
        >>> import deepkit
        >>> deepkit.metrics.get("mse")
        <MeanSquaredError name=mean_squared_error>
    """
    if identifier is None:
        return None
    return serialization.resolve(_with_module(identifier), "metric", _OBJECTS)


def serialize(metric: Any) -> Any:
    """The config of a metric or function, a plain dict.

    Args:
        metric: a metric, or a function of `(y_true, y_pred)`.

    Example:
        >>> import deepkit
        >>> deepkit.metrics.serialize(deepkit.metrics.Recall(name="recall"))["class_name"]
        'Recall'
    """
    return serialization.serialize_keras_object(metric)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The metric or function that `serialize` wrote.

    Args:
        config: a config or a name.
        custom_objects: names and the classes or functions that they mean.

    Raises:
        UnknownNameError: no metric has this name.
        SerializationError: the config names something unknown.

    Example:
        >>> import deepkit
        >>> config = {"class_name": "Recall", "config": {"thresholds": 0.3, "name": "recall"}}
        >>> deepkit.metrics.deserialize(config)
        <Recall name=recall>
    """
    return serialization.resolve(
        _with_module(config), "metric", _OBJECTS, custom_objects=custom_objects
    )


def _with_module(identifier: Any) -> Any:
    """A config of Keras 1 or 2 names no module, and many losses have the names of metrics."""
    if isinstance(identifier, dict) and str(identifier.get("class_name")) in _OBJECTS:
        return {"module": "keras.metrics", **identifier}
    return identifier
