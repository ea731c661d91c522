"""Model: a layer that is compiled, trained, evaluated, used for prediction, saved and loaded."""

import json
import os
from collections.abc import Callable
from typing import Any

from deepkit import saving, training
from deepkit.core import naming, tree
from deepkit.core.errors import ArgumentError, ArgumentTypeError, UnknownNameError, suggest
from deepkit.core.serialization import refusing, serialize_keras_object
from deepkit.layers import Layer
from deepkit.layers._stateful import in_file_order
from deepkit.metrics import Metric
from deepkit.models._compiled_calls import EAGERLY, CompiledCalls
from deepkit.models._function import Function
from deepkit.models._functional import GraphBuilder, flat_inputs, functional_config
from deepkit.models._summary import summarize
from deepkit.optimizers import Optimizer
from deepkit.tensors import KerasTensor, Operation


class Model(Layer):
    """A layer with a training loop.

    Two ways to make one: draw it, `Model(inputs, outputs)`, from what `Input` and layers return; or
    subclass it, make layers in the constructor and compute in `call`.

    Args:
        inputs: nested `KerasTensor`s, to draw a model.
        outputs: nested `KerasTensor`s that depend on them.
        name: a name.
        trainable: whether optimizers change its weights.
        dtype: a dtype or a dtype policy, for subclasses.

    Example:
        >>> import deepkit
        >>> x = deepkit.Input((4,))
        >>> model = deepkit.Model(x, deepkit.layers.Dense(1)(x))
        >>> model.compile(optimizer="sgd", loss="mse")
        >>> history = model.fit(deepkit.ops.ones((8, 4)), deepkit.ops.ones((8, 1)), verbose=0)
        >>> list(history.history)
        ['loss']
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        graph, kwargs = _split_graph(args, kwargs)
        if graph is not None and type(self) is Model and kwargs.get("name") is None:
            kwargs["name"] = naming.auto_name("functional")
        super().__init__(**kwargs)
        self._graph: Function | None = None
        self._trainer = training.Trainer(self)
        # What a subclass of the user's does in a call is not known.
        self._compiled_calls = CompiledCalls(self) if _is_plain_model(type(self)) else None
        if graph is not None:
            self._set_graph(*graph)

    def _set_graph(self, inputs: Any, outputs: Any) -> None:
        self._graph = Function(inputs, outputs, name=f"{self.name}_function")
        self._graph_layers = [op for op in self._graph.operations if isinstance(op, Layer)]
        self.built = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        calls = self.__dict__.get("_compiled_calls")
        # A shallow copy has those of the model that it is a copy of.
        is_own = calls is not None and calls.model is self
        outputs = calls.run(args, kwargs) if is_own else EAGERLY
        return super().__call__(*args, **kwargs) if outputs is EAGERLY else outputs

    # Structure

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Compute the outputs; subclasses that are not drawn define it.

        Args:
            inputs: nested tensors in the form of the inputs.
            training: whether layers behave as in training.
            mask: masks of the inputs.
        """
        if self._graph is None:
            return super().call(inputs)
        values = flat_inputs(self._graph, inputs, f"The model '{self.name}'")
        return self._graph.run(values)

    @property
    def layers(self) -> list[Layer]:
        """The layers directly inside, in their order."""
        return [
            layer
            for layer in self._flatten_layers(include_self=False, recursive=False)
            if isinstance(layer, Layer)
        ]

    @property
    def operations(self) -> list[Operation]:
        """The layers directly inside, and the ops of a drawn model."""
        return list(self.layers) if self._graph is None else self._graph.operations

    @property
    def inputs(self) -> list[KerasTensor] | None:
        """The symbolic inputs of a drawn model."""
        return None if self._graph is None else self._graph.inputs

    @property
    def outputs(self) -> list[KerasTensor] | None:
        """The symbolic outputs of a drawn model."""
        return None if self._graph is None else self._graph.outputs

    @property
    def input(self) -> Any:
        """The symbolic inputs of a drawn model, nested as they were given."""
        return super().input if self._graph is None else self._graph.inputs_structure

    @property
    def output(self) -> Any:
        """The symbolic outputs of a drawn model, nested as they were given."""
        return super().output if self._graph is None else self._graph.outputs_structure

    @property
    def input_shape(self) -> Any:
        """The shapes of `input`."""
        return tree.map_structure(lambda tensor: tensor.shape, self.input)

    @property
    def output_shape(self) -> Any:
        """The shapes of `output`."""
        return tree.map_structure(lambda tensor: tensor.shape, self.output)

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs of a drawn model."""
        return [tensor.name for tensor in self.inputs or []]

    @property
    def output_names(self) -> list[str] | None:
        """The names of the outputs of a drawn model: those of the layers that return them."""
        if self._graph is None:
            return None
        return [tensor.history.operation.name for tensor in self._graph.outputs]

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer by its name or its place.

        Raises:
            UnknownNameError: no layer has this name; the message lists the closest.
            ArgumentError: neither or both are given, or the place is out of range.
        """
        if (name is None) == (index is None):
            raise ArgumentError("Expected either `name` or `index` in `get_layer`.")
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ArgumentError(
                    f"Expected `index` below {len(layers)}, the number of layers of "
                    f"'{self.name}', received {index}."
                )
            return layers[index]
        found = next((layer for layer in layers if layer.name == name), None)
        if found is None:
            names = [layer.name for layer in layers]
            raise UnknownNameError(
                f"The model '{self.name}' has no layer named {name!r}."
                f"{suggest(name, names)} Its layers: {names}."
            )
        return found

    def summary(
        self,
        line_length: int | None = None,
        positions: list[float] | None = None,
        print_fn: Callable[[str], None] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Any = None,
    ) -> None:
        """Print a table of the layers, their output shapes and numbers of parameters.

        Args:
            line_length: characters in a line; that of the terminal if `None`.
            positions: where columns end, as fractions of a line.
            print_fn: takes the text instead of `print`.
            expand_nested: whether the layers of models inside are listed too.
            show_trainable: whether to say which layers are trainable.
            layer_range: names of the first and last layer to list.
        """
        text = summarize(self, line_length, positions, expand_nested, show_trainable, layer_range)
        (print if print_fn is None else print_fn)(text)

    # Training

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: bool | str = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Choose how the model is trained.

        Args:
            optimizer: an optimizer, its name, or an optax transformation; or a dict of regular
                expressions for paths of variables and any of these, of which the first that
                matches counts (see `deepkit.optimizers.MultiOptimizer`):
                `{"encoder/.*": Adam(1e-5), ".*": Adam(1e-3)}`.
            loss: a loss, its name, a function `(y_true, y_pred)`, or nested ones for several
                outputs.
            loss_weights: factors of the losses of several outputs.
            metrics: metrics, names or functions, or nested ones for several outputs.
            weighted_metrics: the same, of which each gets `sample_weight`.
            run_eagerly: run steps as plain Python, for prints and debuggers.
            steps_per_execution: how many steps a call of the device runs; 1 lets deepkit choose.
            jit_compile: `False` is `run_eagerly`; otherwise steps are compiled.
            auto_scale_loss: whether a `mixed_float16` model gets dynamic loss scaling.
        """
        self._trainer.compile(
            optimizer=optimizer,
            loss=loss,
            loss_weights=loss_weights,
            metrics=metrics,
            weighted_metrics=weighted_metrics,
            run_eagerly=run_eagerly,
            steps_per_execution=steps_per_execution,
            jit_compile=jit_compile,
            auto_scale_loss=auto_scale_loss,
        )

    def after_compile(self, then: Callable[[Any], None] | None) -> None:
        """Have a function called once with the model, after the next `compile` with an optimizer.

        Args:
            then: the function; it takes the place of one that was given before.
        """
        self._trainer.after_compile = then

    @property
    def compiled(self) -> bool:
        """Whether `compile` was called."""
        return self._trainer.compiled

    @property
    def optimizer(self) -> Any:
        """The optimizer given to `compile`."""
        return self._trainer.optimizer

    @optimizer.setter
    def optimizer(self, optimizer: Any) -> None:
        self._trainer.use(optimizer)

    @property
    def history(self) -> Any:
        """The `History` of the last `fit`; `None` before the first."""
        return self._trainer.history

    @history.setter
    def history(self, history: Any) -> None:
        self._trainer.history = history

    @property
    def stop_training(self) -> bool:
        """Whether `fit` is to end; callbacks set it."""
        return self._trainer.stop_training

    @stop_training.setter
    def stop_training(self, value: bool) -> None:
        self._trainer.stop_training = value

    @property
    def loss(self) -> Any:
        """The loss as it was given to `compile`."""
        return self._trainer.arguments.get("loss")

    @property
    def run_eagerly(self) -> bool:
        """Whether steps run as plain Python."""
        return self._trainer.run_eagerly

    @run_eagerly.setter
    def run_eagerly(self, value: bool) -> None:
        self._trainer.run_eagerly = bool(value)

    @property
    def metrics(self) -> list[Metric]:
        """The tracker of the loss, the compiled metrics, and those held by the layers."""
        own = [m for m in super().metrics if all(m is not t for t in self._trainer.metrics)]
        return [*self._trainer.metrics, *own]

    @property
    def metrics_names(self) -> list[str]:
        """The names of `metrics`."""
        return [metric.name for metric in self.metrics]

    def reset_metrics(self) -> None:
        """Start all metrics again."""
        for metric in self.metrics:
            metric.reset_state()

    def get_metrics_result(self) -> dict[str, Any]:
        """The results of all metrics, by name."""
        return training.metrics_results(self.metrics)

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
        *,
        check_finite: bool = False,
        resume: str | os.PathLike[str] | None = None,
    ) -> Any:
        """Train the model.

        Args:
            x: nested arrays; or a generator, a `PyDataset`, or any iterable of batches
                `(x, y)` or `(x, y, sample_weight)`.
            y: nested arrays of targets, where `x` holds arrays.
            batch_size: rows of a step; 32 if `None`.
            epochs: the epoch to stop before; the number of epochs if `initial_epoch` is 0.
            verbose: 0 silent, 1 a bar, 2 a line an epoch; "auto" a bar.
            callbacks: a list of callbacks.
            validation_split: the last part of the rows that is held out.
            validation_data: `(x, y)` or `(x, y, sample_weight)`, or batches as in `x`.
            shuffle: whether rows are drawn in another order each epoch.
            class_weight: a factor of the loss for each class.
            sample_weight: a factor of the loss for each row.
            initial_epoch: the epoch to begin with.
            steps_per_epoch: steps of an epoch, for data that does not end.
            validation_steps: the same for validation data.
            validation_batch_size: `batch_size` if `None`.
            validation_freq: validate after so many epochs, or after those in a list.
            check_finite: whether NaN and infinities in the data are errors.
            resume: a folder for backups of this run. One is written after each epoch, and the one
                before it is kept; a run that was interrupted goes on from there when the same
                program is started again; both are deleted when training has ended. The short form
                of the callback `BackupAndRestore`, which can also back up every so many batches.

        Returns:
            A `History`; its `history` has a list of values for each name.

        Raises:
            NotCompiledError: before `compile`.
            DataError: the data cannot be used; says which, and why.
        """
        return training.fit(
            self,
            x,
            y,
            batch_size=batch_size,
            epochs=epochs,
            verbose=verbose,
            callbacks=callbacks,
            validation_split=validation_split,
            validation_data=validation_data,
            shuffle=shuffle,
            class_weight=class_weight,
            sample_weight=sample_weight,
            initial_epoch=initial_epoch,
            steps_per_epoch=steps_per_epoch,
            validation_steps=validation_steps,
            validation_batch_size=validation_batch_size,
            validation_freq=validation_freq,
            check_finite=check_finite,
            resume=resume,
        )

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        *,
        check_finite: bool = False,
        **kwargs: Any,
    ) -> Any:
        """The loss and metrics on data.

        Args:
            x: as in `fit`.
            y: as in `fit`.
            batch_size: rows of a step; 32 if `None`.
            verbose: 0 silent, 1 a bar, 2 a line.
            sample_weight: a factor for each row.
            steps: batches to take, for data that does not end.
            callbacks: a list of callbacks.
            return_dict: whether to return a dict.
            check_finite: as in `fit`.

        Returns:
            The loss alone, or a list of it and the metrics; a dict by name with `return_dict`.
        """
        if kwargs:
            raise ArgumentTypeError(f"Unexpected arguments of `evaluate`: {', '.join(kwargs)}.")
        return training.evaluate(
            self,
            x,
            y,
            batch_size=batch_size,
            verbose=verbose,
            sample_weight=sample_weight,
            steps=steps,
            callbacks=callbacks,
            return_dict=return_dict,
            check_finite=check_finite,
        )

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
        *,
        check_finite: bool = False,
    ) -> Any:
        """The outputs for data, as NumPy arrays in the form of the outputs.

        An odd number of rows is run by the program for the next power of two or for a full batch,
        where it is sure that rows do not meet. Rounding may differ in the last digits then.

        Args:
            x: as in `fit`.
            batch_size: rows of a step; 32 if `None`.
            verbose: 0 silent, 1 a bar, 2 a line.
            steps: batches to take, for data that does not end.
            callbacks: a list of callbacks.
            check_finite: as in `fit`.
        """
        return training.predict(
            self,
            x,
            batch_size=batch_size,
            verbose=verbose,
            steps=steps,
            callbacks=callbacks,
            check_finite=check_finite,
        )

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: dict[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """One training step; returns the loss and metrics of this batch alone."""
        return training.train_on_batch(self, x, y, sample_weight, class_weight, return_dict)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """The loss and metrics of a batch alone, as `evaluate` returns them."""
        return training.test_on_batch(self, x, y, sample_weight, return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for a batch."""
        return training.predict_on_batch(self, x)

    def train_step(self, data: Any) -> dict[str, Any]:
        """One training step in plain stateful style; to be overridden for other ways to train.

        Args:
            data: `x`, `(x, y)` or `(x, y, sample_weight)` of a batch.

        Returns:
            Values by name, for the logs.
        """
        return training.train_step(self, data)

    def test_step(self, data: Any) -> dict[str, Any]:
        """One evaluation step; see `train_step`."""
        return training.test_step(self, data)

    def predict_step(self, data: Any) -> Any:
        """The outputs for a batch; see `train_step`."""
        return training.predict_step(self, data)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """What is minimized: the compiled loss plus the losses of the layers.

        Args:
            x: the inputs.
            y: the targets.
            y_pred: the outputs.
            sample_weight: factors of the rows.
            training: whether this is a training step.

        Returns:
            A scalar.
        """
        return self._trainer.compute_loss(y, y_pred, sample_weight)

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """Update the compiled metrics and return the results of all metrics.

        Args:
            x: the inputs.
            y: the targets.
            y_pred: the outputs.
            sample_weight: factors of the rows.
        """
        self._trainer.update_metrics(y, y_pred, sample_weight)
        return self.get_metrics_result()

    # Files and configs

    def save(self, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None:
        """Write architecture, weights, compile arguments and optimizer state to a file.

        Args:
            filepath: a path that ends in `.keras`, `.h5` or `.hdf5`, or with `zipped=False` that of
                a folder.
            overwrite: whether an existing file may be replaced.
        """
        saving.save_model(self, filepath, overwrite=overwrite, **kwargs)

    def save_weights(self, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None:
        """Write the weights to a file that ends in `.weights.h5`.

        With `max_shard_size`, in GB, they go into several files, whose index ends in
        `.weights.json`.
        """
        saving.save_weights(self, filepath, overwrite=overwrite, **kwargs)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
        """Read weights from a file that `save_weights` or `save` wrote.

        Args:
            filepath: the path.
            skip_mismatch: whether to leave out, and report, what does not fit.

        Raises:
            WeightMismatchError: something does not fit; no weight is changed then.
        """
        saving.load_weights(self, filepath, skip_mismatch=skip_mismatch, **kwargs)

    def load_weights_from(self, mapping: Any, rename: Any = None, **kwargs: Any) -> Any:
        """Take weights from a state dict of PyTorch, or from any mapping or file of arrays.

        Args:
            mapping: arrays by name, or the path of a `.safetensors` or `.npz` file.
            rename: a dict or function from their names to those of this model.
            **kwargs: `layout="torch"` for arrays that are laid out as in PyTorch, and others; see
                `deepkit.saving.load_weights_from`.

        Raises:
            WeightMismatchError: something does not fit; no weight is changed then.
        """
        return saving.load_weights_from(self, mapping, rename, **kwargs)

    def saveable_children(self) -> dict[str, Any]:
        """Attributes, `layers` and optimizers, in the order of Keras's files."""
        own = {k: v for k, v in super().saveable_children().items() if k not in _BOOKKEEPING}
        own.update({k: v for k, v in vars(self).items() if isinstance(v, Optimizer)})
        if self.optimizer is not None:
            own["optimizer"] = self.optimizer
        if self._graph is not None:
            # The graph comes first, whatever other attributes a subclass has.
            graph_layers = [op for op in self._graph.operations if isinstance(op, Layer)]
            return {"layers": graph_layers, **in_file_order(own)}
        return in_file_order({**own, "layers": self.layers})

    def _captured_config(self, base: dict[str, Any]) -> dict[str, Any]:
        if self._graph is not None and _is_plain_model(type(self)):
            return functional_config(self._graph, base)
        return super()._captured_config(base)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "Model":
        """A model from what `get_config` returned."""
        drawn = {"layers", "input_layers", "output_layers"} <= set(config)
        if not drawn:
            return super().from_config(config)
        note = f"While drawing the model '{config.get('name')}'."
        with saving.custom_object_scope(custom_objects or {}), refusing(note):
            inputs, outputs = GraphBuilder(config).draw()
        given = {"name": config.get("name"), "trainable": config.get("trainable", True)}
        return cls(inputs=inputs, outputs=outputs, **given)

    def _serialized_class(self) -> tuple[str, str]:
        """The module and class under which Keras files a drawn model."""
        if self._graph is not None and _is_plain_model(type(self)):
            return "keras.src.models.functional", "Functional"
        return "keras", type(self).__name__

    @property
    def class_name_in_files(self) -> str:
        """What Keras's files call the class; drawn models have one of their own there."""
        own = type(self)
        return self._serialized_class()[1] if _is_plain_model(own) else own.__name__

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Make the weights from what `get_build_config` returned, in all layers inside too."""
        super().build_from_config(config)
        if self._graph is not None or all(layer.built for layer in self._flatten_layers()):
            return
        # Layers that a `build` of the user's leaves alone are built where `call` calls them.
        if config.get("input_shape") is not None:
            self._build_by_call((self._symbols(config["input_shape"]),), {})
        elif config.get("shapes_dict"):
            named = {k.removesuffix("_shape"): v for k, v in config["shapes_dict"].items()}
            self._build_by_call((), {name: self._symbols(s) for name, s in named.items()})

    def get_compile_config(self) -> dict[str, Any] | None:
        """The arguments of `compile` in the form for files; `None` before `compile`."""
        return self._trainer.get_config()

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile from what `get_compile_config` returned, and build the optimizer."""
        self._trainer.compile_from_config(config)

    def to_json(self, **kwargs: Any) -> str:
        """The model's config as JSON, from which `models.model_from_json` makes the model."""
        return json.dumps(serialize_keras_object(self), **kwargs)


_BOOKKEEPING = ("_graph", "_graph_layers")


def _is_plain_model(cls: type) -> bool:
    return cls.__module__.startswith("deepkit.")


def _split_graph(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, Any] | None, dict[str, Any]]:
    """The inputs and outputs of a drawn model, if there are any, and the other arguments."""
    kwargs = dict(kwargs)
    for name, value in zip(("inputs", "outputs", "name"), args):
        kwargs[name] = value
    if len(args) > 3:
        raise ArgumentTypeError(f"Expected `Model(inputs, outputs, name)`, received {args!r}.")
    if "inputs" not in kwargs and "outputs" not in kwargs:
        return None, kwargs
    if "inputs" not in kwargs or "outputs" not in kwargs:
        raise ArgumentError("Expected both `inputs` and `outputs` for a drawn model.")
    return (kwargs.pop("inputs"), kwargs.pop("outputs")), kwargs
