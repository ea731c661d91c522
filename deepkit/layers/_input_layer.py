"""InputLayer and Input: the places where a functional model gets its inputs."""

from typing import Any

from deepkit.core import config, dtypes
from deepkit.core.errors import ArgumentError
from deepkit.core.shapes import Shape, standardize_shape
from deepkit.layers._layer import Layer
from deepkit.tensors import KerasTensor, Node


class InputLayer(Layer):
    """The place where a model gets an input; made by `Input`.

    Args:
        shape: the shape without the batch, `None` for unknown sizes.
        batch_size: the batch size, if it is fixed.
        dtype: the dtype; `floatx` if `None`.
        sparse: whether the input is sparse.
        ragged: whether the input is ragged.
        batch_shape: the shape with the batch, in the place of `shape` and `batch_size`.
        input_tensor: a `KerasTensor` to stand for the input.
        optional: whether the input may be `None`.
        name: a name.

    Raises:
        ArgumentError: no shape, or more than one, is given.
    """

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Any = None,
        input_tensor: Any = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        batch_shape = kwargs.pop("batch_input_shape", batch_shape)
        super().__init__(name=name, **kwargs)
        if input_tensor is not None:
            batch_shape, dtype = input_tensor.shape, dtype or input_tensor.dtype
            shape = batch_size = None
        self.batch_shape = _full_shape(shape, batch_size, batch_shape)
        self._input_dtype = config.floatx() if dtype is None else dtypes.standardize_dtype(dtype)
        self.sparse, self.ragged, self.optional = bool(sparse), bool(ragged), optional
        self.built = True
        output = input_tensor
        if output is None:
            output = KerasTensor(
                self.batch_shape, self._input_dtype, self.sparse, self.ragged, name=self.name
            )
        Node(self, (), {}, output)

    @property
    def dtype(self) -> str:
        """The dtype of the input."""
        return self._input_dtype

    def call(self) -> None:
        """Nothing: values are put in its place when the model is called."""
        return

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "batch_shape": list(self.batch_shape),
            "dtype": self._input_dtype,
            "sparse": self.sparse,
            "ragged": self.ragged,
            "name": self.name,
            **({"optional": True} if self.optional else {}),
        }


def _full_shape(shape: Any, batch_size: int | None, batch_shape: Any) -> Shape:
    if batch_shape is not None:
        if shape is not None or batch_size is not None:
            raise ArgumentError(
                "Expected either `batch_shape`, or `shape` with an optional `batch_size`, "
                "received both."
            )
        return standardize_shape(batch_shape, "batch_shape")
    if shape is None:
        raise ArgumentError("Expected a `shape` for the input, such as `Input(shape=(8,))`.")
    return Shape((batch_size, *standardize_shape(shape)))


def Input(
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Any = None,
    name: str | None = None,
    tensor: Any = None,
    optional: bool = False,
) -> KerasTensor:
    """A symbolic input, from which a functional model is drawn.

    Args:
        shape: the shape without the batch, `None` for unknown sizes.
        batch_size: the batch size, if it is fixed.
        dtype: the dtype; `floatx` if `None`.
        sparse: whether the input is sparse.
        ragged: whether the input is ragged.
        batch_shape: the shape with the batch, in the place of `shape` and `batch_size`.
        name: a name; keys of dict inputs refer to it.
        tensor: a `KerasTensor` to stand for the input.
        optional: whether the input may be `None`.

    Example:
        >>> import deepkit
        >>> x = deepkit.Input((4,))
        >>> deepkit.Model(x, deepkit.layers.Dense(2)(x)).output_shape
        (None, 2)
    """
    layer = InputLayer(
        shape=shape,
        batch_size=batch_size,
        dtype=dtype,
        sparse=sparse,
        ragged=ragged,
        batch_shape=batch_shape,
        input_tensor=tensor,
        optional=optional,
        name=name,
    )
    return layer.output
