"""ConcreteFunction: one form of the arguments of a compiled function."""

from collections.abc import Callable
from typing import Any

import jax

from deepkit.core import tree
from deepkit.core.errors import SignatureError, StateError
from deepkit.tensors import TensorSpec, Variable

from ._arguments import Arguments, Given
from ._trace import Trace


class ConcreteFunction:
    """A compiled function for tensors of given shapes and dtypes and given Python values.

    It takes the tensors alone: in their order, or by the names of their arguments. Sizes that are
    unknown are found in each call.

    Args:
        find_trace: gives the program for what a call is given.
        arguments: those of the function.
        args: the arguments, with arrays or `TensorSpec`s for tensors.
        kwargs: the same by name.
    """

    def __init__(
        self,
        find_trace: Callable[[Given], Trace],
        arguments: Arguments,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self._find_trace, self._arguments = find_trace, arguments
        self._given = arguments.read(args, kwargs)
        self.name = arguments.name
        self._names = arguments.names_of_tensors(args, kwargs)
        self.inputs = [_spec(array, name) for array, name in zip(self._given.arrays, self._names)]
        self._trace: Trace | None = None
        if all(spec.is_fully_defined for spec in self.inputs):
            self._trace = find_trace(self._given)

    @property
    def structured_input_signature(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments, with `TensorSpec`s in the place of tensors."""
        return self._given.rebuilt(self.inputs)

    @property
    def structured_outputs(self) -> Any:
        """The result, with `TensorSpec`s in the place of arrays.

        Raises:
            StateError: sizes are unknown.
        """
        return self._known_trace().structured_specs()

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The variables that it reads or writes."""
        return tuple(self._known_trace().variables)

    @property
    def trainable_variables(self) -> tuple[Variable, ...]:
        """Those that are trainable."""
        return tuple(variable for variable in self.variables if variable.trainable)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        tensors = self._tensors(tree.flatten(list(args)), kwargs)
        for spec, tensor in zip(self.inputs, tensors):
            if not spec.is_compatible_with(tensor):
                received = TensorSpec(tensor.shape, tensor.dtype, spec.name)
                raise SignatureError(
                    f"Expected the concrete function '{self.name}' to be given {spec!r}, "
                    f"received {received!r}. Call the function itself for other forms."
                )
        args, kwargs = self._given.rebuilt(tensors)
        given = self._arguments.read(args, kwargs)
        trace = self._trace
        if trace is None or not trace.is_alive:
            trace = self._find_trace(given)
        return trace.run(given.arrays)

    def _tensors(self, values: list[Any], named: dict[str, Any]) -> list[Any]:
        by_place = dict(enumerate(values))
        for name, value in named.items():
            if name not in self._names or self._names.index(name) in by_place:
                raise SignatureError(
                    f"The concrete function '{self.name}' takes the tensors {self._names}, "
                    f"received '{name}' besides {len(values)} by position."
                )
            by_place[self._names.index(name)] = value
        if sorted(by_place) != list(range(len(self.inputs))):
            raise SignatureError(
                f"The concrete function '{self.name}' takes {len(self.inputs)} tensors, "
                f"{self._names}, received {len(by_place)}."
            )
        return [_as_tensor(by_place[place]) for place in range(len(self.inputs))]

    def _known_trace(self) -> Trace:
        if self._trace is None:
            raise StateError(
                f"The concrete function '{self.name}' has inputs of unknown sizes, {self.inputs}, "
                f"and so a program for each that comes. Give all sizes to "
                f"`get_concrete_function` to know its outputs and variables."
            )
        return self._trace

    def pretty_printed_signature(self, verbose: bool = True) -> str:
        """Inputs and outputs as text.

        Args:
            verbose: accepted for TensorFlow's signature.
        """
        inputs = ", ".join(f"{spec.name}: {_shown(spec)}" for spec in self.inputs)
        if self._trace is None:
            return f"{self.name}({inputs})"
        outputs = tree.map_structure(
            lambda leaf: _shown(leaf) if isinstance(leaf, TensorSpec) else leaf,
            self._trace.structured_specs(),
        )
        return f"{self.name}({inputs}) -> {outputs}"

    def __repr__(self) -> str:
        return f"<ConcreteFunction {self.pretty_printed_signature()}>"


def _spec(array: Any, name: str) -> TensorSpec:
    return TensorSpec(array.shape, array.dtype, name)


def _shown(spec: TensorSpec) -> str:
    sizes = ", ".join("?" if size is None else str(size) for size in spec.shape or ())
    return f"{spec.dtype}[{sizes}]"


def _as_tensor(value: Any) -> Any:
    if isinstance(value, Variable):
        return value.value
    return value if hasattr(value, "shape") else jax.numpy.asarray(value)
