"""One row for each loss: its function, its class, inputs that suit it, and options to try."""

import dataclasses
from typing import Any

import numpy as np

N, T, K = 4, 3, 5  # samples, time steps, classes


def softmax(x: np.ndarray) -> np.ndarray:
    """Rows of probabilities."""
    powers = np.exp(x - x.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def inputs(kind: str, shape: tuple[int, ...] = (N, K), seed: int = 0) -> np.ndarray:
    """An array of one kind: what stands in `Row.true` and `Row.pred`."""
    rng = np.random.default_rng(seed)
    normal = rng.normal(size=shape)
    made = {
        "real": lambda: normal,
        "positive": lambda: np.abs(normal) + 0.1,
        "counts": lambda: rng.integers(0, 6, shape),
        "binary": lambda: rng.integers(0, 2, shape),
        "signs": lambda: rng.integers(0, 2, shape) * 2 - 1,
        "probability": lambda: 1.0 / (1.0 + np.exp(-normal)),
        "distribution": lambda: softmax(normal),
        "onehot": lambda: np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])],
        "labels": lambda: rng.integers(0, shape[-1], shape[:-1]),
        "unit": lambda: normal / np.linalg.norm(normal, axis=-1, keepdims=True),
    }[kind]()
    return made.astype("int32" if kind in ("labels", "counts", "binary", "signs") else "float32")


@dataclasses.dataclass(frozen=True)
class Row:
    """A loss: `options` are keyword arguments to try, each a case of its own."""

    function: str
    cls: str
    true: str
    pred: str
    options: tuple[dict[str, Any], ...] = ({},)
    class_options: dict[str, Any] = dataclasses.field(default_factory=dict)
    sparse: bool = False

    def data(self, *leading: int, pred: str | None = None) -> tuple[np.ndarray, np.ndarray]:
        """y_true and y_pred with the given leading axes."""
        shape = (*(leading or (N,)), K)
        return inputs(self.true, shape, 1), inputs(pred or self.pred, shape, 2)


_LOGITS = {"from_logits": True}
_AXES = {"axis": (1, 2)}

ROWS = (
    Row("mean_squared_error", "MeanSquaredError", "real", "real"),
    Row("mean_absolute_error", "MeanAbsoluteError", "real", "real"),
    Row("mean_absolute_percentage_error", "MeanAbsolutePercentageError", "real", "real"),
    Row("mean_squared_logarithmic_error", "MeanSquaredLogarithmicError", "real", "positive"),
    Row(
        "cosine_similarity",
        "CosineSimilarity",
        "real",
        "real",
        ({}, {"axis": 0}),
        {"axis": -1},
    ),
    Row("huber", "Huber", "real", "real", ({}, {"delta": 0.3}), {"delta": 0.3}),
    Row("log_cosh", "LogCosh", "real", "real"),
    Row("hinge", "Hinge", "binary", "real"),
    Row("squared_hinge", "SquaredHinge", "signs", "real"),
    Row("categorical_hinge", "CategoricalHinge", "onehot", "real"),
    Row("kl_divergence", "KLDivergence", "distribution", "distribution"),
    Row("poisson", "Poisson", "counts", "positive"),
    Row(
        "binary_crossentropy",
        "BinaryCrossentropy",
        "binary",
        "probability",
        ({}, _LOGITS, {"label_smoothing": 0.1}, {"axis": 0}),
        {"label_smoothing": 0.1, "axis": -1},
    ),
    Row(
        "binary_focal_crossentropy",
        "BinaryFocalCrossentropy",
        "binary",
        "probability",
        (
            {},
            _LOGITS,
            {"label_smoothing": 0.1, "gamma": 1.5},
            {"apply_class_balancing": True, "alpha": 0.4},
            {"gamma": 0.0, "axis": 0},
        ),
        {"apply_class_balancing": True, "alpha": 0.4, "gamma": 1.5},
    ),
    Row(
        "categorical_crossentropy",
        "CategoricalCrossentropy",
        "onehot",
        "probability",  # not normalized: the loss divides by the sum
        ({}, _LOGITS, {"label_smoothing": 0.1}, {"axis": 0}),
        {"from_logits": True, "label_smoothing": 0.2},
    ),
    Row(
        "categorical_focal_crossentropy",
        "CategoricalFocalCrossentropy",
        "onehot",
        "probability",
        (
            {},
            _LOGITS,
            {"label_smoothing": 0.1, "gamma": 1.5},
            {"alpha": [0.1, 0.2, 0.3, 0.4, 0.5]},
            {"axis": 0},
        ),
        {"alpha": 0.4, "gamma": 1.5},
    ),
    Row(
        "sparse_categorical_crossentropy",
        "SparseCategoricalCrossentropy",
        "labels",
        "probability",
        ({}, _LOGITS, {"ignore_class": 1}, {"ignore_class": 1, "from_logits": True}),
        {"ignore_class": 1},
        sparse=True,
    ),
    Row(
        "categorical_generalized_cross_entropy",
        "CategoricalGeneralizedCrossEntropy",
        "labels",
        "distribution",
        ({"q": 0.5}, {"q": 0.9}),
        {"q": 0.3},
        sparse=True,
    ),
    Row("dice", "Dice", "binary", "probability", ({}, {"axis": 1}, {"axis": (0, 1)}), {"axis": -1}),
    Row(
        "tversky",
        "Tversky",
        "binary",
        "probability",
        ({}, {"axis": 1}, {"alpha": 0.3, "beta": 0.7}),
        {"alpha": 0.3, "beta": 0.7, "axis": -1},
    ),
    Row(
        "circle",
        "Circle",
        "labels",
        "unit",
        ({}, {"gamma": 2.0, "margin": 0.1}, {"remove_diagonal": False}),
        {"gamma": 2.0, "margin": 0.1},
        sparse=True,
    ),
)
CTC = Row("ctc", "CTC", "labels", "real", sparse=True)
CASES = [(row, options) for row in ROWS for options in row.options]


def case_id(value: Any) -> str:
    """A readable parameter id."""
    if isinstance(value, Row):
        return value.function
    return "-".join(f"{k}={v}" for k, v in value.items()) or "default"


def pred_kind(row: Row, options: dict[str, Any]) -> str:
    """The kind of predictions: real numbers for logits."""
    return "real" if options.get("from_logits") else row.pred
