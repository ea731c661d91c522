"""Losses and metrics of older Keras."""

import re
from typing import Any

from ._entries import built_in, is_built_in, is_entry, is_users_own, refuse

_WRAPPERS = ("LossFunctionWrapper",)
_METRIC_WRAPPERS = ("MeanMetricWrapper", "SumOverBatchSizeMetricWrapper")
# Keras alone, before it had metrics of its own: they had the sign of the losses.
_METRIC_IS_LOSS = re.compile(r"2\.[0-2]\.\d+")
# Metrics that were functions of their own. The loss of the last two has the other sign.
_METRICS_OF_FUNCTIONS = {
    "kullback_leibler_divergence": "KLDivergence",
    "kld": "KLDivergence",
    "KLD": "KLDivergence",
    "logcosh": "LogCoshError",
    "log_cosh": "LogCoshError",
    "cosine_proximity": "CosineSimilarity",
    "cosine_similarity": "CosineSimilarity",
}


def modern_loss(loss: Any) -> Any:
    """A loss in today's form."""
    if isinstance(loss, dict) and loss.get("class_name") == "function":
        return _function("losses", loss)
    if not is_entry(loss) or is_users_own(loss):
        return loss
    class_name, config = loss["class_name"], dict(loss["config"])
    if class_name in _WRAPPERS:
        return _function("losses", config.get("fn"))
    if not is_built_in("losses", class_name):
        return loss
    config.pop("fn", None)
    if config.get("reduction") == "auto":
        config["reduction"] = "sum_over_batch_size"
    return built_in("losses", class_name, config)


def modern_metric(metric: Any) -> Any:
    """A metric in today's form."""
    if isinstance(metric, str) and metric in _METRICS_OF_FUNCTIONS:
        return _metric_of_function(metric, {"name": metric})
    if isinstance(metric, dict) and metric.get("class_name") == "function":
        return _function("metrics", metric)
    if not is_entry(metric) or is_users_own(metric):
        return metric
    class_name, config = metric["class_name"], dict(metric["config"])
    if class_name in _METRIC_WRAPPERS:
        return _metric_of_function(config.pop("fn", config.get("name")), config)
    if not is_built_in("metrics", class_name):
        return metric
    config.pop("fn", None)
    return built_in("metrics", class_name, config)


def with_older_cosine(arguments: dict[str, Any], version: str) -> dict[str, Any]:
    """The arguments of `compile` with `"cosine_proximity"` as a version computed it.

    Raises:
        SerializationError: it is Keras 1's, which was a mean and no sum.
    """

    def change(value: Any, is_metric: bool) -> Any:
        if isinstance(value, list):
            return [change(item, is_metric) for item in value]
        if isinstance(value, dict) and "class_name" not in value:
            return {output: change(item, is_metric) for output, item in value.items()}
        if value not in ("cosine", "cosine_proximity"):
            return value
        if version.startswith("1."):
            refuse("loss", value, None, "is a mean over the features, which no loss of today is.")
        if is_metric and _METRIC_IS_LOSS.fullmatch(version):
            function = built_in("losses", "function", "cosine_similarity")
            return built_in("metrics", "MeanMetricWrapper", {"name": value, "fn": function})
        return "cosine_proximity"

    return {key: change(value, "metrics" in key) for key, value in arguments.items()}


def _metric_of_function(function: Any, config: dict[str, Any]) -> dict[str, Any]:
    """The mean of a function, as the class that has this function if there is one."""
    if isinstance(function, dict) and function.get("module") == "keras.losses":
        return built_in("metrics", "MeanMetricWrapper", {**config, "fn": function})
    name = function.get("config") if isinstance(function, dict) else function
    class_name = _METRICS_OF_FUNCTIONS.get(name) if isinstance(name, str) else None
    if class_name is not None:
        return built_in("metrics", class_name, config)
    wrapped = {**config, "fn": _function("metrics", function)}
    return built_in("metrics", "MeanMetricWrapper", wrapped)


def _function(area: str, function: Any) -> Any:
    """The entry of a function that a config names by itself, or in an entry."""
    if isinstance(function, dict):
        function = function.get("config")
    if not isinstance(function, str):
        refuse("function", repr(function), None, f"is none of the {area} that have a name.")
    module = f"keras.{area}" if is_built_in(area, function) else None
    return {
        "module": module or "builtins",
        "class_name": "function",
        "config": function,
        "registered_name": function,
    }
