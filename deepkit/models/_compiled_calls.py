"""Calls of a model on arrays as compiled programs, where that makes no difference but in time."""

import math
import threading
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core import tree
from deepkit.core.compiler_options import jit
from deepkit.layers._call_context import is_inside_call
from deepkit.tensors import (
    StatelessScope,
    Variable,
    any_refused,
    as_array,
    collect_value_checks,
    computes_at_once,
    current_scope,
    get_mask,
    in_abstract_scope,
    is_array,
    set_mask,
)
from deepkit.training._call_state import CallState, variables_of_calls
from deepkit.training._value_calls import call_on_values

_MAX_PROGRAMS = 8
# Of the life of a model: one that changes all the time is not worth it.
_MAX_COMPILATIONS = 64
_MAX_SEEN = 64
# A large model takes long to compile, so more calls have to come before it is.
_LAYERS_A_CALL = 16
# Of a model that is another one at each call, and so is never compiled.
_MAX_CHANGES = 32

# Of these, JAX makes what `as_array` makes. Others are narrowed by rules of their own.
_TAKEN_AS_THEY_ARE = frozenset(
    map(np.dtype, (np.float32, np.float16, jnp.bfloat16, np.int32, np.int16, np.int8, np.bool_))
) | frozenset(map(np.dtype, (np.uint32, np.uint16, np.uint8)))


class _Eagerly:
    """Stands for the outputs of a call that has to run eagerly."""


EAGERLY = _Eagerly()


class CompiledCalls:
    """Runs the calls of a model as compiled programs, where their result is the same.

    Args:
        model: the model.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self._state: CallState | None = None
        # By what they depend on, and by the form of the inputs.
        self._programs: dict[tuple[Any, Any], _Program] = {}
        # By the hashes of such keys: how often they came, or that there is no use in compiling.
        self._seen: dict[int, float] = {}
        self._compilations = 0
        # How often in a row the model had changed when it was called.
        self._changes = 0
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type["CompiledCalls"], tuple[Any]]:
        # A copy of the model compiles for itself.
        return CompiledCalls, (self.model,)

    def run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The outputs of a call; `EAGERLY` if it has to run eagerly, or did not come before."""
        if self.model._trainer.run_eagerly or not _computes_now():
            return EAGERLY
        given, state = _given(args, kwargs), self._current_state()
        if given is None or state is None:
            return EAGERLY
        leaves, signature = given
        key = (state.snapshot.key, signature)
        program = self._programs.get(key) or self._admit(key, 1 + state.size // _LAYERS_A_CALL)
        if program is None:
            return EAGERLY
        self._changes = 0
        traces = program.traces
        try:
            outputs = program.run(state.variables, leaves)
        except Exception:
            # The eager call raises what is to be raised.
            if program.traces != traces:
                self._give_up(key)
            return EAGERLY
        # What changed during the trace may or may not be part of it.
        if program.traces != traces and not state.holds():
            self._give_up(key)
        return outputs

    def _current_state(self) -> CallState | None:
        """What programs depend on now; `None` if the model's calls have to run eagerly."""
        if self._changes >= _MAX_CHANGES or self.model._graph is None:
            return None
        state = self.model._trainer.call_state()
        if state is not self._state:
            self._state = state
            self._changes += 1
        return state if state.is_known and not state.has_losses else None

    def _admit(self, key: Any, wait: int) -> "_Program | None":
        """A new program for a call that came as often as `wait` before; else it is counted."""
        with self._lock:
            if key in self._programs:
                return self._programs[key]
            count = self._seen.get(hash(key), 0)
            if count < wait:
                self._seen[hash(key)] = count + 1
                while len(self._seen) > _MAX_SEEN:
                    self._seen.pop(next(iter(self._seen)))
                return None
            if not self._has_room(key[0]):
                return None
            program = self._programs[key] = _Program(self.model, *key[1][:2])
            self._compilations += 1
            return program

    def _has_room(self, structure: Any) -> bool:
        """Whether one more may be compiled; programs of other structures give way."""
        if self._compilations >= _MAX_COMPILATIONS:
            return False
        if len(self._programs) < _MAX_PROGRAMS:
            return True
        other = next((key for key in self._programs if key[0] != structure), None)
        if other is None:
            return False
        del self._programs[other]
        return True

    def _give_up(self, key: Any) -> None:
        with self._lock:
            self._programs.pop(key, None)
            self._seen[hash(key)] = -math.inf


def _given(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[list[Any], Any] | None:
    """The arrays of a call, and all else that a program depends on; `None` for rare calls."""
    if len(args) != 1 or (kwargs and (len(kwargs) > 1 or "training" not in kwargs)):
        return None
    training = kwargs.get("training")
    if training is not None and training is not True and training is not False:
        return None
    try:
        leaves, structure = jax.tree.flatten(args[0])
    except (TypeError, ValueError):  # a dict whose keys have no order
        return None
    described = []
    for place, leaf in enumerate(leaves):
        if type(leaf) is np.ndarray:
            if leaf.dtype not in _TAKEN_AS_THEY_ARE:
                if leaf.dtype.kind not in "fiub":
                    return None
                leaf = leaves[place] = as_array(leaf)
            described.append((leaf.shape, leaf.dtype, False))
        elif isinstance(leaf, jax.Array) and not isinstance(leaf, jax.core.Tracer):
            if get_mask(leaf) is not None:
                return None
            described.append((leaf.shape, leaf.dtype, leaf.weak_type))
        else:
            return None
    return leaves, (structure, training, *described)


def _computes_now() -> bool:
    """Whether JAX and deepkit run everything at once here; gradient tapes may watch."""
    config = jax.config
    return (
        computes_at_once()
        and current_scope() is None
        and not is_inside_call()
        and not in_abstract_scope()
        and not config.jax_disable_jit
        and not config.jax_debug_nans
        and not config.jax_debug_infs
    )


class _Program:
    """A call of a model, compiled for inputs of one form.

    Args:
        model: the model.
        structure: JAX's tree of the inputs.
        training: the argument of the call.
    """

    def __init__(self, model: Any, structure: Any, training: bool | None) -> None:
        self._model, self._structure, self._training = model, structure, training
        self._written: list[int] = []
        self._outputs: Any = None
        self._checks_values = False
        self.traces = 0
        self._compiled = jit(self._trace)

    def run(self, variables: Sequence[Variable], leaves: list[Any]) -> Any:
        """The outputs for inputs; variables that the call writes have their new values then."""
        written, arrays, masks, refused = call_on_values(self._compiled, variables, leaves)
        if self._checks_values and bool(refused):
            return EAGERLY
        for place, value in zip(self._written, written):
            variables[place].put_back(value, exposed=True)
        for array, mask in zip(arrays, masks):
            if mask is not None:
                set_mask(array, mask)
        if type(self._outputs) is _Place:
            return arrays[0]
        return tree.map_structure(
            lambda leaf: arrays[leaf.index] if isinstance(leaf, _Place) else leaf, self._outputs
        )

    def _trace(self, values: Sequence[Any], leaves: list[Any]) -> tuple[Any, ...]:
        self.traces += 1
        variables = variables_of_calls(self._model)
        inputs = jax.tree.unflatten(self._structure, leaves)
        options = {} if self._training is None else {"training": self._training}
        scope = StatelessScope(zip(variables, values, strict=True), collect_losses=True)
        with scope, collect_value_checks() as checks:
            outputs = self._model(inputs, **options)
            if scope.losses:
                raise _NotForPrograms("losses belong to the last eager call")
            places = {id(variable): place for place, variable in enumerate(variables)}
            # An unknown variable is a KeyError, and so a reason to run eagerly.
            self._written = [places[id(variable)] for variable in scope.written()]
            written = [scope.get_current_value(variables[place]) for place in self._written]
        arrays: list[Any] = []

        def note(leaf: Any) -> Any:
            if not is_array(leaf):
                return leaf
            if any(leaf is value for value in values):
                raise _NotForPrograms("an output would be the buffer of a variable")
            arrays.append(leaf)
            return _Place(len(arrays) - 1)

        self._outputs = tree.map_structure(note, outputs)
        self._checks_values = bool(checks)
        return written, arrays, [get_mask(array) for array in arrays], any_refused(checks)


class _Place:
    """Stands where an array was returned.

    Args:
        index: its number among the arrays.
    """

    def __init__(self, index: int) -> None:
        self.index = index


class _NotForPrograms(Exception):
    """The call does something that a program cannot do."""
