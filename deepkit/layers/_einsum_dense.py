"""EinsumDense: a product with a learned kernel, written as an einsum equation."""

import re
from collections.abc import Sequence
from typing import Any

from deepkit import activations, constraints, initializers, regularizers
from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.layers._layer import Layer
from deepkit.ops._matrix_product import einsum_product

_FORMS = (
    r"(?P<input>[a-zA-Z]+),(?P<kernel>[a-zA-Z]+)->(?P<output>[a-zA-Z]+)$",
    r"(?P<left>\.\.\.)(?P<input>[a-zA-Z]+),(?P<kernel>[a-zA-Z]+)->\.\.\.(?P<output>[a-zA-Z]+)$",
    r"(?P<input>[a-zA-Z]{2,})\.\.\.,(?P<kernel>[a-zA-Z]+)->(?P<output>[a-zA-Z]+)\.\.\.$",
)


class EinsumDense(Layer):
    """Multiply the inputs by a learned kernel along any axes: `einsum(equation, inputs, kernel)`.

    Args:
        equation: such as `"ab,bc->ac"` (a dense layer), `"...x,xy->...y"` or `"abc,cde->abde"`.
        output_shape: the shape of the outputs without the batch; `None` for sizes that are those
            of the inputs, whole axes under `...` left out.
        activation: a function or its name; none by default.
        bias_axes: the axes of the output, as letters, along which a bias is learned; no bias if
            `None`.
        kernel_initializer: of the kernel.
        bias_initializer: of the bias.
        kernel_regularizer: a penalty on the kernel.
        bias_regularizer: a penalty on the bias.
        kernel_constraint: applied to the kernel after each update.
        bias_constraint: applied to the bias after each update.

    Raises:
        ArgumentError: the equation has another form, or a letter of the output is nowhere else.
        ShapeError: `output_shape` does not fit the inputs.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.EinsumDense("abc,cd->abd", output_shape=(None, 8))
        >>> layer(deepkit.ops.ones((2, 3, 4))).shape
        (2, 3, 8)
    """

    def __init__(
        self,
        equation: str,
        output_shape: Any,
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.equation = equation
        self._parts = _parse(equation, self.name)
        is_size = isinstance(output_shape, int)
        self.partial_output_shape = (output_shape,) if is_size else tuple(output_shape)
        self.bias_axes = bias_axes
        self.activation = activations.get(activation)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def build(self, input_shape: Any) -> None:
        sizes, full_output = self._sizes(input_shape)
        self.kernel = self.add_weight(
            name="kernel",
            shape=tuple(sizes[letter] for letter in self._parts["kernel"]),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = None
        if self.bias_axes is not None:
            self.bias = self.add_weight(
                name="bias",
                shape=self._bias_shape(sizes, len(full_output)),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def _sizes(self, input_shape: Sequence[Any]) -> tuple[dict[str, Any], list[Any]]:
        """The size of each letter, and the shape of the outputs."""
        letters, output = self._parts["input"], self._parts["output"]
        elided = len(input_shape) - len(letters)
        full = [input_shape[0], *self.partial_output_shape]
        if self._parts["left"]:
            full[1:1] = input_shape[1:elided]
            of_input = dict(zip(letters, input_shape[elided:]))
            of_output = dict(zip(output, full[elided:]))
        else:
            full.extend(input_shape[len(letters) :])
            of_input = dict(zip(letters, input_shape))
            of_output = dict(zip(output, full))
        for letter in set(of_input) & set(of_output):
            given, real = of_output[letter], of_input[letter]
            if given is not None and real is not None and given != real:
                raise ShapeError(
                    f"{self._described()} expects the size {given} along '{letter}' of "
                    f"'{self.equation}', as its `output_shape` says, received {real}."
                )
        merged = {**of_output, **{k: v for k, v in of_input.items() if v is not None}}
        return merged, full

    def _bias_shape(self, sizes: dict[str, Any], output_rank: int) -> tuple[int, ...]:
        """The sizes along the bias's axes, from its first axis on, and 1 for others."""
        output = self._parts["output"]
        unknown = [letter for letter in self.bias_axes or "" if letter not in output]
        if unknown:
            raise ArgumentError(
                f"Expected `bias_axes` of the layer '{self.name}' among the axes '{output}' of "
                f"the output, received {self.bias_axes!r}."
            )
        if not self.bias_axes:
            return ()
        first = min(output.index(letter) for letter in self.bias_axes)
        shape = [sizes[axis] if axis in self.bias_axes else 1 for axis in output[first:]]
        if not self._parts["left"]:
            shape += [1] * (output_rank - len(output))
        return tuple(shape)

    def call(self, inputs: Any, training: Any = None) -> Any:
        outputs = einsum_product(self.equation, inputs, self.kernel.value)
        if self.bias is not None:
            outputs = outputs + self.bias.value
        return self.activation(outputs)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "output_shape": self.partial_output_shape,
            "equation": self.equation,
            "activation": activations.serialize(self.activation),
            "bias_axes": self.bias_axes,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }


def _parse(equation: str, name: str) -> dict[str, Any]:
    for form in _FORMS:
        match = re.match(form, equation)
        if match:
            parts = {"left": None, **match.groupdict()}
            known = set(parts["input"]) | set(parts["kernel"])
            if set(parts["output"]) <= known:
                return parts
            raise ArgumentError(
                f"Expected every axis of the output of '{equation}' in the layer '{name}' among "
                f"those of the input or the kernel, received "
                f"'{''.join(sorted(set(parts['output']) - known))}' besides."
            )
    raise ArgumentError(
        f"Expected `equation` of the layer '{name}' in the form 'X,Y->Z', '...X,Y->...Z' or "
        f"'X...,Y->Z...', received {equation!r}."
    )
