"""Trainer: what `compile` sets up for a model, and the programs compiled for it."""

import functools
import warnings
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from deepkit import optimizers
from deepkit.core import serialization
from deepkit.core.errors import (
    ArgumentError,
    ArgumentTypeError,
    NotCompiledError,
    SerializationError,
)
from deepkit.metrics import Mean, Metric
from deepkit.optimizers import LossScaleOptimizer, Optimizer
from deepkit.tensors import Variable, as_array, global_seed_generator, outside_scopes
from deepkit.training._call_state import CallState, variables_of_calls
from deepkit.training._compile_loss import CompileLoss
from deepkit.training._compile_metrics import CompileMetrics
from deepkit.training._paths import paths_in
from deepkit.training._program import Program
from deepkit.training._programs import Programs
from deepkit.training._snapshot import Snapshot


class Trainer:
    """The compiled side of a model: optimizer, loss, metrics and programs.

    Args:
        model: the model.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self.arguments: dict[str, Any] = {}
        self.compiled = False
        self.optimizer: Any = None
        # The record of the last training, and whether a callback asked to end it.
        self.history: Any = None
        self.stop_training = False
        self.loss_tracker: Mean | None = None
        self.compile_loss: CompileLoss | None = None
        self.compile_metrics: CompileMetrics | None = None
        self.run_eagerly = False
        self.steps_per_execution = 1
        self.programs: Programs[Program] = Programs()
        self.checkers: Programs[Any] = Programs()
        # The modes whose step ran on shapes, so that all of its variables exist.
        self.evaluated_modes: set[str] = set()
        # Whether the optimizer had state for all trainable weights when training first began.
        self.optimizer_had_all: bool | None = None
        # Called once with the model when it is compiled.
        self.after_compile: Callable[[Any], None] | None = None
        self._snapshot: Snapshot | None = None
        self._call_state: CallState | None = None
        self._arguments_of_programs: dict[str, Any] = {}

    def __getstate__(self) -> dict[str, Any]:
        # A copy finds out anew what it depends on.
        return {**self.__dict__, "_snapshot": None, "_call_state": None}

    def compile(self, **arguments: Any) -> None:
        """Take the arguments of `Model.compile`; all are checked before anything changes."""
        jit_compile = arguments["jit_compile"]
        steps = arguments["steps_per_execution"]
        if jit_compile not in (True, False, "auto"):
            raise ArgumentError(
                f"Expected `jit_compile` to be True, False or 'auto', received {jit_compile!r}."
            )
        if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
            raise ArgumentError(
                f"Expected `steps_per_execution` to be an integer of at least 1, "
                f"received {steps!r}."
            )
        optimizer = self._resolve_optimizer(arguments)
        names = self._model.output_names
        loss = None
        if arguments["loss"] is not None:
            loss = CompileLoss(
                arguments["loss"], loss_weights=arguments["loss_weights"], output_names=names
            )
        metrics = None
        if arguments["metrics"] is not None or arguments["weighted_metrics"] is not None:
            metrics = CompileMetrics(
                arguments["metrics"], arguments["weighted_metrics"], output_names=names, loss=loss
            )
        self.use(optimizer)
        self.compile_loss, self.compile_metrics = loss, metrics
        self.loss_tracker = Mean(name="loss")
        self.run_eagerly = bool(arguments["run_eagerly"]) or jit_compile is False
        self.steps_per_execution = steps
        self.arguments = dict(arguments)
        del arguments["optimizer"]
        self._arguments_of_programs = arguments
        self.evaluated_modes.clear()
        self.optimizer_had_all = None
        self.compiled = True
        if self.after_compile is not None and optimizer is not None:
            then, self.after_compile = self.after_compile, None
            then(self._model)

    def _resolve_optimizer(self, arguments: dict[str, Any]) -> Any:
        optimizer = arguments["optimizer"]
        if optimizer is None:
            return None
        optimizer = optimizers.get(optimizer)
        scales = arguments["auto_scale_loss"] and self._model.dtype_policy.name == "mixed_float16"
        if scales and not isinstance(optimizer, LossScaleOptimizer):
            optimizer = LossScaleOptimizer(optimizer)
        return optimizer

    def use(self, optimizer: Any) -> None:
        """Train with an optimizer from here on."""
        self.optimizer = optimizer
        if isinstance(optimizer, Optimizer):
            optimizer.take_paths_from(self.paths)

    def paths(self) -> dict[int, list[str]]:
        """The paths of the model's variables, by their identities."""
        return paths_in(self._model)

    def require_compiled(self, method: str) -> None:
        """Raise unless `compile` was called.

        Raises:
            NotCompiledError: it was not.
        """
        if not self.compiled:
            raise NotCompiledError(
                f"The model '{self._model.name}' must be compiled before `{method}`. Call "
                f"`model.compile(optimizer=..., loss=...)` first."
            )

    @property
    def metrics(self) -> list[Metric]:
        """The tracker of the loss, the compiled metrics, and the trackers of single losses."""
        found: list[Metric] = [] if self.loss_tracker is None else [self.loss_tracker]
        if self.compile_metrics is not None:
            found.append(self.compile_metrics)
        if self.compile_loss is not None:
            found.extend(self.compile_loss.metrics)
        return found

    def state(self) -> list[Variable]:
        """All variables that a training step may read or change, each once."""
        variables = list(self._model.variables)
        for optimizer in self.optimizers:
            variables.extend(optimizer.variables)
        # A user's `metrics` may leave out the compiled ones, which `compute_loss` updates.
        for metric in (*self._model.metrics, *self.metrics):
            variables.extend(metric.variables)
        # A step may draw random numbers without a seed of its own.
        variables.append(global_seed_generator().state)
        return list({id(variable): variable for variable in variables}.values())

    @property
    def optimizers(self) -> list[Any]:
        """The compiled optimizer, and those that a user's `train_step` finds in attributes.

        They may lie in lists and dicts there. Each comes once.
        """
        found = _optimizers_in([self.optimizer, vars(self._model)])
        return list({id(optimizer): optimizer for optimizer in found}.values())

    def call_state(self) -> CallState:
        """What calls of the model depend on, as it is now."""
        state = self._call_state
        if state is None or not state.holds():
            state = self._call_state = CallState(self._model)
        return state

    def snapshot(self, mode: str) -> Snapshot:
        """What the programs of a mode and their state depend on besides shapes, as it is now."""
        calls = self._known_calls(mode)
        return self._whole_snapshot() if calls is None else calls.snapshot

    def state_of(self, mode: str) -> Callable[[], list[Variable]]:
        """Gives the variables that a step may read or change."""
        if self._known_calls(mode) is None:
            return self.state
        return functools.partial(variables_of_calls, self._model)

    def runs_known_code(self, mode: str) -> bool:
        """Whether the steps of a mode are calls of deepkit's own code alone."""
        return self._known_calls(mode) is not None

    def _known_calls(self, mode: str) -> CallState | None:
        """What the steps of a mode depend on, if they are calls of deepkit's own code alone.

        Such a step sees no optimizer, loss or metric.
        """
        if mode != "predict" or not type(self._model).__module__.startswith("deepkit."):
            return None
        state = self.call_state()
        return state if state.is_known else None

    def _whole_snapshot(self) -> Snapshot:
        objects = (self._model, self.optimizer, self._arguments_of_programs)
        # Their variables are state of the programs.
        others = (
            self.compile_loss,
            self.compile_metrics,
            self.loss_tracker,
            global_seed_generator(),
        )
        snapshot = self._snapshot
        if snapshot is None or not snapshot.holds(*objects, *others):
            snapshot = self._snapshot = Snapshot(objects, others)
        return snapshot

    def compute_loss(self, y: Any, y_pred: Any, sample_weight: Any) -> Any:
        """The compiled loss plus the losses of the layers, a scalar.

        Raises:
            ArgumentError: there is nothing to minimize.
        """
        terms = []
        if self.compile_loss is not None:
            loss = self.compile_loss(y, y_pred, sample_weight)
            if loss is not None:
                terms.append(loss)
        terms.extend(as_array(loss, dtype="float32") for loss in self._model.losses)
        if not terms:
            raise ArgumentError(
                f"The model '{self._model.name}' has nothing to minimize: no `loss` was given to "
                f"`compile`, and no layer calls `add_loss`. Pass `loss=...` to `compile`."
            )
        total = terms[0]
        for term in terms[1:]:
            total = total + jnp.asarray(term, dtype=total.dtype)
        return total

    def track_loss(self, loss: Any, rows: Any) -> None:
        """Update the running mean of the loss by that of a batch."""
        if self.loss_tracker is not None:
            self.loss_tracker.update_state(loss, sample_weight=rows)

    def update_metrics(self, y: Any, y_pred: Any, sample_weight: Any) -> None:
        """Update the compiled metrics by a batch."""
        if self.compile_metrics is not None:
            self.compile_metrics.update_state(y, y_pred, sample_weight)

    # Config

    def get_config(self) -> dict[str, Any] | None:
        """The arguments of `compile` in the form for files; `None` if they cannot be written."""
        if not self.compiled:
            return None
        config = {}
        for key, value in {**self.arguments, "optimizer": self.optimizer}.items():
            try:
                config[key] = serialization.serialize_keras_object(value)
            except (SerializationError, ArgumentTypeError) as error:
                warnings.warn(
                    f"The argument `{key}` of `compile` cannot be written to a file, so the "
                    f"loaded model will have to be compiled again: {error}",
                    stacklevel=2,
                )
                return None
        return config

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile from what `get_config` returned, and make the optimizer's state."""
        arguments = serialization.deserialize_keras_object(config)
        with outside_scopes():
            self._model.compile(**arguments)
        if self.optimizer is not None and self._model.built:
            self.optimizer.build(self._model.trainable_variables)


def _optimizers_in(value: Any) -> list[Any]:
    if isinstance(value, Optimizer):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list | tuple):
        return []
    return [optimizer for part in value for optimizer in _optimizers_in(part)]
