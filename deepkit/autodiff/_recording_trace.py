"""A trace of JAX that lets every primitive run as it would have, and records those that matter."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.core import Trace
from jax.extend.core import set_current_trace

from deepkit.tensors import current_trace, is_at_once

from ._custom_rules import CustomCall, replay_of_custom_call
from ._jitted_calls import compiled_call
from ._opaque import is_not_joined, linearized
from ._recording import Recording

Run = Callable[..., Sequence[Any]]


class RecordingTrace(Trace):
    """Hands back what the trace below it returns: arrays, or that trace's tracers.

    Args:
        below: the trace that runs the primitives.
        depth: how many recording traces lie between this one and the one that computes at once;
            `None` if there is no such one, as under `jax.jit`.
    """

    def __init__(self, below: Trace, depth: int | None) -> None:
        super().__init__()
        self.requires_low = False
        self.below = below
        self.depth = depth
        self.recording: Recording | None = None

    def stage_value(self, val: Any) -> Any:
        """What JAX makes of a value of NumPy or Python, which nothing is recorded of."""
        return self.below.stage_value(val)

    def process_primitive(self, primitive: Any, args: Sequence[Any], params: Any, /) -> Any:
        """Run a primitive, and record it if it takes a watched value."""
        closed_over = self._watched_constants(params)
        if not closed_over and not self._takes_watched(args):
            with set_current_trace(self.below):
                return primitive.bind(*args, **params)

        if primitive.name == "stop_gradient":
            return self._unwatched(primitive, args, params)
        inputs = [*closed_over, *args]
        again = _replay(primitive, params, len(closed_over))
        if self.depth is None and is_not_joined(primitive, params):
            outputs = self._record_with_gradient(again, inputs)
            return outputs if primitive.multiple_results else outputs[0]
        key = (primitive, *params.items())
        compiled = compiled_call(key, primitive, params) if self.depth == 0 else None
        with set_current_trace(self.below):
            out = primitive.bind(*args, **params) if compiled is None else compiled(*args)
        outputs = out if primitive.multiple_results else [out]
        self.recording.add(again, key, inputs, outputs)
        return out

    def process_custom_jvp_call(
        self, primitive: Any, fun: Any, jvp: Any, args: Sequence[Any], /, **params: Any
    ) -> Any:
        """Run a function that has a rule for its tangents."""
        return self._process_custom(CustomCall(primitive, (fun, jvp), params), args)

    def process_custom_vjp_call(
        self, primitive: Any, fun: Any, fwd: Any, bwd: Any, args: Sequence[Any], /, **params: Any
    ) -> Any:
        """Run a function that has a rule for its gradients."""
        return self._process_custom(CustomCall(primitive, (fun, fwd, bwd), params), args)

    def _unwatched(self, primitive: Any, args: Sequence[Any], params: Any) -> Any:
        """The output of a primitive, which may be its input, as an array that is not watched."""
        with set_current_trace(self.below):
            return _distinct([primitive.bind(*args, **params)], args)[0]

    def process_call(
        self, primitive: Any, fun: Any, args: Sequence[Any], params: dict[str, Any], /
    ) -> Any:
        """Run a function that JAX keeps together."""
        return self._process_whole(lambda *a: primitive.bind(*a, subfuns=(fun,), **params), args)

    def process_shard_map(
        self, primitive: Any, fun: Any, args: Sequence[Any], /, **params: Any
    ) -> Any:
        """Run a function on parts of arrays that lie on several devices."""
        results = []

        def run(*values: Any) -> list[Any]:
            results.append(primitive.bind(*values, subfuns=(fun,), **params))
            return list(results[0])

        outputs = iter(self._process_whole(run, args))
        return results[0].map(lambda _: next(outputs))

    def _process_whole(self, run: Run, args: Sequence[Any]) -> Any:
        """Run a function once, and record its gradient if it takes a watched value."""
        if self._takes_watched(args):
            return self._record_with_gradient(run, args)
        with set_current_trace(self.below):
            return run(*args)

    def _process_custom(self, call: CustomCall, args: Sequence[Any]) -> Any:
        if self.depth is None or not self._takes_watched(args):
            return self._process_whole(call.run, args)
        replay = replay_of_custom_call(call, args)
        with set_current_trace(self.below):
            outputs = _distinct(replay.first_run(*args), args)
        self.recording.add(replay.run, replay.key, args, outputs)
        return outputs

    def _record_with_gradient(self, run: Run, args: Sequence[Any]) -> Sequence[Any]:
        with set_current_trace(self.below):
            outputs, again = linearized(run, args)
            outputs = _distinct(outputs, args)
        self.recording.add(again, None, args, outputs)
        return outputs

    def _takes_watched(self, args: Sequence[Any]) -> bool:
        recording = self.recording
        return recording is not None and any(map(recording.is_watched, args))

    def _watched_constants(self, params: Any) -> Sequence[Any]:
        """The arrays that a jitted function closes over, if one of them is watched."""
        consts = getattr(params.get("jaxpr"), "consts", ())
        return consts if consts and self._takes_watched(consts) else ()


def _replay(primitive: Any, params: dict[str, Any], num_consts: int) -> Run:
    """What runs a primitive again; takes what a jitted function closes over before its inputs."""
    if num_consts:
        jaxpr = params["jaxpr"].jaxpr
        return lambda *values: jax.core.eval_jaxpr(jaxpr, values[:num_consts], *values[num_consts:])
    if params.get("compiler_options_kvs"):
        # JAX takes options of XLA for whole programs alone.
        params = {**params, "compiler_options_kvs": ()}
    if primitive.multiple_results:
        return lambda *values: primitive.bind(*values, **params)
    return lambda *values: [primitive.bind(*values, **params)]


def _distinct(outputs: Sequence[Any], args: Sequence[Any]) -> list[Any]:
    """Outputs that are not inputs: what returns its input may have a derivative of its own."""
    inputs = {id(value) for value in args}
    return [jnp.copy(output) if id(output) in inputs else output for output in outputs]


class _Traces(threading.local):
    """The traces of this thread for code that computes at once, by their depth.

    JAX keeps what it compiled by the trace, so that each is used again.
    """

    def __init__(self) -> None:
        self.by_depth: list[RecordingTrace] = []


_TRACES = _Traces()


def new_trace() -> RecordingTrace:
    """A trace that is not in use, to be put on top of the current one."""
    below = current_trace()
    if is_at_once(below):
        depth = 0
    elif isinstance(below, RecordingTrace) and below.depth is not None:
        depth = below.depth + 1
    else:
        return RecordingTrace(below, None)
    known = _TRACES.by_depth
    if depth == len(known):
        known.append(RecordingTrace(below, depth))
    trace = known[depth]
    is_free = trace.recording is None and trace.below is below
    return trace if is_free else RecordingTrace(below, depth)


def outer_recordings() -> list[Recording]:
    """The recordings of the tapes that are open in this thread, as the current trace knows them."""
    found = []
    trace = current_trace()
    while isinstance(trace, RecordingTrace):
        if trace.recording is not None:
            found.append(trace.recording)
        trace = trace.below
    return found
