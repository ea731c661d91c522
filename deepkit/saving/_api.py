"""Saving and loading of models and weights: the formats are told apart by the ending."""

import math
import pathlib
from typing import Any

from deepkit.core.errors import ArgumentError, ArgumentTypeError
from deepkit.saving import _formats
from deepkit.saving._deferred import DeferredOptimizer
from deepkit.saving._paths import (
    LEGACY_ENDINGS,
    SAFETENSORS_ENDING,
    SHARDS_ENDING,
    WEIGHTS_ENDING,
    WEIGHTS_ENDINGS,
    check_folder,
    check_overwrite,
    existing_file,
    index_path,
    local_path,
)
from deepkit.saving._saveable import check_built

_SKIP_HINT = "Pass `skip_mismatch=True` to load what fits and leave the rest as it is."
_OPTIMIZER_HINT = " Pass `include_optimizer=False` to leave the optimizer as it is."


def save_model(
    model: Any, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any
) -> None:
    """Write a model to one file: architecture, weights, compile arguments, optimizer, seeds.

    The file is written beside its place first, and takes it when it is whole. Keras 3 opens it,
    too. Training goes on after loading as if it had not stopped.

    Args:
        model: the model.
        filepath: a path that ends in `.keras`, or in `.h5` or `.hdf5` for the older format.
        overwrite: whether an existing file may be replaced.
        zipped: `False` writes what is in a `.keras` file into a folder; the path must not end as
            those of files do.
        include_optimizer: (keyword) whether compile arguments and optimizer state are written.

    Raises:
        ArgumentError: the path has another ending, the file exists and may not be replaced, or the
            folder has something else than a model in it.
        SerializationError: a part of the model cannot be written; the message says which.

    Example:
        >>> import deepkit, os, tempfile
        >>> model = deepkit.Sequential([deepkit.Input((3,)), deepkit.layers.Dense(2)])
        >>> path = os.path.join(tempfile.mkdtemp(), "model.keras")
        >>> deepkit.saving.save_model(model, path)
        >>> deepkit.saving.load_model(path).output_shape
        (None, 2)
    """
    include_optimizer = kwargs.pop("include_optimizer", True)
    kwargs.pop("save_format", None)
    _reject(kwargs, "save_model")
    path = local_path(filepath)
    if zipped is False:
        check_folder(path, overwrite)
        _formats.archive.save_model(model, path, include_optimizer, zipped=False)
        return
    if path.name.endswith(WEIGHTS_ENDINGS):
        raise ArgumentError(
            f"Expected a path for a whole model, received '{path}', whose ending is that of files "
            f"with weights alone. Use `save_weights`, or another ending."
        )
    file_format = _model_format(path)
    check_overwrite(path, overwrite)
    file_format.save_model(model, path, include_optimizer=include_optimizer)


def load_model(
    filepath: Any,
    custom_objects: dict[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool | None = True,
) -> Any:
    """Make a model again from a file that deepkit or Keras wrote.

    Nothing in a file is run or imported: classes and functions are found among `custom_objects`,
    those that are registered, and deepkit's own.

    Args:
        filepath: a path that ends in `.keras`, `.h5` or `.hdf5`, or a folder.
        custom_objects: names in the file and the classes and functions that they mean.
        compile: whether the model is compiled as it was, and its optimizer's state loaded.
        safe_mode: whether lambdas, which files hold as Python bytecode, are refused.

    Returns:
        The model.

    Raises:
        MissingFileError: there is no such file.
        CorruptFileError: the file is damaged or of another kind than its name says.
        UnsafeFileError: the file asks for something that is not done, such as running code.
        SerializationError: the file names something unknown; the message says how to register it.
        WeightMismatchError: the weights do not fit the architecture.
    """
    path = existing_file(filepath)
    file_format = _formats.archive if path.is_dir() else _model_format(path)
    return file_format.load_model(path, custom_objects, compile, safe_mode)


def save_weights(
    model: Any,
    filepath: Any,
    overwrite: bool = True,
    max_shard_size: float | None = None,
    **kwargs: Any,
) -> None:
    """Write the weights of a model, with the states of its optimizer and seeds.

    With `max_shard_size`, they are written into files of at most so many bytes, and an index that
    ends in `.weights.json`. An old index and its files stay whole until the new ones take their
    place. `load_weights`, here and in Keras, takes the index. Whole models are one file, whatever
    their size.

    A `.safetensors` file holds the weights alone, each under its attributes and name with dots
    between them (`layers.dense.kernel`), so that other libraries can read it.

    Args:
        model: the model, built.
        filepath: a path that ends in `.weights.h5` or `.safetensors`, or in `.weights.json` for
            several files.
        overwrite: whether an existing file may be replaced.
        max_shard_size: the most GB, of 2³⁰ bytes, that the arrays of one file have together.

    Raises:
        ArgumentError: the path has another ending, the file exists and may not be replaced, or an
            array is larger than `max_shard_size`.
        NotBuiltError: the model has no weights yet.

    Example:
        >>> import deepkit, os, tempfile
        >>> model = deepkit.Sequential([deepkit.Input((300,)), deepkit.layers.Dense(300)])
        >>> path = os.path.join(tempfile.mkdtemp(), "model.weights.json")
        >>> model.save_weights(path, max_shard_size=0.001)
        >>> model.load_weights(path)
    """
    _reject(kwargs, "save_weights")
    path = local_path(filepath)
    if max_shard_size is not None:
        path = index_path(path)
        _check_shard_size(max_shard_size)
    elif not path.name.endswith((WEIGHTS_ENDING, SAFETENSORS_ENDING)):
        hint = " Pass `max_shard_size`, too." if path.name.endswith(SHARDS_ENDING) else ""
        raise ArgumentError(
            f"Expected a path that ends in `{WEIGHTS_ENDING}` or `{SAFETENSORS_ENDING}` for "
            f"weights, received '{path}'.{hint}"
        )
    check_built(model, "saved")
    check_overwrite(path, overwrite)
    if max_shard_size is None:
        _weights_format(path)[0].save_weights(model, path)
    else:
        _formats.shards.save_weights(model, path, max_shard_size * 2**30)


def _check_shard_size(size: Any) -> None:
    is_number = isinstance(size, int | float) and not isinstance(size, bool)
    if not is_number or not 0 < size < math.inf:
        raise ArgumentError(
            f"Expected `max_shard_size` to be a positive number of GB, received {size!r}."
        )


def load_weights(model: Any, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
    """Load weights from a file that `save_weights` or `save_model` wrote, here or in Keras.

    All names, shapes and dtypes are compared first. If something does not fit, nothing is changed.
    Values are cast where the model keeps another dtype of the same kind. The states of seeds are
    loaded where both the file and the model have them.

    The state of the optimizer is loaded, too, if the model is compiled. If it is not, the next
    `compile` warns that the optimizer starts anew; `include_optimizer=True` has it go on from the
    state in the file, which must then still be there.

    Args:
        model: the model, built.
        filepath: a path that ends in `.weights.h5`, `.weights.json`, `.safetensors`, `.keras`,
            `.h5` or `.hdf5`, or a folder that `save_model` wrote.
        skip_mismatch: whether layers that do not fit are left out, with one warning.
        include_optimizer: (keyword) whether the optimizer's state is loaded: `True` leaves that
            to the next `compile` if need be, `False` leaves the optimizer as it is.
        objects_to_skip: (keyword) layers and optimizers that are left as they are.
        by_name: (keyword) for `.h5`: load the layers whose names are in the file, and leave the
            others as they are.

    Raises:
        WeightMismatchError: something does not fit, or the optimizer has begun and the file has no
            state of it; the message lists what.
        NotBuiltError: the model has no weights yet.
        MissingFileError: there is no such file.
        CorruptFileError: the file is damaged or of another kind than its name says.
    """
    path = existing_file(filepath)
    check_built(model, "loaded")
    file_format, options = _weights_format(path)
    allowed = {key: kwargs.pop(key) for key in options if kwargs.get(key) is not None}
    _reject({k: v for k, v in kwargs.items() if v is not None}, f"load_weights('{path.name}')")
    hint = _SKIP_HINT + _OPTIMIZER_HINT
    is_left = file_format.load_weights(
        model, path, hint=hint, skip_mismatch=skip_mismatch, **allowed
    )
    is_wanted = allowed.get("include_optimizer", is_left)
    deferred = None
    if is_wanted and model.optimizer is None:
        deferred = DeferredOptimizer.at(
            file_format.load_weights, path, "include_optimizer" in allowed, _OPTIMIZER_HINT.strip()
        )
    model.after_compile(deferred)


def _model_format(path: pathlib.Path) -> Any:
    if path.suffix == ".keras":
        return _formats.archive
    if path.suffix in LEGACY_ENDINGS:
        return _formats.legacy
    raise ArgumentError(
        f"Expected a path that ends in `.keras` or `.h5` for a model, received '{path}'."
    )


def _weights_format(path: pathlib.Path) -> tuple[Any, tuple[str, ...]]:
    """The format of a file with weights, and the options that it knows."""
    options = ("include_optimizer", "objects_to_skip")
    if path.is_dir() or path.suffix == ".keras":
        return _formats.archive, options
    if path.name.endswith(WEIGHTS_ENDING):
        return _formats.weights, options
    if path.name.endswith(SHARDS_ENDING):
        return _formats.shards, options
    if path.suffix == SAFETENSORS_ENDING:
        return _formats.safetensors, options
    if path.suffix in LEGACY_ENDINGS:
        return _formats.legacy, ("by_name", "include_optimizer")
    raise ArgumentError(
        f"Expected a path that ends in `.weights.h5`, `.weights.json`, `.safetensors`, `.keras` or "
        f"`.h5` for weights, received '{path}'."
    )


def _reject(kwargs: dict[str, Any], where: str) -> None:
    if kwargs:
        raise ArgumentTypeError(f"Unexpected arguments of `{where}`: {', '.join(kwargs)}.")
