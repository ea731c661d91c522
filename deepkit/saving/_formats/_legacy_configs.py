"""Configs of Keras 1 and 2 in the form that is read today.

They are plain data here: names and arguments are changed, nothing is looked up.
"""

from typing import Any

_KERNEL = {
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "bias": "use_bias",
}
_CONVOLUTION = {
    **_KERNEL,
    "nb_filter": "filters",
    "filter_length": "kernel_size",
    "subsample": "strides",
    "subsample_length": "strides",
    "border_mode": "padding",
    "dim_ordering": "data_format",
    "atrous_rate": "dilation_rate",
}
_POOLING = {
    "border_mode": "padding",
    "dim_ordering": "data_format",
    "pool_length": "pool_size",
    "stride": "strides",
}

# What Keras 1 called the arguments.
_RENAMED = {
    "Dense": {**_KERNEL, "output_dim": "units"},
    "Dropout": {"p": "rate"},
    "SpatialDropout1D": {"p": "rate"},
    "SpatialDropout2D": {"p": "rate", "dim_ordering": "data_format"},
    "GaussianDropout": {"p": "rate"},
    "GaussianNoise": {"sigma": "stddev"},
    "BatchNormalization": {"beta_init": "beta_initializer", "gamma_init": "gamma_initializer"},
    "Embedding": {
        "init": "embeddings_initializer",
        "W_regularizer": "embeddings_regularizer",
        "W_constraint": "embeddings_constraint",
    },
    "Convolution1D": _CONVOLUTION,
    "Convolution2D": _CONVOLUTION,
    "Convolution3D": _CONVOLUTION,
    "MaxPooling1D": _POOLING,
    "MaxPooling2D": _POOLING,
    "AveragePooling1D": _POOLING,
    "AveragePooling2D": _POOLING,
}
# Arguments that have no meaning any more.
_DROPPED = {
    "": ("batch_input_shape", "batch_shape", "input_dim", "input_shape"),
    "BatchNormalization": ("mode", "virtual_batch_size", "fused"),
    "Embedding": ("input_length", "dropout"),
    "LSTM": ("implementation", "time_major"),
    "GRU": ("implementation", "time_major"),
    "SimpleRNN": ("implementation", "time_major"),
    "RNN": ("implementation", "time_major"),
}
_DATA_FORMATS = {"tf": "channels_last", "th": "channels_first"}
_MODELS = ("Sequential", "Functional", "Model")


def modern_config(entry: dict[str, Any]) -> dict[str, Any]:
    """The config of a model or layer, as Keras 3 writes it.

    Args:
        entry: `{"class_name": …, "config": …}`; one with a `module` is of Keras 3 and stays.
    """
    config = entry.get("config")
    if str(entry.get("module")).startswith("keras.engine."):
        # Keras 2.12 and 2.13; the rest is in today's form.
        return {**entry, "module": "keras"}
    if "module" in entry or not isinstance(entry.get("class_name"), str):
        return entry
    if isinstance(config, list):
        config = {"layers": config}
    if not isinstance(config, dict):
        return entry
    class_name = entry["class_name"]
    if isinstance(config.get("layers"), list):
        config = {**config, "layers": _modern_layers(class_name, config["layers"])}
        if class_name in _MODELS and "input_layers" in config:
            class_name = "Functional"
    else:
        config = _modern_arguments(class_name, config)
    return {**entry, "class_name": class_name, "config": config}


def _modern_layers(class_name: str, layers: list[Any]) -> list[Any]:
    layers = [layer for layer in layers if isinstance(layer, dict)]
    first = layers[0] if layers else {}
    modern = [modern_config(layer) for layer in layers]
    shape = (first.get("config") or {}).get("batch_input_shape") if layers else None
    if class_name == "Sequential" and shape and first.get("class_name") != "InputLayer":
        return [_input_layer(first["config"], shape), *modern]
    return modern


def _input_layer(config: dict[str, Any], shape: Any) -> dict[str, Any]:
    """The input that older Keras made from an argument of the first layer."""
    dtype = config.get("dtype", "float32")
    arguments = {
        "batch_shape": shape,
        "dtype": dtype if isinstance(dtype, str) else "float32",
        "name": f"{config.get('name', 'sequential')}_input",
    }
    return {"class_name": "InputLayer", "config": arguments}


def _modern_arguments(class_name: str, config: dict[str, Any]) -> dict[str, Any]:
    if class_name == "InputLayer":
        return _modern_input(config)
    renamed = _RENAMED.get(class_name, {})
    dropped = (*_DROPPED[""], *_DROPPED.get(class_name, ()))
    result = {renamed.get(k, k): _modern_value(v) for k, v in config.items() if k not in dropped}
    if "nb_row" in result and "nb_col" in result:
        result["kernel_size"] = [result.pop("nb_row"), result.pop("nb_col")]
    if result.get("data_format") in _DATA_FORMATS:
        result["data_format"] = _DATA_FORMATS[result["data_format"]]
    axis = result.get("axis")
    if class_name == "BatchNormalization" and isinstance(axis, list) and len(axis) == 1:
        result["axis"] = axis[0]
    return result


def _modern_input(config: dict[str, Any]) -> dict[str, Any]:
    """The arguments of an input; a shape of tuples may be under its older name."""
    result = {k: v for k, v in config.items() if k != "batch_input_shape"}
    shape = config.get("batch_input_shape", config.get("batch_shape"))
    if shape is not None:
        result["batch_shape"] = shape
    for flag in ("sparse", "ragged"):
        result[flag] = bool(config.get(flag))
    return result


def _modern_value(value: Any) -> Any:
    if isinstance(value, list):
        return [_modern_value(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("name") == "WeightRegularizer":
        penalties = {"l1": value.get("l1", 0.0), "l2": value.get("l2", 0.0)}
        return {"class_name": "L1L2", "config": penalties}
    if "module" in value or "class_name" not in value or not isinstance(value.get("config"), dict):
        return value
    if value["class_name"] == "Policy":
        return {**value, "class_name": "DTypePolicy"}
    if "name" in value["config"]:
        return modern_config(value)
    # Initializers of TensorFlow had a dtype.
    arguments = {k: v for k, v in value["config"].items() if k != "dtype"}
    if value["class_name"] == "VarianceScaling" and arguments.get("distribution") == "normal":
        arguments["distribution"] = "truncated_normal"
    return {**value, "config": arguments}


def modern_training_config(training: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `compile`, as Keras 3 writes them."""
    names = ("loss", "loss_weights", "metrics", "weighted_metrics")
    arguments = {name: training.get(name) for name in names}
    for name in ("run_eagerly", "steps_per_execution", "jit_compile"):
        if training.get(name) is not None:
            arguments[name] = training[name]
    for name in ("metrics", "weighted_metrics"):
        arguments[name] = _modern_metrics(arguments[name])
    if arguments["loss_weights"] == []:
        arguments["loss_weights"] = None
    arguments["loss"] = _modern_loss(arguments["loss"])
    return {"optimizer": _modern_optimizer(training.get("optimizer_config")), **arguments}


def _modern_optimizer(optimizer: Any) -> Any:
    """An optimizer under its plain name; TensorFlow's had the prefix of custom objects."""
    if isinstance(optimizer, dict) and isinstance(optimizer.get("class_name"), str):
        return {**optimizer, "class_name": optimizer["class_name"].removeprefix("Custom>")}
    return optimizer


def _modern_loss(loss: Any) -> Any:
    """Losses without options that are gone, in lists and dicts of them too."""
    if isinstance(loss, list):
        return [_modern_loss(item) for item in loss]
    if not isinstance(loss, dict) or "module" in loss:
        return loss
    if "class_name" not in loss or not isinstance(loss.get("config"), dict):
        return {output: _modern_loss(own) for output, own in loss.items()}
    config = {key: value for key, value in loss["config"].items() if key != "fn"}
    if config.get("reduction") == "auto":
        config["reduction"] = "sum_over_batch_size"
    return {**loss, "config": config}


def _modern_metrics(metrics: Any) -> Any:
    """Metrics without the wrappers and the further list that Keras 2 put around them."""
    if metrics == []:
        return None
    if isinstance(metrics, list):
        if len(metrics) == 1 and isinstance(metrics[0], list):
            metrics = metrics[0]
        return [_modern_metrics(metric) for metric in metrics]
    if isinstance(metrics, dict) and metrics.get("class_name", "").endswith("MeanMetricWrapper"):
        config = metrics["config"]
        accuracy = config.get("name") in ("accuracy", "acc")
        return "accuracy" if accuracy else config.get("fn", config.get("name"))
    if isinstance(metrics, dict) and "class_name" not in metrics:
        return {output: _modern_metrics(own) for output, own in metrics.items()}
    return metrics
