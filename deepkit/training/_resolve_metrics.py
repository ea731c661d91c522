"""From what users give `compile` as a metric to a metric; short names are chosen by shapes."""

from typing import Any

from deepkit import metrics
from deepkit.core import naming
from deepkit.metrics import MeanMetricWrapper, Metric

ACCURACIES = ("accuracy", "acc")
CROSSENTROPIES = ("crossentropy", "ce")

_METRICS = {
    "binary": (metrics.BinaryAccuracy, metrics.BinaryCrossentropy),
    "sparse": (metrics.SparseCategoricalAccuracy, metrics.SparseCategoricalCrossentropy),
    "categorical": (metrics.CategoricalAccuracy, metrics.CategoricalCrossentropy),
}


def is_short(identifier: Any, names: tuple[str, ...]) -> bool:
    """Whether an identifier is one of the names that stand for a family, in any case."""
    return isinstance(identifier, str) and identifier.lower() in names


def target_kind(y_true: Any, y_pred: Any) -> str:
    """What a classifier predicts, by the shapes of targets and outputs.

    Args:
        y_true: targets, anything with a shape.
        y_pred: outputs, likewise.

    Returns:
        `"binary"` for one score a place, `"sparse"` for scores of classes with integer labels,
        `"categorical"` for scores of classes with one row of probabilities each.
    """
    true, pred = tuple(y_true.shape), tuple(y_pred.shape)
    if len(pred) < 2 or pred[-1] == 1:
        return "binary"
    if len(true) < len(pred) or true[-1] == 1:
        return "sparse"
    return "categorical"


def resolve_metric(identifier: Any, y_true: Any, y_pred: Any) -> Metric:
    """A metric for an identifier.

    Args:
        identifier: a name, a config, a metric, a class of one, or a function of
            `(y_true, y_pred)`, which becomes the mean of its values. `"accuracy"`, `"acc"`,
            `"crossentropy"` and `"ce"` are chosen by the shapes. A metric found by name has that
            name; another one has its own, or that of its function.
        y_true: targets, anything with a shape.
        y_pred: outputs, likewise.

    Raises:
        UnknownNameError: no metric has this name.
        ArgumentTypeError: `identifier` is none of these.
    """
    if is_short(identifier, ACCURACIES):
        return _METRICS[target_kind(y_true, y_pred)][0](name=identifier)
    if is_short(identifier, CROSSENTROPIES):
        return _METRICS[target_kind(y_true, y_pred)][1](name=identifier)
    found = metrics.get(identifier)
    name = identifier if isinstance(identifier, str) else object_name(found)
    if not isinstance(found, Metric):
        return MeanMetricWrapper(found, name=name)
    if isinstance(identifier, str):
        found.name = name
    return found


def check_metric(identifier: Any) -> None:
    """Raise if an identifier can be no metric, whatever the shapes.

    Raises:
        UnknownNameError: no metric has this name.
        ArgumentTypeError: it is of no usable type.
    """
    if isinstance(identifier, dict) or callable(identifier):
        return
    if not is_short(identifier, ACCURACIES + CROSSENTROPIES):
        metrics.get(identifier)


def object_name(found: Any) -> str:
    """The name of an object with one, else of a function, else of the class, in snake case."""
    name = getattr(found, "name", None)
    if name is not None:
        return str(name)
    return naming.to_snake_case(getattr(found, "__name__", type(found).__name__))
