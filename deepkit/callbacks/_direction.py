"""Whether more of a monitored value is better or less of it."""

from collections.abc import Iterator
from typing import Any

# Ends of names, for values that come from no metric object (as a custom `train_step` returns).
_LESS_IS_BETTER = (
    "loss error mse mae mape msle rmse crossentropy divergence perplexity hinge poisson logcosh"
)
_MORE_IS_BETTER = (
    "acc accuracy auc precision recall f1 f1_score fbeta_score iou sensitivity specificity "
    "r2_score similarity"
)


def infer_direction(monitor: str, model: Any) -> str | None:
    """`"min"` or `"max"` by the metric of that name, or else by the name; `None` if unclear."""
    name = monitor.removeprefix("val_")
    if name == "loss":
        return "min"
    for metric in _all_metrics(getattr(model, "metrics", ())):
        if name == metric.name or name.endswith(f"_{metric.name}"):
            direction = getattr(metric, "_direction", None)
            if direction in ("up", "down"):
                return "max" if direction == "up" else "min"
    for mode, endings in (("min", _LESS_IS_BETTER), ("max", _MORE_IS_BETTER)):
        if any(name == ending or name.endswith(f"_{ending}") for ending in endings.split()):
            return mode
    return None


def _all_metrics(metrics: Any) -> Iterator[Any]:
    """Metrics, and those inside of containers of metrics."""
    for metric in metrics:
        inner = getattr(metric, "metrics", None)
        if inner:
            yield from _all_metrics(inner)
        yield metric
