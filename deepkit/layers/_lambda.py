"""Lambda: a function as a layer."""

import inspect
from collections.abc import Callable
from typing import Any

from deepkit.core import shapes
from deepkit.core.errors import ArgumentError, ArgumentTypeError, UnsafeFileError
from deepkit.core.serialization import deserialize_keras_object, serialize_keras_object
from deepkit.layers._layer import Layer


class Lambda(Layer):
    """Wrap a function of tensors without weights as a layer.

    A named function is written to files by its name, and is found again in `custom_objects` or the
    registry. A `lambda` is written as Python bytecode, which loads only with `safe_mode=False`; for
    models that are to be shared, use a named function or a layer of your own.

    Args:
        function: takes the inputs, and `mask` and `training` if it has such parameters.
        output_shape: the shape of the outputs without the batch, or a function of the input
            shape. Not needed: shapes are worked out by running the function on shapes alone.
        mask: a function `(inputs, mask)` that gives the mask of the outputs, or that mask.
        arguments: further keyword arguments of the function.

    Raises:
        ArgumentTypeError: `function` cannot be called.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.Lambda(deepkit.ops.exp)
        >>> layer(deepkit.ops.zeros((2,))).tolist()
        [1.0, 1.0]
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(function):
            raise ArgumentTypeError(
                f"Expected `function` of the layer '{self.name}' to be a function, "
                f"received {function!r}."
            )
        self.function = function
        self.arguments = dict(arguments or {})
        self.mask = mask
        self.supports_masking = mask is not None
        self._output_shape = output_shape
        names = _parameters(function)
        self._takes = tuple(name for name in ("mask", "training") if name in names)

    def call(self, inputs: Any, mask: Any = None, training: Any = None) -> Any:
        context = {"mask": mask, "training": training}
        extra = {name: context[name] for name in self._takes if name not in self.arguments}
        return self.function(inputs, **self.arguments, **extra)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape as it was given, else that of the function's result."""
        if self._output_shape is None:
            return super().compute_output_shape(input_shape)
        if callable(self._output_shape):
            return self._output_shape(input_shape)
        batch = input_shape[0] if shapes.is_shape(input_shape) else input_shape[0][0]
        return shapes.Shape((batch, *self._output_shape))

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """What `mask` says."""
        if callable(self.mask):
            return self.mask(inputs, previous_mask)
        return self.mask

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = {**super().get_config(), "function": serialize_keras_object(self.function)}
        if self._output_shape is not None:
            config["output_shape"] = serialize_keras_object(self._output_shape)
        if self.mask is not None:
            config["mask"] = serialize_keras_object(self.mask)
        config["arguments"] = serialize_keras_object(self.arguments)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Lambda":
        """A layer from what `get_config` returned.

        Raises:
            UnsafeFileError: the function is bytecode, as Keras 1 and 2 wrote it.
            ArgumentError: the function is missing.
        """
        if config.get("function_type") == "lambda" or isinstance(config.get("function"), list):
            raise UnsafeFileError(
                f"The Lambda layer '{config.get('name')}' holds Python bytecode of an older "
                f"Keras, which could run anything on this machine and is not loaded. Build the "
                f"model in code with a named function, and load its weights from the file."
            )
        if "function" not in config:
            raise ArgumentError("Expected `function` in the config of a Lambda layer.")
        config = {k: v for k, v in config.items() if k not in _LEGACY_KEYS}
        return cls(**{key: deserialize_keras_object(value) for key, value in config.items()})


_LEGACY_KEYS = ("function_type", "module", "output_shape_type", "output_shape_module")


def _parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    try:
        return tuple(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return ()
