"""Ops in the configs of drawn models, in the form in which Keras writes them.

Keras has a class for each op: what it computes on are the arguments of a call, all else those of a
constructor. Here an op is a function, and the names of its parameters tell the two apart.
"""

import inspect
import types
from collections.abc import Callable
from typing import Any

from deepkit import ops
from deepkit.core import naming
from deepkit.core.errors import SerializationError
from deepkit.tensors import FunctionOperation, has_symbolic

_PACKAGE = "keras.src.ops."
_HOMES = ("numpy", "nn", "linalg", "image")

# Parameters that are arguments of a call in Keras's classes.
_CALL_PARAMETERS = """a abs_ angle array beta bias choicelist condition condlist constant_values
    coordinates data default depthwise_kernel elements end_points gamma image1 image2 images index
    indices inputs kernel key loop_vars mask mean operands output output_length output_shape
    pointwise_kernel pred predictions q query scale segment_ids sequence_lengths sorted_sequence
    start start_indices start_points step stop target target_length targets transform translation
    updates value values variable variance x x1 x2 xs y"""
# The same for names that are both.
_CALL_PARAMETERS_OF = {
    "average": ("weights",),
    "batch_normalization": ("offset",),
    "digitize": ("bins",),
    "full": ("fill_value",),
    "full_like": ("fill_value",),
    "isclose": ("rtol", "atol"),
    "lstsq": ("b",),
    "solve": ("b",),
    "solve_triangular": ("b",),
}
_CONSTRUCTOR_PARAMETERS_OF = {"trapezoid": ("x",)}

_CLASS_NAMES = {
    "allclose": "AllClose",
    "batch_normalization": "BatchNorm",
    "cdist": "CDist",
    "ctc_decode": "CTCDecode",
    "ctc_loss": "CTCLoss",
    "fft": "FFT",
    "fft2": "FFT2",
    "hsv_to_rgb": "HSVToRGB",
    "ifft2": "IFFT2",
    "irfft": "IRFFT",
    "isin": "IsIn",
    "istft": "ISTFT",
    "layer_normalization": "LayerNorm",
    "psnr": "PSNR",
    "rfft": "RFFT",
    "rgb_to_grayscale": "RGBToGrayscale",
    "rgb_to_hsv": "RGBToHSV",
    "rms_normalization": "RMSNorm",
    "searchsorted": "SearchSorted",
    "ssim": "SSIM",
    "stft": "STFT",
    "svd": "SVD",
}
_FUNCTION_NAMES = {class_name: name for name, class_name in _CLASS_NAMES.items()}

# Where Keras keeps an op; in `numpy` unless it is here.
_MODULES = {
    "core": """scatter scatter_update slice slice_update stop_gradient unstack cast saturate_cast
    convert_to_tensor""",
    "math": """segment_sum segment_max segment_min segment_prod top_k in_top_k logsumexp cdist
    extract_sequences fft fft2 ifft2 rfft irfft stft istft rsqrt erf erfc erfinv logdet
    view_as_complex view_as_real""",
    "linalg": """cholesky cholesky_inverse det eig eigh inv lu_factor norm qr solve solve_triangular
    svd lstsq matrix_rank pinv""",
    "image": """rgb_to_grayscale rgb_to_hsv hsv_to_rgb resize affine_transform extract_patches
    map_coordinates pad_images crop_images perspective_transform gaussian_blur elastic_transform
    scale_and_translate sobel_edges ssim""",
    "nn": """relu relu6 sigmoid sparse_sigmoid softplus softsign soft_shrink sparse_plus silu
    squareplus log_sigmoid leaky_relu hard_sigmoid hard_silu elu selu gelu celu glu tanh_shrink
    hard_tanh hard_shrink threshold softmax log_softmax sparsemax max_pool adaptive_max_pool
    average_pool adaptive_average_pool conv depthwise_conv separable_conv conv_transpose one_hot
    binary_crossentropy categorical_crossentropy sparse_categorical_crossentropy multi_hot moments
    batch_normalization ctc_loss ctc_decode normalize psnr dot_product_attention rms_normalization
    layer_normalization polar unfold fold depth_to_space space_to_depth""",
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names.split()}


def as_in_keras(
    operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[dict[str, Any], list[Any], dict[str, Any]] | None:
    """An op and its call as Keras writes them; `None` if they have no such form.

    Args:
        operation: an op in a drawn model.
        args: the arguments of its only call.
        kwargs: the keyword arguments of that call.

    Returns:
        The entry without values written yet, the arguments of the call, and the constructor's.
    """
    if not isinstance(operation, FunctionOperation) or not _is_op(operation.function):
        return None
    name = operation.function.__name__
    try:
        bound = inspect.signature(operation.function).bind(*args, **kwargs)
    except TypeError:
        return None
    given = set(bound.arguments)
    bound.apply_defaults()
    call: list[Any] = []
    options: dict[str, Any] = {}
    for parameter, value in bound.arguments.items():
        if _is_variadic(operation.function, parameter):
            call.extend(value)
        elif _is_of_call(name, parameter):
            call.append(value)
        elif parameter in given:
            options[parameter] = value
    if has_symbolic(options):
        return None
    class_name = _CLASS_NAMES.get(name) or "".join(p.capitalize() for p in name.split("_"))
    entry = {
        "module": _PACKAGE + _MODULE_OF.get(name, "numpy"),
        "class_name": class_name,
        "config": {"name": operation.name},
        "registered_name": class_name,
    }
    return entry, call, options


def is_op_of_keras(entry: dict[str, Any]) -> bool:
    """Whether an entry of a config is an op as Keras writes it.

    In `.h5` files there are no modules; what has neither a dtype nor `trainable` is no layer.
    """
    if "module" in entry:
        return isinstance(entry["module"], str) and entry["module"].startswith(_PACKAGE)
    config = entry.get("config") or {}
    is_layer = not {"dtype", "trainable", "batch_shape", "layers"}.isdisjoint(config)
    return not is_layer and op_named(_function_name(entry)) is not None


def function_of(entry: dict[str, Any]) -> Callable[..., Any]:
    """The op that an entry of Keras names.

    Raises:
        SerializationError: there is none of this name.
    """
    found = op_named(_function_name(entry))
    if found is not None:
        return found
    raise SerializationError(
        f"The config has an op {str(entry.get('class_name'))[:100]!r} that deepkit does not have. "
        f"Make the model in code without it, and load its weights from the file."
    )


def _function_name(entry: dict[str, Any]) -> str:
    class_name = str(entry.get("class_name"))
    return _FUNCTION_NAMES.get(class_name) or naming.to_snake_case(class_name)


def op_named(name: Any) -> Callable[..., Any] | None:
    """The op of a name, in `deepkit.ops` or a part of it."""
    for home in (ops, *(getattr(ops, home, None) for home in _HOMES)):
        found = getattr(home, name, None) if isinstance(name, str) else None
        if _is_op(found):
            return found
    return None


def call_arguments(
    function: Callable[..., Any], args: list[Any], options: dict[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of a function for those of a call and of a constructor in Keras.

    Args:
        function: the op.
        args: what Keras calls the op on.
        options: the arguments of the op's constructor, by name.
    """
    if function.__name__ == "get_item" and len(args) == 2 and isinstance(args[1], list):
        args = [args[0], tuple(args[1])]  # JSON has no tuples
    parameters = inspect.signature(function).parameters
    options = {key: value for key, value in options.items() if key in parameters}
    values = iter(args)
    named: dict[str, Any] = {}
    for name in parameters:
        if _is_variadic(function, name):
            return [*named.values(), *values], options
        if name in options:
            named[name] = options.pop(name)
        elif _is_of_call(function.__name__, name):
            named.update(zip([name], values))
    return [], named


def _is_op(function: Any) -> bool:
    """Whether something is a function of tensors of `deepkit.ops`."""
    return (
        isinstance(function, types.FunctionType)
        and hasattr(function, "__wrapped__")
        and function.__module__.startswith("deepkit.ops.")
    )


def _is_variadic(function: Callable[..., Any], parameter: str) -> bool:
    kind = inspect.signature(function).parameters[parameter].kind
    return kind is inspect.Parameter.VAR_POSITIONAL


def _is_of_call(name: str, parameter: str) -> bool:
    if parameter in _CONSTRUCTOR_PARAMETERS_OF.get(name, ()):
        return False
    return parameter in _CALL_PARAMETERS.split() or parameter in _CALL_PARAMETERS_OF.get(name, ())
