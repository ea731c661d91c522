"""Arguments of layers that are objects: initializers, penalties, constraints and others."""

from typing import Any

from ._entries import built_in, is_built_in, is_entry, is_of_library, is_users_own, refuse

# The slope was 0.2 in Keras 1 and 2 and is 1/6 today.
OLDER_HARD_SIGMOID = "hard_sigmoid_of_keras_2"

_PENALTIES = ("WeightRegularizer", "ActivityRegularizer", "L1L2Regularizer")
_CONSTRAINTS = {"MaxNorm": {"m": "max_value"}, "NonNeg": {}, "UnitNorm": {}}
_INITIALIZERS = {
    "NormalInitializer": "RandomNormal",
    "UniformInitializer": "RandomUniform",
    "IdentityInitializer": "Identity",
    "OrthogonalInitializer": "Orthogonal",
}
_CONSTRAINT_NAMES = {"maxnorm": "max_norm", "nonneg": "non_neg", "unitnorm": "unit_norm"}


def modern_argument(key: str, value: Any) -> Any:
    """The value of an argument in today's form."""
    if key.endswith("initializer"):
        return _modern_initializer(value)
    if key.endswith("regularizer"):
        return _modern_regularizer(value)
    if key.endswith("constraint"):
        return _modern_constraint(value)
    if key.endswith("activation"):
        return modern_activation(value)
    if key == "dtype":
        return modern_dtype(value)
    return value


def modern_activation(value: Any) -> Any:
    """An activation, by its name if it has one."""
    if is_entry(value):
        return value if is_users_own(value) else _modern_activation_layer(value)
    if isinstance(value, dict) and value.get("class_name") == "function":
        value = value.get("config") if value.get("module") != "builtins" else value
    return OLDER_HARD_SIGMOID if value == "hard_sigmoid" else value


def _modern_activation_layer(entry: dict[str, Any]) -> dict[str, Any]:
    """A layer in the place of an activation."""
    from_config = {"LeakyReLU": {"alpha": "negative_slope"}}.get(entry["class_name"], {})
    config = {from_config.get(key, key): value for key, value in entry["config"].items()}
    config = {key: modern_argument(key, value) for key, value in config.items()}
    return built_in("layers", entry["class_name"], config)


def modern_dtype(value: Any) -> Any:
    """A dtype or policy, by its name."""
    if isinstance(value, dict) and str(value.get("class_name")).startswith("Policy"):
        value = value["config"].get("name")
    return None if value in ("_infer", "infer") else value


def _modern_initializer(value: Any) -> Any:
    if not is_entry(value) or is_users_own(value):
        return value
    class_name = value["class_name"]
    if class_name not in _INITIALIZERS and not is_built_in("initializers", class_name):
        return value
    gone = ("dtype", "verify_shape", "partition_info")
    config = {key: item for key, item in value["config"].items() if key not in gone}
    if class_name == "VarianceScaling" and config.get("distribution") == "normal":
        config["distribution"] = "truncated_normal"
    return built_in("initializers", _INITIALIZERS.get(class_name, class_name), config)


def _modern_regularizer(value: Any) -> Any:
    if isinstance(value, dict) and "class_name" not in value and "name" in value:
        # Keras 1 wrote the arguments beside the name.
        if value["name"] not in _PENALTIES:
            refuse("regularizer", str(value["name"]), None, "has no equal here.")
        penalties = {"l1": value.get("l1", 0.0), "l2": value.get("l2", 0.0)}
        return built_in("regularizers", "L1L2", penalties)
    return _as_built_in("regularizers", value)


def _modern_constraint(value: Any) -> Any:
    if isinstance(value, str):
        return _CONSTRAINT_NAMES.get(value, value)
    if isinstance(value, dict) and "class_name" not in value and "name" in value:
        renamed = _CONSTRAINTS.get(value["name"])
        if renamed is None:
            refuse("constraint", str(value["name"]), None, "has no equal here.")
        config = {renamed.get(k, k): item for k, item in value.items() if k != "name"}
        return built_in("constraints", value["name"], config)
    return _as_built_in("constraints", value)


def _as_built_in(area: str, value: Any) -> Any:
    """The entry of an object of deepkit's; what is none stays as it is."""
    if not is_of_library(area, value):
        return value
    return built_in(area, value["class_name"], value["config"])
