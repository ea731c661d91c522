"""The number of true negatives."""

from typing import Any

from ._confusion_count import ConfusionCount


class TrueNegatives(ConfusionCount):
    """The number of true negatives: negative predictions of negative labels.

    With sample weights it is the sum of their weights.

    Args:
        thresholds: a number in [0, 1], or several, above which a prediction is positive; 0.5 if
            `None`. Several give one count each. Take 0 for logits.
        name: the name in logs.
        dtype: the dtype of the result.

    Raises:
        ArgumentError: a threshold is outside of [0, 1].

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.TrueNegatives()
        >>> metric.update_state([0, 1, 1, 0], [0.1, 0.2, 0.7, 0.8])
        >>> float(metric.result())
        1.0
    """

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__("true_negatives", thresholds, name=name, dtype=dtype)
