"""GradientTape: gradients of what ran inside a `with` block."""

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import set_current_trace

from deepkit.core import tree
from deepkit.core.errors import ArgumentTypeError, ShapeError, StateError
from deepkit.tensors import Variable, listen_to_reads

from ._endpoints import (
    as_input,
    as_target,
    check_source,
    targets_and_cotangents,
    warn_unless_differentiable,
    zeros_like_source,
)
from ._gradient_program import gradients_of
from ._part import part_between
from ._recording import Recording
from ._recording_trace import RecordingTrace, new_trace, outer_recordings
from ._unconnected_gradients import UnconnectedGradients, as_unconnected
from ._watched_variables import WatchedVariables


class GradientTape:
    """Records what runs inside a `with` block, and gives gradients of its results.

    Trainable variables are watched by themselves once they are read; other arrays after `watch`.
    Values stay plain arrays. It works eagerly, where the gradient is compiled and kept for the
    next time that the same operations run, and inside `deepkit.function`, `train_step` and
    `jax.jit`, where it costs what `jax.grad` does. Layers, losses, `jnp` functions, loops and
    branches of JAX may be used inside. Tapes may be nested, for derivatives of gradients.

    The gradient by a complex source is, as TensorFlow's, the conjugate of that of `jax.grad`.

    Args:
        persistent: whether `gradient` may be called more than once. Otherwise what was recorded
            is dropped with the first call.
        watch_accessed_variables: whether trainable variables are watched once they are read.

    Raises:
        StateError: of methods: `gradient` is called again, or the tape is entered twice.

    Example:
        >>> import deepkit
        >>> x = deepkit.Variable(3.0)
        >>> with deepkit.GradientTape() as tape:
        ...     y = x * x
        >>> float(tape.gradient(y, x))
        6.0
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self._persistent = bool(persistent)
        self._watches_all = bool(watch_accessed_variables)
        self._trace: RecordingTrace | None = None
        self._scopes: list[Any] = []
        self._start()

    def _start(self) -> None:
        self._recording: Recording | None = Recording()
        self._variables = WatchedVariables(self._recording, self._watches_all)

    def __enter__(self) -> "GradientTape":
        if self._trace is not None:
            raise StateError(
                "The tape records already. Use another GradientTape for the inner block."
            )
        if self._recording is None:
            self._start()
        self._trace = new_trace()
        self._trace.recording = self._recording
        self._scopes = [set_current_trace(self._trace), listen_to_reads(self._note_read)]
        for scope in self._scopes:
            scope.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        for scope in reversed(self._scopes):
            scope.__exit__(*error)
        self._trace.recording = None
        self._trace, self._scopes = None, []

    def _note_read(self, variable: Variable, value: jax.Array) -> jax.Array:
        return self._variables.note_read(variable, value, self._copy) if self._records() else value

    def _copy(self, value: jax.Array) -> jax.Array:
        with set_current_trace(self._trace.below):
            return jnp.copy(value)

    def _records(self) -> bool:
        return self._trace is not None and self._trace.recording is not None

    def watch(self, tensor: Any) -> None:
        """Watch an array, a variable, or nested ones, that are not watched by themselves.

        Args:
            tensor: the array, or the arrays; of floats or complex numbers.

        Raises:
            ArgumentTypeError: something is no array of JAX and no variable.
        """
        for leaf in tree.flatten(tensor):
            if isinstance(leaf, Variable):
                self._variables.add(leaf)
            elif not isinstance(leaf, jax.Array):
                raise ArgumentTypeError(
                    f"Expected `watch` to be given arrays of JAX or variables, received {leaf!r}. "
                    f"Make it an array first, with `deepkit.ops.convert_to_tensor`."
                )
            elif warn_unless_differentiable(leaf, "watched array"):
                self._usable_recording().watch(leaf)

    def watched_variables(self) -> tuple[Variable, ...]:
        """The variables that are watched, in the order in which they were read first."""
        return self._variables.all()

    @contextlib.contextmanager
    def stop_recording(self) -> Iterator[None]:
        """A `with` block in which nothing is recorded.

        Raises:
            StateError: the tape does not record now.
        """
        if not self._records():
            raise StateError("`stop_recording` was called on a tape that does not record now.")
        self._trace.recording = None
        try:
            yield
        finally:
            self._trace.recording = self._recording

    def reset(self) -> None:
        """Forget what was recorded and watched."""
        self._start()
        if self._trace is not None:
            self._trace.recording = self._recording

    def gradient(
        self,
        target: Any,
        sources: Any,
        output_gradients: Any = None,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
    ) -> Any:
        """The gradient of a target by sources.

        Args:
            target: an array that was computed inside the block, or nested ones, whose gradients
                are added. That of an array is the gradient of its sum.
            sources: an array or variable, or nested ones.
            output_gradients: what the gradients of the targets are multiplied by, in the structure
                of `target`; ones where it is `None`.
            unconnected_gradients: `"none"` or `"zero"`: what to return by a source on which no
                target depends.

        Returns:
            Arrays, or `None`, in the structure of `sources`.

        Raises:
            ArgumentError: `unconnected_gradients` is unknown, or there are not as many
                `output_gradients` as targets.
            ArgumentTypeError: a target or source is no array and no variable.
            ShapeError: an output gradient has not the shape of its target.
            StateError: it was called before, and the tape is not persistent.
        """
        unconnected = as_unconnected(unconnected_gradients)
        targets, cotangents = targets_and_cotangents(target, output_gradients)
        flat_sources = tree.flatten(sources)
        gradients = self._gradients(targets, cotangents, flat_sources, "one")
        if unconnected is UnconnectedGradients.ZERO:
            gradients = [_or_zeros(g, s) for g, s in zip(gradients, flat_sources)]
        return tree.pack_sequence_as(sources, gradients)

    def jacobian(
        self,
        target: Any,
        sources: Any,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
        parallel_iterations: int | None = None,
        experimental_use_pfor: bool = True,
    ) -> Any:
        """The derivatives of each element of a target by each element of the sources.

        Args:
            target: an array that was computed inside the block.
            sources: an array or variable, or nested ones.
            unconnected_gradients: `"none"` or `"zero"`: what to return by a source on which the
                target does not depend.
            parallel_iterations: accepted for TensorFlow's signature; without effect.
            experimental_use_pfor: whether all rows are worked out at once. `False` takes less
                memory and more time.

        Returns:
            Arrays of shape `target.shape + source.shape`, or `None`, in the structure of `sources`.

        Raises:
            ArgumentTypeError, StateError: as `gradient`.
        """
        unconnected = as_unconnected(unconnected_gradients)
        target = as_target(target)
        basis = jnp.eye(target.size, dtype=target.dtype).reshape(-1, *target.shape)
        flat_sources = tree.flatten(sources)
        rows = self._gradients([target], [basis], flat_sources, _batching(experimental_use_pfor))
        jacobians = [
            None if row is None else row.reshape(*target.shape, *row.shape[1:]) for row in rows
        ]
        if unconnected is UnconnectedGradients.ZERO:
            jacobians = [_or_zeros(j, s, target.shape) for j, s in zip(jacobians, flat_sources)]
        return tree.pack_sequence_as(sources, jacobians)

    def batch_jacobian(
        self,
        target: Any,
        source: Any,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
        parallel_iterations: int | None = None,
        experimental_use_pfor: bool = True,
    ) -> jax.Array:
        """The jacobian of each row of a target by the same row of a source.

        It is right where row `i` of the target depends on row `i` of the source alone.

        Args:
            target: an array of shape `(batch, ...)` that was computed inside the block.
            source: an array or variable of shape `(batch, ...)`.
            unconnected_gradients: accepted for TensorFlow's signature; zeros are returned where
                the target does not depend on the source.
            parallel_iterations: accepted for TensorFlow's signature; without effect.
            experimental_use_pfor: as in `jacobian`.

        Returns:
            An array of shape `(batch, *target.shape[1:], *source.shape[1:])`.

        Raises:
            ArgumentTypeError, StateError: as `gradient`.
            ShapeError: the numbers of rows differ.
        """
        as_unconnected(unconnected_gradients)
        target, shape = as_target(target), tuple(source.shape)
        if not target.shape or not shape or target.shape[0] != shape[0]:
            raise ShapeError(
                f"Expected `target` and `source` of `batch_jacobian` to have the same number of "
                f"rows, received shapes {tuple(target.shape)} and {shape}."
            )
        rows, *columns = target.shape
        size = math.prod(columns)
        basis = jnp.eye(size, dtype=target.dtype).reshape(size, 1, *columns)
        basis = jnp.broadcast_to(basis, (size, rows, *columns))
        (found,) = self._gradients([target], [basis], [source], _batching(experimental_use_pfor))
        if found is None:
            return jnp.zeros((*target.shape, *shape[1:]), target.dtype)
        return jnp.moveaxis(found, 0, 1).reshape(rows, *columns, *shape[1:])

    def _gradients(
        self, targets: list[Any], cotangents: list[Any], sources: list[Any], batching: str
    ) -> list[jax.Array | None]:
        """The gradients by each source; `None` for those by which there is none."""
        for source in sources:
            check_source(source)
        recording, variables = self._usable_recording(), self._variables
        if not self._persistent:
            self._end()
        slots = [_slots(source, recording, variables) for source in sources]
        all_slots = list(dict.fromkeys(slot for of_source in slots for slot in of_source))
        ends = [recording.slot_of(target) for target in targets]
        outer = [other for other in outer_recordings() if other is not recording]
        part = part_between(
            recording, all_slots, ends, lambda array: any(other.is_root(array) for other in outer)
        )
        known = [c for c, number in zip(cotangents, part.targets) if number is not None]
        if not known:
            return [None] * len(sources)
        inputs = [as_input(recording.array(slot)) for slot in part.inputs]
        pins = [recording.array(slot) for slot in part.pins.values()]
        relevant = [slot for slot, n in zip(all_slots, part.sources) if n is not None]
        by_slot = dict(zip(relevant, gradients_of(part, inputs, pins, known, batching)))
        return [_sum([by_slot.get(slot) for slot in of_source]) for of_source in slots]

    def _usable_recording(self) -> Recording:
        if self._recording is None:
            raise StateError(
                "This tape was asked for a gradient before, and it is not persistent. Make it with "
                "`GradientTape(persistent=True)` to ask more than once."
            )
        return self._recording

    def _end(self) -> None:
        """Drop what was recorded, and record no more."""
        self._recording = None
        if self._trace is not None:
            self._trace.recording = None


def _slots(source: Any, recording: Recording, variables: WatchedVariables) -> list[int]:
    if isinstance(source, Variable):
        return variables.slots_of(source)
    return [recording.slot_of(source)] if recording.is_watched(source) else []


def _sum(gradients: list[jax.Array | None]) -> jax.Array | None:
    """The gradient by a source that had several values."""
    found = [gradient for gradient in gradients if gradient is not None]
    return sum(found[1:], start=found[0]) if found else None


def _or_zeros(gradient: jax.Array | None, source: Any, shape: Any = ()) -> jax.Array:
    return zeros_like_source(source, shape) if gradient is None else gradient


def _batching(at_once: bool) -> str:
    return "vmap" if at_once else "map"
