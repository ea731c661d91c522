"""The arguments of `compile` of older Keras."""

from collections.abc import Callable
from typing import Any

from ._entries import is_of_today
from ._loss_scales import has_fixed_scale
from ._losses import modern_loss, modern_metric, with_older_cosine
from ._optimizers import modern_optimizer

_OPTIONS = ("run_eagerly", "steps_per_execution", "jit_compile")


def modern_training_config(training: dict[str, Any], version: str | None = None) -> dict[str, Any]:
    """The arguments of `compile` in the `.h5` format, as Keras 3 writes them.

    Args:
        training: what older Keras wrote as `training_config`.
        version: the version of Keras that the file names.

    Raises:
        SerializationError: a loss, metric or optimizer, or an argument of one, has no equal here.
    """
    names = ("loss", "loss_weights", "metrics", "weighted_metrics")
    arguments = {name: training.get(name) for name in names}
    for name in _OPTIONS:
        if training.get(name) is not None:
            arguments[name] = training[name]
    arguments = {"optimizer": training.get("optimizer_config"), **arguments}
    if is_of_today(version):
        return arguments
    if isinstance(version, str):
        arguments = with_older_cosine(arguments, version)
    return modern_compile_config(arguments)


def modern_compile_config(config: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `compile` in the `.keras` format, as Keras 3 writes them.

    Args:
        config: the `compile_config` of a model.

    Raises:
        SerializationError: a loss, metric or optimizer, or an argument of one, has no equal here.
    """
    config = {k: v for k, v in config.items() if k not in _OPTIONS or v is not None}
    config["optimizer"] = modern_optimizer(config.get("optimizer"))
    if has_fixed_scale(config["optimizer"]):
        # Or a model of mixed precision would have another one, which changes.
        config["auto_scale_loss"] = False
    config["loss"] = _each(config.get("loss"), modern_loss)
    for name in ("metrics", "weighted_metrics"):
        config[name] = _modern_metrics(config.get(name))
    if config.get("loss_weights") == []:
        config["loss_weights"] = None
    return config


def _modern_metrics(metrics: Any) -> Any:
    """Metrics without the further list that Keras 2 put around those of a single output."""
    if metrics in ([], {}):
        return None
    if isinstance(metrics, list) and len(metrics) == 1 and isinstance(metrics[0], list):
        metrics = metrics[0]
    if isinstance(metrics, list):
        return [_modern_metrics(metric) for metric in metrics]
    if isinstance(metrics, dict) and "class_name" not in metrics:
        return {output: _modern_metrics(own) for output, own in metrics.items()}
    return modern_metric(metrics)


def _each(value: Any, modern: Callable[[Any], Any]) -> Any:
    """What is in lists and dicts by outputs, each in today's form."""
    if isinstance(value, list):
        return [_each(item, modern) for item in value]
    if isinstance(value, dict) and "class_name" not in value:
        return {output: _each(own, modern) for output, own in value.items()}
    return modern(value)
