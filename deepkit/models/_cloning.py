"""Copies of models, with new layers and new weights."""

from collections.abc import Callable
from typing import Any

from deepkit.core import tree
from deepkit.core.errors import ArgumentError, ArgumentTypeError
from deepkit.core.serialization import deserialize_keras_object, serialize_keras_object
from deepkit.layers import Input, InputLayer, Layer
from deepkit.models._model import Model
from deepkit.models._sequential import Sequential
from deepkit.tensors import KerasTensor


def clone_model(
    model: Model,
    input_tensors: Any = None,
    clone_function: Callable[[Any], Any] | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
    **kwargs: Any,
) -> Model:
    """A copy of a model with new layers, and so with new weights.

    A layer that is used in several places of the model is so in the copy. The copy is compiled if
    the model is.

    Args:
        model: the model. One that is neither drawn nor `Sequential` is made from its config.
        input_tensors: symbolic inputs for the copy, in the form of the model's; new ones if `None`.
        clone_function: takes a layer and returns the one for the copy; makes it from its config if
            `None`. Inputs are not passed to it.
        call_function: takes a layer of the copy and the arguments of its call, and returns the
            outputs; for drawn models.
        recursive: whether models inside are copied by `clone_model`, layer by layer.

    Raises:
        ArgumentError: an argument is of no use for this kind of model, or does not fit it.
        ArgumentTypeError: `model` is no model.

    Example:
        >>> import deepkit
        >>> model = deepkit.Sequential([deepkit.Input((3,)), deepkit.layers.Dense(2)])
        >>> copy = deepkit.models.clone_model(model)
        >>> copy.output_shape, copy.layers[0] is model.layers[0]
        ((None, 2), False)
    """
    cache = kwargs.pop("cache", {})
    if kwargs:
        raise ArgumentTypeError(f"Unexpected arguments of `clone_model`: {', '.join(kwargs)}.")
    if not isinstance(model, Model):
        raise ArgumentTypeError(
            f"Expected a model to clone, received {model!r} of type {type(model).__name__}."
        )
    clone_layer = _LayerCloner(clone_function, call_function, recursive, cache)
    if isinstance(model, Sequential):
        if call_function is not None:
            raise ArgumentError(
                f"Expected no `call_function` for '{model.name}', which is a Sequential model; "
                f"it is for drawn models."
            )
        copy: Model = _clone_chain(model, input_tensors, clone_layer)
    elif model.inputs is not None:
        copy = _clone_graph(model, input_tensors, clone_layer, call_function)
    else:
        given = (input_tensors, clone_function, call_function)
        if any(argument is not None for argument in given):
            raise ArgumentError(
                f"Expected no `input_tensors`, `clone_function` and `call_function` for "
                f"'{model.name}', whose layers are known to its own code only."
            )
        return _remade(model)
    if model.compiled:
        config = model.get_compile_config()
        if config is not None:
            copy.compile_from_config(config)
    return copy


def _remade(obj: Any) -> Any:
    """The same object again, from its config; its class need not be registered."""
    cls = type(obj)
    return deserialize_keras_object(serialize_keras_object(obj), custom_objects={cls.__name__: cls})


class _LayerCloner:
    """Clones each layer once."""

    def __init__(
        self,
        clone_function: Callable[[Any], Any] | None,
        call_function: Callable[..., Any] | None,
        recursive: bool,
        cache: dict[int, Any],
    ) -> None:
        self._clone = clone_function
        self._call_function = call_function
        self._recursive = recursive
        self._cache = cache

    def __call__(self, layer: Any) -> Any:
        if id(layer) not in self._cache:
            self._cache[id(layer)] = self._new(layer)
        return self._cache[id(layer)]

    def _new(self, layer: Any) -> Any:
        inside = isinstance(layer, Model) and (
            isinstance(layer, Sequential) or layer.inputs is not None
        )
        if self._recursive and inside:
            call = None if isinstance(layer, Sequential) else self._call_function
            return clone_model(
                layer,
                clone_function=self._clone,
                call_function=call,
                recursive=True,
                cache=self._cache,
            )
        if not isinstance(layer, Layer):
            return layer
        return (
            type(layer).from_config(layer.get_config())
            if self._clone is None
            else self._clone(layer)
        )


def _clone_chain(model: Sequential, input_tensors: Any, clone_layer: _LayerCloner) -> Sequential:
    layers = [clone_layer(layer) for layer in model.layers]
    tensors = tree.flatten(input_tensors) if input_tensors is not None else []
    if input_tensors is not None and len(tensors) != 1:
        raise ArgumentError(
            f"Expected one tensor in `input_tensors` for the Sequential model '{model.name}', "
            f"received {len(tensors)}."
        )
    first = model._chain[0] if model._chain else None
    if tensors:
        layers.insert(0, Input(tensor=_symbolic(tensors[0])))
    elif isinstance(first, InputLayer):
        layers.insert(0, Input(batch_shape=first.batch_shape, dtype=first.dtype, name=first.name))
    return Sequential(layers, name=model.name, trainable=model.trainable)


def _clone_graph(
    model: Model,
    input_tensors: Any,
    clone_layer: _LayerCloner,
    call_function: Callable[..., Any] | None,
) -> Model:
    inputs = input_tensors
    if inputs is None:
        inputs = tree.map_structure(
            lambda t: Input(batch_shape=t.shape, dtype=t.dtype, name=t.name), model.input
        )
    tensors = [_symbolic(tensor) for tensor in tree.flatten(inputs)]
    call = call_function or (lambda layer, *args, **kwargs: layer(*args, **kwargs))
    assert model._graph is not None
    outputs = model._graph.run(
        tensors,
        lambda operation, *args, **kwargs: (
            call(clone_layer(operation), *args, **kwargs)
            if not isinstance(operation, InputLayer)
            else operation(*args, **kwargs)
        ),
    )
    return Model(inputs, outputs, name=model.name, trainable=model.trainable)


def _symbolic(tensor: Any) -> KerasTensor:
    if not isinstance(tensor, KerasTensor):
        raise ArgumentError(
            f"Expected symbolic tensors in `input_tensors`, such as `deepkit.Input(...)` returns, "
            f"received {tensor!r}."
        )
    return tensor
