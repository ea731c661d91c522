"""The state scope of a function that is traced: variables become inputs as they are read."""

import weakref
from typing import Any

import jax
import numpy as np
from jax import lax
from jax.extend.core import set_current_trace

from deepkit.tensors import StatelessScope, Variable, current_trace


class CapturingScope(StatelessScope):
    """Gives each variable that is read a tracer, which stands for an input of the program.

    JAX knows the inputs of a program before it traces it, and the variables are known afterwards.
    So a tracer is made of a placeholder, which JAX lists among the constants of the program, where
    `places_in` finds it.
    """

    accepts_traced_beginnings = True

    def __init__(self) -> None:
        super().__init__(collect_losses=True)
        self.captured: list[Variable] = []
        self.created: list[weakref.ref[Variable]] = []
        self._placeholders: list[np.ndarray] = []
        self._tracers: dict[int, jax.Array] = {}
        self._trace = current_trace()

    def get_current_value(self, variable: Variable) -> jax.Array:
        """The value that was assigned last inside, or the tracer of an input."""
        value = super().get_current_value(variable)
        return self.captured_value(variable) if value is None else value

    def _outer_value(self, variable: Variable) -> jax.Array:
        return self.captured_value(variable)

    def captured_value(self, variable: Variable) -> jax.Array:
        """The tracer of the value with which a variable goes into the program."""
        tracer = self._tracers.get(id(variable))
        if tracer is None:
            # An array of any size in the memory of one number, different from all others.
            zero = np.zeros((), variable.stored_dtype)
            placeholder = np.broadcast_to(zero, (1, *variable.shape))
            # Also inside of a loop that is traced now, it is an input of the whole program.
            with set_current_trace(self._trace):
                tracer = lax.squeeze(placeholder, (0,))
            self.captured.append(variable)
            self._placeholders.append(placeholder)
            self._tracers[id(variable)] = tracer
        return tracer

    def note_creation(self, variable: Variable) -> None:
        """Note that a variable was made inside."""
        self.created.append(weakref.ref(variable))

    def places_in(self, consts: Any) -> list[int]:
        """For each constant of a traced program: which captured variable it stands for, or -1."""
        places = {_address(array): place for place, array in enumerate(self._placeholders)}
        return [
            -1 if isinstance(const, jax.Array) else places.get(_address(const), -1)
            for const in consts
        ]


def _address(array: Any) -> int:
    return np.asarray(array).__array_interface__["data"][0]
