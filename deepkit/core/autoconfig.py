"""Constructor arguments, captured when an object is made, so that `get_config` needs no writing."""

import functools
import inspect
from typing import Any

from deepkit.core.errors import SerializationError


class AutoConfig:
    """Base of objects that remember the arguments of their constructor."""

    def __new__(cls, *args: Any, **kwargs: Any) -> "AutoConfig":
        instance = super().__new__(cls)
        instance.__dict__["_constructor_call"] = (args, kwargs)
        return instance


@functools.lru_cache(maxsize=4096)
def _signature(cls: type) -> inspect.Signature:
    return inspect.signature(cls.__init__)


def captured_arguments(instance: AutoConfig) -> dict[str, Any]:
    """The constructor arguments by name, as they were given; defaults are left out.

    Raises:
        SerializationError: arguments were given by position to `*args`, so that they have no names.
    """
    args, kwargs = instance.__dict__["_constructor_call"]
    signature = _signature(type(instance))
    bound = signature.bind(instance, *args, **kwargs)
    captured: dict[str, Any] = {}
    for name, value in list(bound.arguments.items())[1:]:
        kind = signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_KEYWORD:
            captured.update(value)
        elif kind is inspect.Parameter.VAR_POSITIONAL:
            raise SerializationError(
                f"{type(instance).__name__} takes `*{name}` in its constructor, so its config "
                f"cannot be captured. Define `get_config(self)` on the class."
            )
        else:
            captured[name] = value
    return captured


def accepts(cls: type, argument: str) -> bool:
    """Whether the constructor of a class takes an argument, by name or through `**kwargs`."""
    parameters = _signature(cls).parameters
    return argument in parameters or any(
        parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values()
    )


def automatic_config(instance: AutoConfig, base: dict[str, Any]) -> dict[str, Any]:
    """A config from the captured arguments, with what the constructor accepts of `base`."""
    config = {key: value for key, value in base.items() if accepts(type(instance), key)}
    return {**captured_arguments(instance), **config}
