"""Sequential: a model that is a chain of layers."""

from collections.abc import Iterable
from typing import Any

from deepkit.core import naming, shapes
from deepkit.core.errors import ArgumentError, ArgumentTypeError, NotBuiltError, StateError
from deepkit.core.serialization import (
    deserialize_keras_object,
    refusing,
    serialize_keras_object,
)
from deepkit.core.shapes import Shape
from deepkit.layers import Input, InputLayer, Layer
from deepkit.models._model import Model
from deepkit.tensors import KerasTensor


class Sequential(Model):
    """A chain of layers, each of which takes what the one before returns.

    Args:
        layers: layers, or an `Input` in the first place; more may come by `add`.
        trainable: whether optimizers change its weights.
        name: a name.

    Raises:
        ArgumentTypeError: something else than a layer is added.

    Example:
        >>> import deepkit
        >>> model = deepkit.Sequential([deepkit.Input((4,)), deepkit.layers.Dense(2)])
        >>> model.output_shape
        (None, 2)
    """

    def __init__(
        self,
        layers: Iterable[Any] | None = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(trainable=trainable, name=name, **kwargs)
        self._chain: list[Layer] = []
        self._extend(layers or ())
        self._draw_if_possible()

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Put a layer at the end of the chain.

        Args:
            layer: a layer, or what `Input` returns, in the first place.
            rebuild: whether to draw the model again now.
        """
        self._extend([layer])
        if rebuild:
            self._draw_if_possible()

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the last layer off the chain and return it."""
        if not self._chain:
            raise ArgumentError(f"The model '{self.name}' has no layer that could be taken off.")
        layer = self._chain.pop()
        self._undraw()
        if rebuild:
            self._draw_if_possible()
        return layer

    def _extend(self, layers: Iterable[Any]) -> None:
        known = {id(layer) for layer in self._chain}
        names = {layer.name for layer in self._chain}
        for given in layers:
            layer = self._checked(given, known, names)
            known.add(id(layer))
            names.add(layer.name)
            self._chain.append(layer)
        self._undraw()

    def _checked(self, layer: Any, known: set[int], names: set[str]) -> Layer:
        if isinstance(layer, KerasTensor) and layer.history is not None:
            layer = layer.history.operation
        if not isinstance(layer, Layer):
            raise ArgumentTypeError(
                f"Expected a layer to add to '{self.name}', received {layer!r} of type "
                f"{type(layer).__name__}. Wrap a function in a `Lambda` layer."
            )
        if id(layer) in known:
            raise ArgumentError(
                f"Expected a new layer, but '{layer.name}' is in '{self.name}' already."
            )
        if layer.name in names:
            raise ArgumentError(
                f"Expected layers with different names in '{self.name}', but '{layer.name}' is "
                f"taken. Pass another `name`."
            )
        if isinstance(layer, InputLayer) and self._chain:
            raise ArgumentError(f"Expected the Input of '{self.name}' in the first place.")
        if not self._chain and not isinstance(layer, InputLayer):
            given = getattr(layer, "_input_shape_argument", None)
            if given is not None:
                self._chain.append(Input(shape=given).history.operation)
        return layer

    def _undraw(self) -> None:
        if self._graph is not None:
            self._graph = None
            self.built = False

    def _draw_if_possible(self, input_shape: Any = None, dtype: Any = None) -> None:
        """Draw the model, if its input is known from an `Input`, a drawn model, or a shape."""
        if not self._chain:
            return
        first = self._chain[0]
        if isinstance(first, InputLayer):
            inputs, rest = first.output, self._chain[1:]
        elif input_shape is not None:
            inputs, rest = _inputs_of_shape(input_shape, dtype or self.compute_dtype), self._chain
        elif isinstance(first, Model) and first._graph is not None:
            inputs, rest = _inputs_like(first), self._chain
        else:
            return
        outputs = inputs
        with naming.name_scope(self.name, caller=self):
            for layer in rest:
                outputs = _returned(layer, layer(outputs))
        self._set_graph(inputs, outputs)
        self._graph_layers = []

    def build(self, input_shape: Any = None) -> None:
        """Make the weights for a shape of the input, batch included."""
        if self._graph is None:
            if input_shape is None and not isinstance(self._chain[0], InputLayer):
                raise NotBuiltError(
                    f"Expected the shape of the input to build '{self.name}': put an `Input` in "
                    f"its first place, or call it on data."
                )
            self._draw_if_possible(input_shape)

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Pass the inputs through all layers in turn."""
        if self._graph is not None:
            return super().call(inputs, training=training, mask=mask)
        outputs = inputs
        for layer in self._chain:
            outputs = _returned(layer, layer(outputs))
        return outputs

    @property
    def layers(self) -> list[Layer]:
        """The layers of the chain, without the `Input`."""
        return [layer for layer in self._chain if not isinstance(layer, InputLayer)]

    def _sublayers(self) -> list[Any]:
        return list(self._chain)

    def saveable_children(self) -> dict[str, Any]:
        """The layers of the chain, then further attributes of a subclass."""
        others = super().saveable_children()
        del others["layers"], others["_chain"]
        return {"layers": self.layers, **others}

    def _serialized_class(self) -> tuple[str, str]:
        """The module and class under which Keras files it."""
        return "keras", "Sequential"

    def get_config(self) -> dict[str, Any]:
        """The configs of the layers, and the shape that the model was built for."""
        config: dict[str, Any] = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": serialize_keras_object(self._dtype_policy),
            "layers": [serialize_keras_object(layer) for layer in self._chain],
        }
        if self._graph is not None and not isinstance(self._chain[0], InputLayer):
            config["build_input_shape"] = self.input_shape
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "Sequential":
        """A model from what `get_config` returned."""
        if isinstance(config, list):
            config = {"layers": config}
        with refusing(f"While making the model '{config.get('name')}'."):
            model = cls(name=config.get("name"), trainable=config.get("trainable", True))
            entries = config.get("layers", ())
            model._extend(deserialize_keras_object(entry, custom_objects) for entry in entries)
            model._draw_if_possible()
            shape = config.get("build_input_shape")
            if shape is not None and model._graph is None:
                model._draw_if_possible(shapes.map_shapes(Shape, shape))
        return model


def _returned(layer: Layer, outputs: Any) -> Any:
    """The outputs of a layer in the chain.

    Raises:
        StateError: there are none.
    """
    if outputs is None:
        raise StateError(
            f"The layer '{layer.name}' ({type(layer).__name__}) returned None. Does its `call` "
            f"end with `return`?"
        )
    return outputs


def _inputs_of_shape(input_shape: Any, dtype: str) -> Any:
    return shapes.map_shapes(lambda s: Input(batch_shape=(None, *s[1:]), dtype=dtype), input_shape)


def _inputs_like(model: Model) -> Any:
    tensors = [Input(batch_shape=t.shape, dtype=t.dtype) for t in model.inputs or []]
    return tensors[0] if len(tensors) == 1 else tensors
