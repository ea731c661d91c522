"""One row for each metric class: how it is made, and on what data it is compared with Keras."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

# Two of the three batches have the same shape, so that what is compiled is shared.
BATCHES = (4, 4, 3)
TOTAL = sum(BATCHES)

Data = tuple[np.ndarray, ...]


def _rng() -> np.random.Generator:
    return np.random.default_rng(7)


def _floats(*shape: int) -> np.ndarray:
    return _rng().normal(size=(TOTAL, *shape)).astype("float32")


def values() -> Data:
    return (_floats(),)


def grids() -> Data:
    return (_floats(2, 3),)


def regression() -> Data:
    rng = _rng()
    y_true = rng.normal(size=(TOTAL, 3)).astype("float32")
    return y_true, (y_true + 0.5 * rng.normal(size=(TOTAL, 3))).astype("float32")


def positive() -> Data:
    rng = _rng()
    return tuple(rng.uniform(0.1, 2.0, size=(TOTAL, 3)).astype("float32") for _ in range(2))


def distributions() -> Data:
    y_true, y_pred = positive()
    return y_true / y_true.sum(-1, keepdims=True), y_pred / y_pred.sum(-1, keepdims=True)


def binary() -> Data:
    rng = _rng()
    y_true = rng.integers(0, 2, size=(TOTAL, 3)).astype("float32")
    return y_true, rng.uniform(size=(TOTAL, 3)).astype("float32")


def binary_logits() -> Data:
    y_true, y_pred = binary()
    return y_true, 4 * y_pred - 2


def flat_binary() -> Data:
    y_true, y_pred = binary()
    return y_true[:, 0], y_pred[:, 0]


def signs() -> Data:
    y_true, y_pred = binary()
    return 2 * y_true - 1, 4 * y_pred - 2


def one_hot() -> Data:
    rng = _rng()
    y_true = np.eye(4, dtype="float32")[rng.integers(0, 4, size=TOTAL)]
    y_pred = rng.uniform(0.1, 1.0, size=(TOTAL, 4)).astype("float32")
    return y_true, y_pred / y_pred.sum(-1, keepdims=True)


def indices() -> Data:
    y_true, y_pred = one_hot()
    return y_true.argmax(-1).astype("int32"), y_pred


def index_columns() -> Data:
    y_true, y_pred = indices()
    return y_true[:, None], y_pred


def sorted_ids() -> Data:
    y_true, y_pred = indices()
    return y_true, np.argsort(-y_pred, axis=-1).astype("int32")


def label_maps() -> Data:
    rng = _rng()
    y_true = rng.integers(0, 4, size=(TOTAL, 5)).astype("int32")
    is_right = rng.uniform(size=y_true.shape) < 0.5
    y_pred = np.where(is_right, y_true, rng.integers(0, 4, size=y_true.shape))
    return y_true, y_pred.astype("int32")


@dataclasses.dataclass(frozen=True)
class Row:
    """A class, the arguments of its constructor, and its data."""

    name: str
    data: Callable[[], Data]
    kwargs: dict[str, Any] = dataclasses.field(default_factory=dict)
    note: str = ""

    @property
    def takes_one_weight_a_label(self) -> bool:
        """Whether Keras needs a weight for each label here, and cannot spread one a sample."""
        return self.data in (label_maps, binary) and "IoU" in self.name

    @property
    def id(self) -> str:
        return f"{self.name}-{self.note}" if self.note else self.name


def _row(name: str, data: Callable[[], Data], note: str = "", **kwargs: Any) -> Row:
    return Row(name, data, kwargs, note)


# Integers, which are Keras's default for the counts of these, would cut weights off.
_FLOAT = {"dtype": "float32"}
_SCORES = {"sparse_y_true": False, "sparse_y_pred": False}

ROWS = (
    _row("Mean", values),
    _row("Mean", grids, "grids"),
    _row("Sum", values),
    _row("Sum", grids, "grids"),
    _row("Accuracy", label_maps),
    _row("BinaryAccuracy", binary),
    _row("BinaryAccuracy", binary, "threshold", threshold=0.3),
    _row("CategoricalAccuracy", one_hot),
    _row("SparseCategoricalAccuracy", indices),
    _row("SparseCategoricalAccuracy", index_columns, "columns"),
    _row("TopKCategoricalAccuracy", one_hot, k=2),
    _row("SparseTopKCategoricalAccuracy", indices, k=2),
    _row("SparseTopKCategoricalAccuracy", index_columns, "columns", k=2),
    _row("SparseTopKCategoricalAccuracy", sorted_ids, "ids", k=2, from_sorted_ids=True),
    _row("MeanSquaredError", regression),
    _row("RootMeanSquaredError", regression),
    _row("MeanAbsoluteError", regression),
    _row("MeanAbsolutePercentageError", positive),
    _row("MeanSquaredLogarithmicError", positive),
    _row("LogCoshError", regression),
    _row("CosineSimilarity", regression),
    _row("PearsonCorrelation", regression),
    _row("ConcordanceCorrelation", regression),
    _row("R2Score", regression),
    _row("R2Score", regression, "outputs", class_aggregation=None),
    _row("R2Score", regression, "variance", class_aggregation="variance_weighted_average"),
    _row("R2Score", regression, "adjusted", num_regressors=2),
    _row("Hinge", signs),
    _row("SquaredHinge", signs),
    _row("CategoricalHinge", one_hot),
    _row("KLDivergence", distributions),
    _row("Poisson", positive),
    _row("BinaryCrossentropy", binary),
    _row("BinaryCrossentropy", binary_logits, "logits", from_logits=True, label_smoothing=0.1),
    _row("CategoricalCrossentropy", one_hot),
    _row("CategoricalCrossentropy", one_hot, "smooth", from_logits=True, label_smoothing=0.1),
    _row("SparseCategoricalCrossentropy", indices),
    # Few different shapes and numbers of thresholds, so that what is compiled is shared.
    _row("TruePositives", binary),
    _row("FalsePositives", binary, thresholds=[0.3, 0.6]),
    _row("TrueNegatives", binary, thresholds=[0.7, 0.2]),
    _row("FalseNegatives", binary),
    _row("Precision", binary),
    _row("Precision", binary, "thresholds", thresholds=[0.0, 0.5, 1.0]),
    _row("Precision", binary, "top_k", top_k=2),
    _row("Precision", binary, "class", class_id=2, top_k=2, thresholds=0.4),
    _row("Recall", flat_binary),
    _row("Recall", binary, "thresholds", thresholds=[0.8, 0.1]),
    _row("Recall", binary, "top_k", top_k=1),
    _row("Recall", binary, "class", class_id=2),
    _row("SensitivityAtSpecificity", binary, specificity=0.5),
    _row("SensitivityAtSpecificity", binary, "one", specificity=0.2, num_thresholds=1),
    _row("SpecificityAtSensitivity", binary, sensitivity=0.5),
    _row("PrecisionAtRecall", binary, recall=0.6),
    _row("PrecisionAtRecall", binary, "class", recall=0.6, class_id=0, num_thresholds=11),
    _row("RecallAtPrecision", binary, precision=0.6),
    _row("AUC", flat_binary),
    _row("AUC", binary, "flattened", num_thresholds=11),
    _row("AUC", binary, "thresholds", thresholds=[0.3]),
    _row("AUC", binary, "minoring", summation_method="minoring"),
    _row("AUC", binary, "majoring", summation_method="majoring"),
    _row("AUC", binary, "PR", curve="PR"),
    _row("AUC", binary, "PR-minoring", curve="PR", summation_method="minoring"),
    _row("AUC", binary, "PRGAIN", curve="PRGAIN"),
    _row("AUC", binary_logits, "logits", from_logits=True),
    _row("AUC", binary, "labels", multi_label=True, num_labels=3),
    _row("AUC", binary, "labels-PR", multi_label=True, curve="PR"),
    _row("AUC", binary, "label-weights", multi_label=True, label_weights=[1.0, 2.0, 0.5]),
    _row("AUC", binary, "flat-label-weights", label_weights=[1.0, 2.0, 0.5]),
    _row("FBetaScore", one_hot, beta=2.0),
    _row("FBetaScore", binary, "micro", beta=0.5, average="micro", threshold=0.4),
    _row("F1Score", binary, threshold=0.5),
    _row("F1Score", one_hot, "macro", average="macro"),
    _row("F1Score", binary, "weighted", average="weighted", threshold=0.5),
    _row("IoU", label_maps, num_classes=4, target_class_ids=[0, 2], **_FLOAT),
    _row("IoU", label_maps, "one", num_classes=4, target_class_ids=[1], ignore_class=0, **_FLOAT),
    _row("BinaryIoU", binary, **_FLOAT),
    _row("BinaryIoU", binary, "one", target_class_ids=[1], threshold=0.3, **_FLOAT),
    _row("MeanIoU", label_maps, num_classes=4, **_FLOAT),
    _row("MeanIoU", label_maps, "outside", num_classes=3, **_FLOAT),
    _row("MeanIoU", one_hot, "scores", num_classes=4, **_SCORES, **_FLOAT),
    _row("OneHotIoU", one_hot, num_classes=4, target_class_ids=(0, 3), **_FLOAT),
    _row("OneHotMeanIoU", one_hot, num_classes=4, **_FLOAT),
)


def weights() -> np.ndarray:
    """One weight for each sample."""
    return _rng().uniform(0.2, 2.0, size=TOTAL).astype("float32")


def batches(arrays: Data) -> list[Data]:
    """The arrays cut into batches of different sizes."""
    ends = np.cumsum(BATCHES)
    return [tuple(a[end - size : end] for a in arrays) for size, end in zip(BATCHES, ends)]
