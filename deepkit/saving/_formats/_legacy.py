"""The older `.h5` format of whole models, of Keras 1 to 3."""

import pathlib
from typing import Any

from deepkit.core import registry, serialization
from deepkit.core.errors import ConfigError, CorruptFileError
from deepkit.saving._atomic import replacing
from deepkit.saving._formats._beginnings import begun_anew, has_begun, has_slots
from deepkit.saving._formats._differences import Difference, report
from deepkit.saving._formats._legacy_weights import (
    pair_layers,
    read_arrays,
    version_of,
    write_arrays,
    write_layers,
)
from deepkit.saving._formats._matching import datasets_below
from deepkit.saving._formats._model import (
    KERAS_VERSION,
    LOADING_HINT,
    checked_model,
    is_older_version,
)
from deepkit.saving._formats._older._keras_1 import slot_parts
from deepkit.saving._formats._older._optimizers import (
    is_grouped,
    is_known,
    take_state,
    warn_of_unknown,
)
from deepkit.saving._formats._older_configs import modern_config, modern_training_config
from deepkit.saving._formats._reader import Hdf5Reader
from deepkit.saving._formats._steps import OPTIMIZER_WEIGHTS, SEEDS
from deepkit.saving._formats._taken import Taken, fitting
from deepkit.saving._formats._writer import Hdf5Writer, written_to
from deepkit.saving._json import read_json, write_json
from deepkit.saving._saveable import places_of
from deepkit.tensors import SeedGenerator, Variable

_LAYERS = "model_weights"


def save_model(model: Any, path: pathlib.Path, include_optimizer: bool = True) -> None:
    """Write architecture, compile arguments and state."""
    with replacing(path) as temporary, written_to(temporary, str(path)) as writer:
        write_model(model, writer, include_optimizer)


def write_model(model: Any, writer: Hdf5Writer, include_optimizer: bool = True) -> None:
    """Write architecture, compile arguments and state into a file that is open."""
    config = serialization.serialize_keras_object(model)
    training = config.pop("compile_config", None)
    optimizer = getattr(model, "optimizer", None) if include_optimizer else None
    writer.text("backend", "jax")
    writer.text("keras_version", KERAS_VERSION)
    writer.text("model_config", write_json(config, "config of the model"))
    if training is not None and optimizer is not None:
        training = {**training, "optimizer_config": training.pop("optimizer")}
        training["loss"] = _full_names(training["loss"])
        writer.text("training_config", write_json(training, "arguments of `compile`"))
    write_layers(model, writer, _LAYERS)
    if optimizer is not None:
        write_arrays(writer, OPTIMIZER_WEIGHTS, optimizer.variables)
    _write_seeds(model, writer)


def load_model(
    path: pathlib.Path, custom_objects: Any, compile: bool, safe_mode: bool | None
) -> Any:
    """Make the model that a file describes, with its state."""
    with Hdf5Reader(path, str(path)) as reader:
        text = reader.text("", "model_config")
        if text is None:
            raise CorruptFileError(
                f"'{path}' has weights but no model. Make the model in code, and call "
                f"`model.load_weights('{path.name}')`."
            )
        with (
            registry.optional_scope(custom_objects),
            serialization.load_scope(safe_mode),
            serialization.refusing(f"While loading '{path}'."),
        ):
            model = _make_model(read_json(text, "model_config", reader.file), reader)
            if compile:
                _compile(model, reader)
        optimizer = model.optimizer if compile else None
        _load(model, reader, optimizer, hint=LOADING_HINT, is_config_of_file=True)
    return model


def load_weights(
    model: Any,
    path: pathlib.Path,
    hint: str,
    skip_mismatch: bool = False,
    by_name: bool = False,
    include_optimizer: bool = True,
    root: str = "",
) -> bool:
    """Load weights from a file of a whole model, or of weights alone as Keras 2 wrote it.

    Args:
        model: the model, built.
        path: the file.
        hint: what can be done if it does not fit, for the message.
        skip_mismatch: whether what does not fit is left out, with a warning.
        by_name: whether layers are found by name, and others are left as they are.
        include_optimizer: whether the state of the optimizer is loaded.
        root: the path of the part of the model that is loaded: all of it, or the optimizer.

    Returns:
        Whether the file has the state of an optimizer, and the model no optimizer yet.
    """
    with Hdf5Reader(path, str(path)) as reader:
        optimizer = getattr(model, "optimizer", None) if include_optimizer and not by_name else None
        if optimizer is not None and not optimizer.built and OPTIMIZER_WEIGHTS in reader.groups:
            optimizer.build(model.trainable_variables)
        _load(model, reader, optimizer, hint, skip_mismatch, by_name, root=root)
        arrays = [reader.datasets[p] for p in datasets_below(OPTIMIZER_WEIGHTS, reader)]
        return model.optimizer is None and has_slots(arrays)


def _make_model(config: Any, reader: Hdf5Reader) -> Any:
    if not isinstance(config, dict):
        raise CorruptFileError(f"The model_config of '{reader.file}' describes no model.")
    with serialization.without_compile():
        version = reader.text("", "keras_version")
        made = serialization.deserialize_keras_object(modern_config(config, version))
    model = checked_model(made, reader.file)
    if not model.built:
        raise ConfigError(
            f"'{reader.file}' does not say for which input shape '{model.name}' was built, so it "
            f"has no weights to load. Make the model in code, build it, and call `load_weights`."
        )
    return model


def _compile(model: Any, reader: Hdf5Reader) -> None:
    text = reader.text("", "training_config")
    if text is None:
        return
    training = read_json(text, "training_config", reader.file)
    if not isinstance(training, dict):
        raise CorruptFileError(f"The training_config of '{reader.file}' is damaged.")
    try:
        training = modern_training_config(training, reader.text("", "keras_version"))
        model.compile_from_config(_with_own_objects(training))
    except Exception as error:
        error.add_note(f"Pass `compile=False` to load '{reader.file}' without compiling the model.")
        raise


def _with_own_objects(training: dict[str, Any]) -> dict[str, Any]:
    """Losses and metrics under names that mean something now, and not when training begins."""

    def found(value: Any) -> Any:
        if isinstance(value, list):
            return [found(item) for item in value]
        if isinstance(value, dict) and "class_name" not in value:
            return {key: found(item) for key, item in value.items()}
        own = registry.get_registered_object(value) if isinstance(value, str) else None
        return value if own is None else {"class_name": "function", "config": value}

    parts = ("loss", "metrics", "weighted_metrics")
    return {**training, **{part: found(training.get(part)) for part in parts}}


def _load(
    model: Any,
    reader: Hdf5Reader,
    optimizer: Any,
    hint: str,
    skip_mismatch: bool = False,
    by_name: bool = False,
    is_config_of_file: bool = False,
    root: str = "",
) -> None:
    """Load all that the file has for a model; nothing is changed before all of it is read."""
    layers = _LAYERS if _LAYERS in reader.groups else ""
    if not reader.texts(layers, "layer_names") and layers == "":
        raise CorruptFileError(
            f"'{reader.file}' has no layers in the `.h5` format. If `save_weights` wrote it, give "
            f"it the ending `.weights.h5`."
        )
    pairs, differences = pair_layers(model, reader, layers, by_name, is_config_of_file)
    pairs.extend(_seed_pairs(model, reader))
    values: list[tuple[Variable, Any]] = []
    if optimizer is not None and OPTIMIZER_WEIGHTS in reader.groups:
        found, failed = _optimizer_state(model, optimizer, reader, pairs)
        pairs = [*pairs, *found] if not root else found
        differences = [*differences, *failed] if not root else failed
        if not found and not failed:
            values = begun_anew(optimizer)
    elif layers and optimizer is not None and (root or has_begun(optimizer)):
        differences.append(Difference("missing", f"the state of the optimizer '{optimizer.name}'"))
    if not differences or skip_mismatch:
        values.extend(pair.read(reader) for pair in pairs)
    report(differences, reader.file, model.name, skip_mismatch, hint)
    for variable, value in values:
        variable.assign(value)


def _optimizer_state(
    model: Any, optimizer: Any, reader: Hdf5Reader, weights: list[Taken]
) -> tuple[list[Taken], list[Difference]]:
    """The variables of an optimizer and what the file has for them."""
    version = version_of(reader, _LAYERS)
    saved, variables = read_arrays(reader, OPTIMIZER_WEIGHTS), optimizer.variables
    if is_older_version(version):
        if not is_known(optimizer):
            warn_of_unknown(optimizer, reader.file)
            return [], []
        grouped = is_grouped(reader.texts(OPTIMIZER_WEIGHTS, "weight_names"))
        parts = slot_parts(model.trainable_variables, weights) if version.startswith("1.") else None
        layouts = {id(pair.variable): pair.layout for pair in weights if pair.layout is not None}
        return take_state(optimizer, saved, reader.file, grouped, parts, layouts)
    if len(saved) < len(variables) and not has_slots(saved):
        # The optimizer had not begun.
        return [], []
    if len(saved) != len(variables):
        text = (
            f"'{OPTIMIZER_WEIGHTS}' has {len(saved)} arrays in the file, the optimizer "
            f"'{optimizer.name}' ({type(optimizer).__name__}) has {len(variables)}"
        )
        return [], [Difference("differs", text)]
    return fitting([Taken(variable, [info]) for variable, info in zip(variables, saved)])


def _full_names(loss: Any) -> Any:
    """Losses without short names, which Keras does not know in this format."""
    if isinstance(loss, dict) and "class_name" not in loss:
        return {key: _full_names(value) for key, value in loss.items()}
    if isinstance(loss, list):
        return [_full_names(value) for value in loss]
    if not isinstance(loss, str) or registry.get_registered_object(loss) is not None:
        return loss
    return getattr(registry.provided("keras.losses", loss), "__name__", loss)


def _write_seeds(model: Any, writer: Hdf5Writer) -> None:
    for place in places_of(model):
        if isinstance(place.saveable, SeedGenerator):
            writer.array(f"{SEEDS}/{place.path}", place.saveable.state)


def _seed_pairs(model: Any, reader: Hdf5Reader) -> list[Taken]:
    found = [
        Taken(place.saveable.state, [reader.datasets[f"{SEEDS}/{place.path}"]])
        for place in places_of(model)
        if isinstance(place.saveable, SeedGenerator) and f"{SEEDS}/{place.path}" in reader.datasets
    ]
    return [one for one in found if one.difference() is None]
