"""Gradients of recorded operations: they run again under JAX's reverse mode, compiled and kept."""

import collections
import functools
import threading
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import jaxpr_as_fun

from deepkit.core.compiler_options import jit

from ._part import Part

_MAX_PROGRAMS = 128
# So many programs may have been compiled for one use. Then a gradient has to come twice.
_MAX_UNREPEATED = 16

Values = Sequence[Any]
Gradients = list[jax.Array | None]
# By which gradients for many cotangents are made. One way takes more memory, the other more time.
BATCHINGS: dict[str, Callable[..., Any]] = {
    "one": lambda pull, cotangents: pull(cotangents),
    "vmap": lambda pull, cotangents: jax.vmap(pull)(cotangents),
    "map": jax.lax.map,
}


def gradients_of(
    part: Part, inputs: Values, pins: Values, cotangents: Values, batching: str
) -> Gradients:
    """The gradients of the targets of a part by its sources.

    Args:
        part: what was recorded.
        inputs: the values that go in.
        pins: the values of its pins.
        cotangents: those of the targets that depend on a source; if there are many for each, with
            a further axis in front.
        batching: one of `BATCHINGS`.

    Returns:
        An array for each source that a target depends on; `None` where the derivative is stopped.
    """
    values = (*inputs, *pins, *cotangents)
    is_traced = any(isinstance(value, jax.core.Tracer) for value in values)
    key = None if is_traced else part.key()
    make = functools.partial(_Program, part, batching, inputs, pins, cotangents)
    if key is None:
        return make().run(*values)
    key = (key, batching, *map(jax.typeof, values))
    try:
        program = _PROGRAMS.get(key)
    except TypeError:  # a parameter of an operation is not hashable
        return make().run(*values)
    if program is None:
        program = make()
        _PROGRAMS.put(key, program)
    return program.run(*values)


class _Program:
    """A function that gives gradients; it does not keep the values that it was made with.

    Args:
        part: what was recorded.
        batching: one of `BATCHINGS`.
        inputs: examples of the values that go in.
        pins: examples of the values of pins.
        cotangents: examples of the cotangents.
    """

    def __init__(
        self, part: Part, batching: str, inputs: Values, pins: Values, cotangents: Values
    ) -> None:
        def gradients(inputs: Values, pins: Values, cotangents: Values) -> list[Any]:
            return BATCHINGS[batching](_pullback(part, inputs, pins), cotangents)

        jaxpr = jax.make_jaxpr(gradients)(inputs, pins, cotangents)
        self._is_connected = _depend_on_last_inputs(jaxpr, len(cotangents))
        self._gradients = jaxpr_as_fun(jaxpr)
        self.is_compiled = False
        self.uses = 0

    def compile(self) -> None:
        """Compile it when it is used next."""
        self._gradients, self.is_compiled = jit(self._gradients), True

    def run(self, *values: Any) -> Gradients:
        """The gradients for the inputs, pins and cotangents."""
        self.uses += 1
        gradients = self._gradients(*values)
        return [g if known else None for g, known in zip(gradients, self._is_connected)]


def _pullback(part: Part, inputs: Values, pins: Values) -> Callable[[Values], list[Any]]:
    pinned = dict(zip(part.pins, pins))
    numbers = [number for number in part.sources if number is not None]

    def forward(sources: Values) -> list[Any]:
        values = dict(enumerate(inputs))
        pins = dict(pinned)
        for number, source in zip(numbers, sources):
            (pins if number in pins else values)[number] = source
        for step, ins, outs in part.steps:
            for number, out in zip(outs, step.run(*(values[n] for n in ins))):
                values[number] = _pin(out, pins[number]) if number in pins else out
        return [values[number] for number in part.targets if number is not None]

    sources = [pinned[n] if n in pinned else inputs[n] for n in numbers]
    _, pull = jax.vjp(forward, sources)

    def gradients(cotangents: Values) -> list[Any]:
        # As in TensorFlow a gradient points to where a real value grows, by complex sources too.
        (results,) = pull([_conjugate(cotangent) for cotangent in cotangents])
        return [_conjugate(result) for result in results]

    return gradients


@jax.custom_jvp
def _pin(computed: jax.Array, given: jax.Array) -> jax.Array:
    """The given value, which is what was computed; its derivatives go both ways."""
    return given


@_pin.defjvp
def _pin_jvp(primals: Any, tangents: Any) -> Any:
    return primals[1], tangents[0] + tangents[1]


def _conjugate(value: jax.Array) -> jax.Array:
    return jnp.conj(value) if jnp.iscomplexobj(value) else value


def _depend_on_last_inputs(jaxpr: Any, count: int) -> list[bool]:
    """Which outputs depend on one of the last inputs; JAX returns zeros for the others."""
    variables = jaxpr.jaxpr.invars
    found = {id(variable) for variable in variables[len(variables) - count :]}
    for equation in jaxpr.jaxpr.eqns:
        if any(id(variable) in found for variable in equation.invars):
            found.update(id(variable) for variable in equation.outvars)
    return [id(variable) in found for variable in jaxpr.jaxpr.outvars]


class _Programs:
    """The programs that were used last, by what they do. Those that come again are compiled.

    While few programs came once only, they are compiled at once.
    """

    def __init__(self) -> None:
        self._by_key: collections.OrderedDict[Any, _Program] = collections.OrderedDict()
        self._lock = threading.Lock()
        self._unrepeated = 0

    def get(self, key: Any) -> _Program | None:
        """The program of a key, if there is one."""
        with self._lock:
            program = self._by_key.get(key)
            if program is not None:
                self._by_key.move_to_end(key)
                self._note_use(program)
            return program

    def _note_use(self, program: _Program) -> None:
        if program.uses == 1:
            if program.is_compiled:
                self._unrepeated -= 1
            else:
                program.compile()

    def put(self, key: Any, program: _Program) -> None:
        """Keep a program."""
        with self._lock:
            if self._unrepeated < _MAX_UNREPEATED:
                program.compile()
                self._unrepeated += 1
            self._by_key[key] = program
            while len(self._by_key) > _MAX_PROGRAMS:
                self._by_key.popitem(last=False)


_PROGRAMS = _Programs()
