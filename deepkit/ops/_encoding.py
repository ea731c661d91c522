"""Class numbers as vectors of zeros and ones."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core import dtypes
from deepkit.core.errors import ArgumentError, ArgumentTypeError
from deepkit.tensors import as_array, operation

from ._types import DType, TensorLike


@operation
def one_hot(
    x: TensorLike, num_classes: int, axis: int = -1, dtype: DType = None, sparse: bool = False
) -> Any:
    """Returns a 1 at the place that each number names and 0 elsewhere; 0 only, if there is none.

    Args:
        x: numbers of classes, of any dtype.
        num_classes: how many classes there are.
        axis: where the new axis stands in the result.
        dtype: of the result; `floatx()` if `None`.
        sparse: whether to return a `jax.experimental.sparse.BCOO`.

    Example:
        >>> import deepkit
        >>> deepkit.ops.one_hot([1, 0, -1], 2).tolist()
        [[0.0, 1.0], [1.0, 0.0], [0.0, 0.0]]
    """
    x = as_array(x)
    if not dtypes.is_int(x.dtype):  # labels that a loss was given as floats
        x = x.astype("int32")
    dtype = dtypes.canonicalize_dtype(dtype)
    result = jax.nn.one_hot(x, num_classes, axis=axis, dtype=dtype)
    return _to_sparse(result, x.size) if sparse else result


@operation
def multi_hot(
    inputs: TensorLike,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: DType = None,
    sparse: bool = False,
    **kwargs: Any,
) -> Any:
    """Returns, for each sample, a 1 at all places that its numbers name and 0 elsewhere.

    Args:
        inputs: numbers of classes, `(numbers,)` of one sample or `(samples, numbers, ...)`.
        num_classes: how many classes there are.
        axis: where the new axis stands before the numbers of a sample are joined.
        dtype: of the result; `floatx()` if `None`.
        sparse: whether to return a `jax.experimental.sparse.BCOO`.
        **kwargs: `num_tokens`, the older name of `num_classes`.

    Raises:
        ArgumentError: `num_classes` is missing.

    Example:
        >>> import deepkit
        >>> deepkit.ops.multi_hot([[0, 2], [1, 1]], num_classes=3).tolist()
        [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    """
    tokens = kwargs.pop("num_tokens", None)
    num_classes = tokens if num_classes is None else num_classes
    if kwargs:
        raise ArgumentTypeError(f"`multi_hot` does not know the argument {next(iter(kwargs))!r}.")
    if num_classes is None:
        raise ArgumentError("`multi_hot` needs `num_classes`, how many classes there are.")
    inputs = as_array(inputs, "int32")
    each = one_hot(inputs, num_classes, axis=axis, dtype=dtype)
    result = jnp.max(each, axis=min(inputs.ndim - 1, 1))
    return _to_sparse(result, inputs.size) if sparse else result


def _to_sparse(dense: jax.Array, count: int) -> Any:
    # Not at the top, for it would make `import deepkit` slower by a third.
    from jax.experimental.sparse import BCOO

    return BCOO.fromdense(dense, nse=count)
