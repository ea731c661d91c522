"""Layer: the base class of everything that has weights and is called on tensors."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from deepkit import regularizers
from deepkit.autograph import convert_on_demand
from deepkit.core import naming, shapes, tree, user_code
from deepkit.core.autoconfig import automatic_config
from deepkit.core.errors import ArgumentTypeError, NotBuiltError, SerializationError, StateError
from deepkit.core.locks import ObjectLock
from deepkit.core.serialization import deserialize_keras_object, serialize_keras_object
from deepkit.core.shapes import Shape
from deepkit.layers._call_context import current_training, layer_call, note_outputs
from deepkit.layers._call_signature import (
    CallSignature,
    call_signature,
    masks_of,
    shapes_of,
    tensor_arguments,
)
from deepkit.layers._input_spec import check_inputs
from deepkit.layers._stateful import StatefulOperation
from deepkit.tensors import (
    AutocastScope,
    DTypePolicyMap,
    KerasTensor,
    Variable,
    as_array,
    has_symbolic,
    infer_outputs,
    is_array,
    set_mask,
)
from deepkit.tensors._dtype_policy import get as get_dtype_policy


class Layer(StatefulOperation):
    """A computation with weights: the building block of models.

    A subclass makes its weights in `build` (or in its constructor) and computes in `call`:

    Args:
        activity_regularizer: a penalty on the outputs, divided by the batch size and added to the
            losses.
        trainable: whether optimizers change its weights.
        dtype: a dtype, a dtype policy or the name of one; the global policy if `None`.
        autocast: whether floating inputs are cast to the policy's compute dtype.
        name: a name, unique in its model; an automatic one if `None`.

    Example:
        >>> import deepkit
        >>> class Scale(deepkit.layers.Layer):
        ...     def build(self, input_shape):
        ...         self.factor = self.add_weight("factor", input_shape[-1:], initializer="ones")
        ...
        ...     def call(self, x):
        ...         return x * self.factor
        >>> Scale()(deepkit.ops.ones((2, 3))).shape
        (2, 3)
    """

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name)
        self._path = self.name
        self._build_lock = ObjectLock()
        self._is_building = False
        self._build_shapes: dict[str, Any] | None = None
        self.built = False
        self.autocast = autocast
        self.supports_masking = False
        self.input_spec: Any = None
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self._dtype_policy = get_dtype_policy(dtype)
        self.__dict__["_trainable"] = bool(trainable)
        self._input_shape_argument = kwargs.pop("input_shape", None)
        if "input_dim" in kwargs:
            self._input_shape_argument = (kwargs.pop("input_dim"),)
        kwargs.pop("batch_input_shape", None)
        for extension in _EXTENSIONS:
            if kwargs.get(extension) is None:
                kwargs.pop(extension, None)
        if kwargs:
            raise ArgumentTypeError(
                f"Unexpected arguments of the layer '{self.name}' ({type(self).__name__}): "
                f"{', '.join(kwargs)}."
            )

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in cls.__dict__:
            cls.build = _built_once(cls.__dict__["build"])  # type: ignore[method-assign]

    # Dtypes

    @property
    def dtype_policy(self) -> Any:
        """The dtype policy; of a map, the policy for this layer's path."""
        if isinstance(self._dtype_policy, DTypePolicyMap):
            return self._dtype_policy[self._path]
        return self._dtype_policy

    @dtype_policy.setter
    def dtype_policy(self, value: Any) -> None:
        self._dtype_policy = get_dtype_policy(value)

    @property
    def compute_dtype(self) -> str:
        """The dtype of its computations."""
        return self.dtype_policy.compute_dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype in which its weights are kept."""
        return self.dtype_policy.variable_dtype

    @property
    def dtype(self) -> str:
        """The dtype of its weights."""
        return self.variable_dtype

    @property
    def input_dtype(self) -> str:
        """The dtype to which floating inputs are cast."""
        return self.compute_dtype

    @property
    def path(self) -> str:
        """The names of the layers around it, and its own."""
        return self._path

    # Building

    def build(self, input_shape: Any = None) -> None:
        """Make the weights; called once, before the first `call`.

        Subclasses override it. Without an override, `call` is run on shapes alone, so that the
        layers inside get built.

        Args:
            input_shape: the shape of the input, a tuple that also has `as_list()`; nested as the
                inputs are. A `build` with several parameters `<argument>_shape` gets one of each.
        """
        if not self._is_building and not self.built and input_shape is not None:
            self._build_by_call((self._symbols(input_shape),), {})
            self._build_shapes = {"input_shape": input_shape}
        self.built = True

    def _symbols(self, shape: Any) -> Any:
        return shapes.map_shapes(lambda s: KerasTensor(s, dtype=self.compute_dtype), shape)

    def _build_by_call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        with naming.name_scope(self.name, caller=self):
            convert_on_demand(lambda: infer_outputs(user_code.prepared(self.call), args, kwargs))

    def _maybe_build(self, tensors: dict[str, Any]) -> None:
        if self.built:
            return
        with self._build_lock:
            if self.built:
                return
            given = {f"{name}_shape": shapes_of(value) for name, value in tensors.items()}
            parameters = list(call_signature(type(self).build).names)
            if type(self).build is Layer.build:
                self._build_shapes = given
                self.built = True
            elif len(parameters) == 1 and parameters[0] not in given:
                self.build(next(iter(given.values()), None))
            else:
                self.build(**{name: given.get(name) for name in parameters if name in given})

    def _current_path(self) -> str:
        above = naming.current_path()
        return f"{above}/{self.name}" if above else self.name

    def get_build_config(self) -> dict[str, Any] | None:
        """The shapes that `build` got, for files."""
        if not self._build_shapes:
            return None
        if len(self._build_shapes) == 1:
            return {"input_shape": next(iter(self._build_shapes.values()))}
        return {"shapes_dict": self._build_shapes}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Make the weights from what `get_build_config` returned."""
        if "shapes_dict" in config:
            named = {name: _as_shapes(shape) for name, shape in config["shapes_dict"].items()}
            if type(self).build is not Layer.build:
                self.build(**named)
            elif not self.built:
                symbols = {k.removesuffix("_shape"): self._symbols(s) for k, s in named.items()}
                self._build_by_call((), symbols)
                self._build_shapes, self.built = named, True
        elif config.get("input_shape") is not None:
            self.build(_as_shapes(config["input_shape"]))

    # Calling

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The computation, to be defined by subclasses."""
        raise StateError(
            f"The layer '{self.name}' ({type(self).__name__}) has no `call` method. "
            f"Define `call(self, inputs)`."
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._check_constructed()
        signature = call_signature(type(self).call)
        if not self.built:
            self._path = self._current_path()
        args, kwargs = self._convert((args, kwargs))
        # Layers inside go by a `training` that this layer's `call` itself does not take.
        given_training = kwargs.get("training")
        arguments = self._bind(signature, args, kwargs)
        tensors = tensor_arguments(arguments)
        self._check_inputs(arguments)
        training = self._training_in_force(signature, {"training": given_training, **arguments})
        symbolic = has_symbolic((args, kwargs))
        if not symbolic:
            if signature.takes_training and training is not None:
                _fill("training", training, arguments, kwargs)
            self._fill_masks(signature, arguments, tensors, kwargs)
        with layer_call(self, training) as outermost:
            if outermost:
                self._clear_losses()
            self._maybe_build(tensors)
            outputs = self._run(args, kwargs, symbolic)
        if not symbolic:
            self._mark_outputs(outputs, tensors)
            note_outputs(self, outputs)
        return outputs

    def _check_constructed(self) -> None:
        if "_children" not in self.__dict__ or "built" not in self.__dict__:
            raise StateError(
                f"{type(self).__name__} was not set up. Call `super().__init__()` at the start of "
                f"its `__init__`."
            )

    def _convert(self, structure: Any) -> Any:
        """Arrays from NumPy and others, floating ones in the compute dtype."""
        dtype = self.input_dtype if self.autocast else None
        return tree.map_structure(lambda leaf: _convert_leaf(leaf, dtype), structure)

    def _bind(
        self, signature: CallSignature, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> dict[str, Any]:
        if "training" in kwargs and not (signature.takes_training or signature.takes_any_keyword):
            kwargs.pop("training")
        if "mask" in kwargs and not (signature.takes_mask or signature.takes_any_keyword):
            kwargs.pop("mask")
        try:
            return signature.bind(args, kwargs)
        except TypeError as error:
            raise ArgumentTypeError(
                f"The layer '{self.name}' ({type(self).__name__}) was called with arguments that "
                f"its `call{signature.signature}` does not take: {error}."
            ) from None

    def _check_inputs(self, arguments: dict[str, Any]) -> None:
        if self.input_spec is not None and arguments:
            first = next(iter(arguments.values()))
            check_inputs(self.input_spec, first, self._described())

    def _described(self) -> str:
        return f"The layer '{self._path}' ({type(self).__name__})"

    @staticmethod
    def _training_in_force(signature: CallSignature, arguments: dict[str, Any]) -> Any:
        """`training` as given, else as in the calls around, else the default."""
        training = arguments.get("training")
        if training is None:
            training = current_training()
        return signature.training_default if training is None else training

    def _fill_masks(
        self,
        signature: CallSignature,
        arguments: dict[str, Any],
        tensors: dict[str, Any],
        kwargs: dict[str, Any],
    ) -> None:
        """Pass on the masks that came with the tensors, to arguments that were left out."""
        for index, (name, value) in enumerate(tensors.items()):
            targets = (f"{name}_mask", "mask") if index == 0 else (f"{name}_mask",)
            target = next((t for t in targets if t in signature.names), None)
            if target is not None:
                mask = masks_of(value)
                if mask is not None:
                    _fill(target, mask, arguments, kwargs)

    def _run(self, args: tuple[Any, ...], kwargs: dict[str, Any], symbolic: bool) -> Any:
        try:
            with naming.name_scope(self.name, caller=self), AutocastScope(self.compute_dtype):
                if symbolic:
                    return self.symbolic_call(*args, **kwargs)
                outputs = user_code.prepared(self.call)(*args, **kwargs)
            self._penalize(outputs)
            return outputs
        except Exception as error:
            self._explain(error, args, kwargs)
            raise

    def _penalize(self, outputs: Any) -> None:
        """Add what the activity regularizer gives, for a sample in the mean of a batch."""
        if self.activity_regularizer is None:
            return
        for output in tree.flatten(outputs):
            if is_array(output):
                rows = max(output.shape[0], 1) if output.shape else 1
                self.add_loss(self.activity_regularizer(output) / rows)

    def _explain(self, error: Exception, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Say in the error in which layer it arose, once."""
        if getattr(error, "_deepkit_layer", None) is not None:
            return
        error._deepkit_layer = self._path  # type: ignore[attr-defined]
        received = ", ".join(
            [_describe(arg) for arg in args] + [f"{k}={_describe(v)}" for k, v in kwargs.items()]
        )
        error.add_note(f"Raised in the call of {self._described()[4:]}, which received: {received}")

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """The outputs as `KerasTensor`s, by abstract evaluation of `call`."""

        def converted_call(*args: Any, **kwargs: Any) -> Any:
            args, kwargs = self._convert((args, kwargs))
            # Not among the arguments that the graph notes, so that each call decides about it.
            signature = call_signature(type(self).call)
            arguments = signature.bind_partial(args, kwargs)
            if signature.takes_training and arguments.get("training") is None:
                training = self._training_in_force(signature, arguments)
                _fill("training", training, arguments, kwargs)
            return user_code.prepared(self.call)(*args, **kwargs)

        return convert_on_demand(lambda: infer_outputs(converted_call, args, kwargs))

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """The shapes of the outputs for shapes of the inputs, by abstract evaluation of `call`.

        Args:
            *args: shapes (tuples), nested as the inputs are.
            **kwargs: the same by name, as `<argument>_shape`.

        Returns:
            A shape, or nested ones.
        """
        inputs = tuple(self._symbols(shape) for shape in args)
        named = {k.removesuffix("_shape"): self._symbols(shape) for k, shape in kwargs.items()}
        with naming.name_scope(self.name, caller=self):
            outputs = convert_on_demand(lambda: infer_outputs(self.__call__, inputs, named))
        return tree.map_structure(lambda tensor: tensor.shape, outputs)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The mask of the outputs: that of the inputs, unless a subclass says otherwise."""
        return previous_mask

    def _mark_outputs(self, outputs: Any, tensors: dict[str, Any]) -> None:
        """Let the mask travel on with the outputs, where the layer can handle masks."""
        inputs = next(iter(tensors.values()), None)
        if not self.supports_masking or inputs is None:
            return
        previous = masks_of(inputs)
        if previous is None and type(self).compute_mask is Layer.compute_mask:
            return
        flat = tree.flatten(outputs)
        masks = self.compute_mask(inputs, previous)
        masks = tree.flatten(masks) if masks is not None else [None] * len(flat)
        if len(masks) == len(flat):
            for output, mask in zip(flat, masks):
                if mask is not None and isinstance(output, jax.Array):
                    set_mask(output, mask)

    def stateless_call(
        self,
        trainable_variables: Any,
        non_trainable_variables: Any,
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Call the layer as a pure function of its variables' values.

        Args:
            trainable_variables: values for `trainable_variables`.
            non_trainable_variables: values for `non_trainable_variables`.
            *args: the arguments of the call.
            return_losses: whether the losses are returned too.
            **kwargs: the keyword arguments of the call.

        Returns:
            `(outputs, new values of non_trainable_variables)`, and the losses as a third.

        Raises:
            NotBuiltError: the layer has no weights yet.
        """
        if not self.built:
            raise NotBuiltError(
                f"The layer '{self.name}' is not built, so it has no variables to take values. "
                f"Call it once on data, or call `build` with the shape of its input."
            )
        scope = self.state_scope(trainable_variables, non_trainable_variables, return_losses)
        with scope:
            outputs = self(*args, **kwargs)
            losses = self.losses if return_losses else None
            updated = [scope.get_current_value(v) for v in self.non_trainable_variables]
        return (outputs, updated, losses) if return_losses else (outputs, updated)

    # Config

    def get_config(self) -> dict[str, Any]:
        """The arguments from which `from_config` makes the same layer.

        A subclass with plain constructor arguments need not override it: they are remembered. One
        that overrides it adds its own arguments to those of `super().get_config()`.

        Raises:
            SerializationError: an argument has no form that JSON can hold.
        """
        base: dict[str, Any] = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": serialize_keras_object(self._dtype_policy),
        }
        if self.activity_regularizer is not None:
            base["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        if type(self).get_config is not Layer.get_config:
            return base
        return self._captured_config(base)

    def _captured_config(self, base: dict[str, Any]) -> dict[str, Any]:
        """The config of a layer that does not say it itself."""
        config = automatic_config(self, base)
        return {key: self._plain(key, value) for key, value in config.items()}

    def _plain(self, key: str, value: Any) -> Any:
        try:
            return serialize_keras_object(value)
        except SerializationError as error:
            raise SerializationError(
                f"The argument `{key}` of {type(self).__name__} cannot be written to a config: "
                f"{error} Or define `get_config(self)` on {type(self).__name__}."
            ) from error

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Layer":
        """A layer from what `get_config` returned; nested objects in it are made too."""
        return cls(**{key: _revive(value) for key, value in config.items()})

    def __repr__(self) -> str:
        state = f"built={self.built}"
        return f"<{type(self).__name__} name={self.name}, {state}>"


# Written as null by Keras into configs of layers that it lets one extend; nothing to do then.
_EXTENSIONS = ("lora_rank", "lora_alpha", "quantization_config", "gptq_unpacked_column_size")


def _built_once(build: Callable[..., None]) -> Callable[..., None]:
    """A `build` that runs once: shapes as `Shape`s, variables under the layer's name."""

    @functools.wraps(build)
    def run(self: Layer, *args: Any, **kwargs: Any) -> None:
        if self._is_building:
            build(self, *args, **kwargs)
            return
        if self.built:
            return
        args = tuple(_as_shapes(arg) for arg in args)
        kwargs = {key: _as_shapes(arg) for key, arg in kwargs.items()}
        self._path = self._current_path() if self._path == self.name else self._path
        self._is_building = True
        try:
            with naming.name_scope(self.name, caller=self):
                build(self, *args, **kwargs)
            names = [n for n in call_signature(build).names if n not in kwargs]
            self._build_shapes = {**dict(zip(names, args)), **kwargs}
            self.built = True
        except Exception as error:
            error.add_note(f"Raised while building {self._described()[4:]}.")
            raise
        finally:
            self._is_building = False

    return run


def _as_shapes(value: Any) -> Any:
    """Nested shapes as `Shape`s; whatever else a `build` of the user's takes stays as it is."""
    if shapes.is_shape(value):
        return Shape(value)
    return tree.map_children(_as_shapes, value) if tree.is_nested(value) else value


def _convert_leaf(leaf: Any, dtype: str | None) -> Any:
    if isinstance(leaf, KerasTensor):
        return leaf
    if isinstance(leaf, Variable):
        leaf = leaf.value
    if not isinstance(leaf, jax.Array):
        if not isinstance(leaf, np.ndarray) and not (is_array(leaf) and hasattr(leaf, "__array__")):
            return leaf
        leaf = as_array(np.asarray(leaf))
    if dtype is not None and leaf.dtype != dtype and jax.numpy.issubdtype(leaf.dtype, np.floating):
        return leaf.astype(dtype)
    return leaf


def _revive(value: Any) -> Any:
    if isinstance(value, dict) and "class_name" in value and "config" in value:
        return deserialize_keras_object(value)
    if type(value) is list:
        return [_revive(item) for item in value]
    return value


def _fill(name: str, value: Any, arguments: dict[str, Any], kwargs: dict[str, Any]) -> None:
    """Give an argument by keyword, unless it was given a value, or by position."""
    if arguments.get(name) is None and (name in kwargs or name not in arguments):
        kwargs[name] = value


def _describe(value: Any) -> str:
    def leaf(x: Any) -> str:
        if is_array(x) or isinstance(x, KerasTensor):
            return f"{x.dtype}{tuple(x.shape)}"
        return repr(x)[:60]

    if isinstance(value, dict):
        return "{" + ", ".join(f"{k!r}: {_describe(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_describe(v) for v in value) + "]"
    return leaf(value)
