"""Layers of older Keras whose place another layer has taken, with other arguments."""

from collections.abc import Callable
from typing import Any

from ._entries import refuse


def _of_cudnn_lstm(config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "LSTM", {**config, "activation": "tanh", "recurrent_activation": "sigmoid"}


def _of_cudnn_gru(config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    activations = {"activation": "tanh", "recurrent_activation": "sigmoid"}
    return "GRU", {**config, **activations, "reset_after": True}


def _of_synchronized(config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "BatchNormalization", {**config, "synchronized": True}


_MERGES = {
    "sum": "Add",
    "mul": "Multiply",
    "ave": "Average",
    "max": "Maximum",
    "concat": "Concatenate",
    "dot": "Dot",
    "cos": "Dot",
}


def _of_merge(config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The layer that merged in a way of the user's choice."""
    mode = config.get("mode")
    class_name = _MERGES.get(mode) if isinstance(mode, str) else None
    if class_name is None or config.get("mode_type", "raw") != "raw" or "layers" in config:
        refuse(
            "layer",
            "Merge",
            config.get("name"),
            "merges by a function of the user's, or by a mode that there is no longer.",
        )
    result = {"name": config.get("name")}
    if class_name == "Concatenate":
        result["axis"] = config.get("concat_axis", -1)
    if class_name == "Dot":
        axes = config.get("dot_axes", -1)
        result["axes"] = [axes, axes] if isinstance(axes, int) else axes
        result["normalize"] = mode == "cos"
    return class_name, result


def _of_deconvolution(config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A transposed convolution whose user gave the size of the output.

    Of inputs of n steps, without padding, it has (n - 1) · stride + kernel places, and up to
    stride - 1 more, which `output_padding` says. With "same", today's has n · stride.
    """
    result = {key: value for key, value in config.items() if key != "output_shape"}
    shape, name = config.get("output_shape"), config.get("name")
    kernel = [config.get("nb_row"), config.get("nb_col")]
    steps, mode = config.get("subsample", [1, 1]), config.get("border_mode", "valid")
    is_first = config.get("dim_ordering") == "th"
    is_shape = isinstance(shape, list) and len(shape) == 4 and isinstance(steps, list)
    sides = (shape[2:] if is_first else shape[1:3]) if is_shape else []
    if not sides or not all(isinstance(n, int) and n > 0 for n in (*sides, *kernel, *steps)):
        refuse("layer", "Deconvolution2D", name, f"has output_shape={shape!r}, without sides.")
    is_usual = mode == "same" and all(side % step == 0 for side, step in zip(sides, steps))
    if mode != "valid" and not is_usual:
        refuse(
            "layer",
            "Deconvolution2D",
            name,
            f"has border_mode={mode!r} and an output of {tuple(sides)}, for which there is no "
            f"equal here. Make the model in code, with a Conv2DTranspose and what crops or pads "
            f"its output, and call `load_weights` with this file.",
        )
    if mode == "valid":
        # The kernel reaches less far than a step if it is smaller.
        more = [(side - size) % step for side, size, step in zip(sides, kernel, steps)]
        usual = [max(step - size, 0) for size, step in zip(kernel, steps)]
        result["output_padding"] = None if more == usual else more
    return "Conv2DTranspose", result


REPLACED: dict[str, Callable[[dict[str, Any]], tuple[str, dict[str, Any]]]] = {
    "CuDNNGRU": _of_cudnn_gru,
    "CuDNNLSTM": _of_cudnn_lstm,
    "Deconvolution2D": _of_deconvolution,
    "Merge": _of_merge,
    "SyncBatchNormalization": _of_synchronized,
}
