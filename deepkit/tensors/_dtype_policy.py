"""Dtype policies: in which dtype a layer computes and in which it keeps its weights."""

import re
from collections.abc import Iterator, MutableMapping
from typing import Any

from deepkit.core import config, dtypes, registry
from deepkit.core.errors import ArgumentError, ArgumentTypeError
from deepkit.core.serialization import deserialize_keras_object, serialize_keras_object

_MIXED = {"mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}
_GLOBAL: list["DTypePolicy"] = []


class DTypePolicy:
    """The dtypes of a layer's computations and of its weights.

    Args:
        name: a dtype, for both; or `"mixed_float16"` or `"mixed_bfloat16"`: computations in 16
            bits, weights in float32. The global policy's name if `None`.

    Raises:
        ArgumentError: the name is neither.

    Example:
        >>> import deepkit
        >>> policy = deepkit.DTypePolicy("mixed_bfloat16")
        >>> policy.compute_dtype, policy.variable_dtype
        ('bfloat16', 'float32')
    """

    _serialized_module = "keras"
    never_changes = True

    def __init__(self, name: str | None = None) -> None:
        if name is None:
            name = dtype_policy().name
        if not isinstance(name, str):
            raise ArgumentTypeError(
                f"Expected `name` to be text such as 'mixed_bfloat16', received {name!r}."
            )
        self._name = name
        if name in _MIXED:
            self._compute_dtype, self._variable_dtype = _MIXED[name], "float32"
            return
        try:
            self._compute_dtype = self._variable_dtype = dtypes.standardize_dtype(name)
        except ValueError as error:
            raise ArgumentError(
                f"Expected the name of a dtype or one of {tuple(_MIXED)} as a dtype policy, "
                f"received {name!r}."
            ) from error

    name = property(lambda self: self._name, doc="The name it was made with.")
    compute_dtype = property(lambda self: self._compute_dtype, doc="Of the computations.")
    variable_dtype = property(lambda self: self._variable_dtype, doc="Of the weights.")
    quantization_mode = property(lambda self: None, doc="None: it quantizes nothing.")

    def get_config(self) -> dict[str, Any]:
        """Its name."""
        return {"name": self._name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "DTypePolicy":
        """A policy from what `get_config` returned."""
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and self._name == other._name

    def __hash__(self) -> int:
        return hash(self._name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self._name}">'


FloatDTypePolicy = DTypePolicy


class DTypePolicyMap(MutableMapping):
    """Dtype policies by the paths of layers.

    Args:
        default_policy: for layers whose path no key matches; the global policy if `None`.
        policy_map: keys are paths, or regular expressions that match a whole path; values are
            policies.

    Raises:
        ArgumentError: a path matches more than one key.

    Example:
        >>> import deepkit
        >>> policies = deepkit.dtype_policies.DTypePolicyMap()
        >>> policies["encoder/.*"] = deepkit.DTypePolicy("bfloat16")
        >>> policies["encoder/dense"].name
        'bfloat16'
    """

    _serialized_module = "keras.dtype_policies"

    def __init__(self, default_policy: Any = None, policy_map: Any = None) -> None:
        if policy_map is not None and not isinstance(policy_map, dict):
            raise ArgumentTypeError(
                f"Expected `policy_map` to be a dict of paths and policies, "
                f"received {policy_map!r}."
            )
        self._default_policy_arg = default_policy
        self._default_policy = get(default_policy)
        self._policy_map = {key: get(policy) for key, policy in (policy_map or {}).items()}

    name = property(lambda self: f"map_{self._default_policy.name}", doc="A name for messages.")
    default_policy = property(lambda self: self._default_policy, doc="Used where no key matches.")
    compute_dtype = property(lambda self: self._default_policy.compute_dtype, doc="The default's.")
    variable_dtype = property(
        lambda self: self._default_policy.variable_dtype, doc="The default's."
    )
    quantization_mode = property(lambda self: None, doc="None: it quantizes nothing.")

    def __getitem__(self, key: str) -> DTypePolicy:
        if key in self._policy_map:
            return self._policy_map[key]
        matching = [pattern for pattern in self._policy_map if re.fullmatch(pattern, key)]
        if len(matching) > 1:
            raise ArgumentError(
                f"Expected the path '{key}' to match one key of the DTypePolicyMap, "
                f"but it matches {matching}."
            )
        return self._policy_map[matching[0]] if matching else self._default_policy

    def __setitem__(self, key: str, policy: Any) -> None:
        if key in self._policy_map:
            raise ArgumentError(
                f"The key '{key}' has the policy {self._policy_map[key]!r} already; "
                f"delete it before setting another."
            )
        self._policy_map[key] = get(policy)

    def __delitem__(self, key: str) -> None:
        del self._policy_map[key]

    def __contains__(self, key: object) -> bool:
        return key in self._policy_map

    def __len__(self) -> int:
        return len(self._policy_map)

    def __iter__(self) -> Iterator[str]:
        return iter(self._policy_map)

    def __repr__(self) -> str:
        return f"<DTypePolicyMap default={self._default_policy!r} keys={list(self._policy_map)}>"

    def get_config(self) -> dict[str, Any]:
        """The default policy and the policies by path."""
        return {
            "default_policy": self._default_policy_arg
            if not isinstance(self._default_policy_arg, DTypePolicy)
            else serialize(self._default_policy_arg),
            "policy_map": {key: serialize(policy) for key, policy in self._policy_map.items()},
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "DTypePolicyMap":
        """A map from what `get_config` returned."""
        return cls(config["default_policy"], dict(config["policy_map"]))


def dtype_policy() -> DTypePolicy:
    """The global dtype policy, which layers have that are given none."""
    return _GLOBAL[0] if _GLOBAL else DTypePolicy(config.floatx())


def set_dtype_policy(policy: Any) -> None:
    """Set the global dtype policy.

    Args:
        policy: a policy, or its name, such as `"mixed_bfloat16"`.
    """
    _GLOBAL[:] = [get(policy)]


def reset_dtype_policy() -> None:
    """Let the global policy follow `floatx` again."""
    _GLOBAL.clear()


def get(identifier: Any) -> Any:
    """A dtype policy from a name, a config, a policy, or `None` for the global one.

    Raises:
        ArgumentTypeError: it is none of these.
    """
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, DTypePolicy | DTypePolicyMap):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        found = registry.get_registered_object(identifier)
        if found is not None:
            return found() if isinstance(found, type) else found
        return DTypePolicy(identifier)
    try:
        return DTypePolicy(dtypes.standardize_dtype(identifier))
    except ValueError as error:
        raise ArgumentTypeError(
            f"Expected a dtype policy, its name or a dtype, received {identifier!r}."
        ) from error


def serialize(dtype_policy: Any) -> Any:
    """The config of a policy, in Keras's form."""
    return serialize_keras_object(dtype_policy)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The policy of a config."""
    return deserialize_keras_object(config, custom_objects=custom_objects)
