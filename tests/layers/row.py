"""A row of the catalogue of layers: how to make one, in deepkit and in Keras, and its inputs."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np


@dataclasses.dataclass(frozen=True)
class Row:
    """One configuration of a layer.

    Attributes:
        name: the class, under `layers` of both deepkit and Keras.
        kwargs: constructor arguments; or a function of the `layers` module that returns them, for
            arguments that are layers themselves.
        shapes: the shape of the input, or a list of shapes for a layer of several inputs.
        inputs: makes the inputs instead, for layers of integers and the like.
        call: keyword arguments of the call.
        training: the value of `training` in the comparisons.
        trains_randomly: whether outputs in training differ from call to call.
        differentiable: whether gradients with respect to the inputs mean anything.
        tolerance: of values against Keras; float32 rounding over short sums by default.
        label: tells rows of one class apart.
    """

    name: str
    kwargs: dict[str, Any] | Callable[[Any], dict[str, Any]] = dataclasses.field(
        default_factory=dict
    )
    shapes: Any = (2, 6)
    inputs: Callable[[], Any] | None = None
    call: dict[str, Any] = dataclasses.field(default_factory=dict)
    training: bool = False
    trains_randomly: bool = False
    differentiable: bool = True
    tolerance: float = 2e-5
    label: str = ""

    def __str__(self) -> str:
        return f"{self.name}{'-' if self.label else ''}{self.label}"

    def make(self, layers: Any, **extra: Any) -> Any:
        """The layer of a module `layers`, deepkit's or Keras's."""
        kwargs = self.kwargs(layers) if callable(self.kwargs) else self.kwargs
        return getattr(layers, self.name)(**{**kwargs, **extra})

    def make_inputs(self) -> Any:
        """Inputs, always the same ones."""
        if self.inputs is not None:
            return self.inputs()
        generator = np.random.default_rng(0)
        if isinstance(self.shapes, list):
            return [generator.normal(size=shape).astype("float32") for shape in self.shapes]
        return generator.normal(size=self.shapes).astype("float32")
