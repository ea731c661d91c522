"""The base classes of initializers."""

import abc
import inspect
import numbers
from typing import Any, Self

import jax

from deepkit.core import serialization
from deepkit.core.errors import ArgumentError, ArgumentTypeError
from deepkit.tensors import SeedGenerator, as_array, make_default_seed


class Initializer(abc.ABC):
    """Base of initializers: callables from a shape and a dtype to values.

    Subclasses define `__call__`, and `get_config` where their constructor takes arguments.

    Example:
        >>> import deepkit
        >>> class Halves(deepkit.initializers.Initializer):
        ...     def __call__(self, shape, dtype=None):
        ...         return deepkit.ops.full(shape, 0.5, dtype=dtype)
        >>> deepkit.layers.Dense(1, kernel_initializer=Halves()).kernel_initializer((2,)).tolist()
        [0.5, 0.5]
    """

    @abc.abstractmethod
    def __call__(self, shape: Any, dtype: Any = None) -> jax.Array:
        """Values of the given shape and dtype.

        Args:
            shape: a tuple of integers.
            dtype: a dtype; `floatx()` if `None`.
        """

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain values."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """An initializer from what `get_config` returned.

        Args:
            config: constructor arguments. A `dtype` that the constructor does not take is left out:
                TensorFlow 1 wrote one into the configs of all initializers.
        """
        if "dtype" in config and not _takes(cls, "dtype"):
            config = {key: value for key, value in config.items() if key != "dtype"}
        return cls(**config)

    def clone(self) -> Self:
        """A new initializer of the same config; one without a seed draws a seed of its own."""
        return self.from_config(self.get_config())


def _takes(cls: type, argument: str) -> bool:
    parameters = inspect.signature(cls).parameters.values()
    return any(p.name == argument or p.kind is p.VAR_KEYWORD for p in parameters)


class RandomInitializer(Initializer):
    """Abstract base of random initializers: holds the seed.

    An integer seed gives the same values in every call, and so does `None`, for which an integer is
    drawn when the object is made. A `SeedGenerator` gives new values in every call.

    Args:
        seed: an integer, a `SeedGenerator`, its config, or `None`.

    Raises:
        ArgumentTypeError: `seed` is none of these.
    """

    def __init__(self, seed: Any = None) -> None:
        if isinstance(seed, dict):
            seed = serialization.deserialize_keras_object(seed)
        if isinstance(seed, numbers.Integral) and not isinstance(seed, bool):
            seed = int(seed)
        elif seed is not None and not isinstance(seed, SeedGenerator):
            raise ArgumentTypeError(
                f"Expected `seed` of {type(self).__name__} to be an integer, a "
                f"`deepkit.random.SeedGenerator` or None, received {seed!r}."
            )
        self._given_seed = seed
        self.seed = make_default_seed() if seed is None else seed

    def get_config(self) -> dict[str, Any]:
        """The seed as it was given."""
        return {"seed": serialization.serialize_keras_object(self._given_seed)}


def number(value: Any, argument: str) -> int | float:
    """A constructor argument that must be a number, or an array that holds one.

    Raises:
        ArgumentError: it is something else.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if isinstance(value, bool | str) or getattr(value, "shape", None) != ():
        raise ArgumentError(f"Expected `{argument}` to be a number, received {value!r}.")
    return as_array(value).item()
