"""KerasTensor: the place of a tensor in a model that is being drawn."""

from typing import Any, NoReturn

from deepkit.core import dtypes, naming
from deepkit.core.errors import ArgumentTypeError
from deepkit.core.shapes import standardize_shape


class KerasTensor:
    """A tensor of known shape and dtype and no values, from which functional models are drawn.

    Args:
        shape: the shape; `None` for sizes that are not known.
        dtype: the dtype.
        sparse: whether the values will be sparse.
        ragged: whether the values will be ragged.
        record_history: whether to remember what made it.
        name: a name; an automatic one if `None`.

    Example:
        >>> import deepkit
        >>> x = deepkit.KerasTensor((None, 4))
        >>> deepkit.ops.sum(x, axis=-1).shape
        (None,)
    """

    def __init__(
        self,
        shape: Any,
        dtype: Any = "float32",
        sparse: bool = False,
        ragged: bool = False,
        record_history: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if kwargs:
            raise ArgumentTypeError(f"Unexpected arguments of KerasTensor: {', '.join(kwargs)}.")
        self._shape = standardize_shape(shape)
        self._dtype = dtypes.standardize_dtype(dtype)
        self._sparse = bool(sparse)
        self._ragged = bool(ragged)
        self.name = naming.auto_name("keras_tensor") if name is None else name
        self.record_history = record_history
        self.history: Any = None

    shape = property(lambda self: self._shape, doc="The shape; `None` for unknown sizes.")
    dtype = property(lambda self: self._dtype, doc="The name of the dtype.")
    ndim = property(lambda self: len(self._shape), doc="The number of dimensions.")
    sparse = property(lambda self: self._sparse, doc="Whether the values will be sparse.")
    ragged = property(lambda self: self._ragged, doc="Whether the values will be ragged.")

    @property
    def _keras_history(self) -> Any:
        return self.history

    def __repr__(self) -> str:
        return (
            f"<KerasTensor shape={tuple(self._shape)}, dtype={self._dtype}, "
            f"sparse={self._sparse}, name={self.name}>"
        )

    def refuse(self, what: str) -> NoReturn:
        """Say that a tensor without values cannot be `what`."""
        raise ArgumentTypeError(
            f"A KerasTensor has no values yet, so it cannot be {what}: {self!r}. While a model is "
            f"drawn, use layers and `deepkit.ops` functions; put other code into the `call` of a "
            f"layer, or into a `Lambda` layer."
        )

    # There is no `__jax_array__`, so that a JAX array on the left leaves operators to this class.

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        self.refuse("turned into a NumPy array")

    def __iter__(self) -> Any:
        self.refuse("iterated over")

    def __bool__(self) -> bool:
        self.refuse("used as a condition")

    def __float__(self) -> float:
        self.refuse("turned into a number")

    def __int__(self) -> int:
        self.refuse("turned into a number")

    def __len__(self) -> int:
        self.refuse("measured with len(); use its `shape`")

    def _serialize_self(self) -> dict[str, Any]:
        history = self.history
        if history is not None:
            history = [history.operation.name, history.node_index, history.index]
        config = {"shape": list(self._shape), "dtype": self._dtype, "keras_history": history}
        return {"class_name": "__keras_tensor__", "config": config}


def is_symbolic(value: Any) -> bool:
    """Whether a value is a `KerasTensor`."""
    return isinstance(value, KerasTensor)


def has_symbolic(values: Any) -> bool:
    """Whether nested lists, tuples and dicts hold a `KerasTensor`."""
    if isinstance(values, KerasTensor):
        return True
    if isinstance(values, list | tuple):
        return any(has_symbolic(value) for value in values)
    if isinstance(values, dict):
        return any(has_symbolic(value) for value in values.values())
    return False
