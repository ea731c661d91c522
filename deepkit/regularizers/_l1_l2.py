"""L1 and L2 penalties."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.tensors import operation

from ._base import Regularizer, as_summable, checked_factor


@operation
def _penalty(x: Any, l1: float, l2: float) -> jax.Array:
    """`l1 · Σ|x| + l2 · Σx²`; half precision is summed in float32."""
    x, dtype = as_summable(x)
    total = jnp.zeros((), x.dtype)
    if l1:
        total = total + l1 * jnp.sum(jnp.abs(x))
    if l2:
        total = total + l2 * jnp.sum(jnp.square(x))
    return total.astype(dtype)


class L1(Regularizer):
    """Penalty `l1 · Σ|x|`, which drives weights to exactly zero.

    As a string, `"l1"` means `l1=0.01`.

    Args:
        l1: factor, a number of 0 or more.

    Raises:
        ArgumentError: `l1` is not such a number.

    Example:
        >>> import deepkit
        >>> float(deepkit.regularizers.L1(0.5)([1.0, -3.0]))
        2.0
    """

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = checked_factor(0.01 if l1 is None else l1, "l1")

    def __call__(self, x: Any) -> jax.Array:
        """The penalty of a tensor, a scalar of its dtype."""
        return _penalty(x, self.l1, 0.0)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"l1": self.l1}


class L2(Regularizer):
    """Penalty `l2 · Σx²`, which keeps weights small.

    As a string, `"l2"` means `l2=0.01`.

    Args:
        l2: factor, a number of 0 or more.

    Raises:
        ArgumentError: `l2` is not such a number.

    Example:
        >>> import deepkit
        >>> float(deepkit.regularizers.L2(0.5)([1.0, -3.0]))
        5.0
    """

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = checked_factor(0.01 if l2 is None else l2, "l2")

    def __call__(self, x: Any) -> jax.Array:
        """The penalty of a tensor, a scalar of its dtype."""
        return _penalty(x, 0.0, self.l2)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"l2": self.l2}


class L1L2(Regularizer):
    """Penalty `l1 · Σ|x| + l2 · Σx²`, known as elastic net.

    As a string, `"l1_l2"` means `l1=0.01, l2=0.01`.

    Args:
        l1: factor of the sum of sizes, a number of 0 or more.
        l2: factor of the sum of squares, a number of 0 or more.

    Raises:
        ArgumentError: `l1` or `l2` is not such a number.

    Example:
        >>> import deepkit
        >>> float(deepkit.regularizers.L1L2(l1=0.5, l2=0.5)([1.0, -3.0]))
        7.0
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = checked_factor(0.0 if l1 is None else l1, "l1")
        self.l2 = checked_factor(0.0 if l2 is None else l2, "l2")

    def __call__(self, x: Any) -> jax.Array:
        """The penalty of a tensor, a scalar of its dtype."""
        return _penalty(x, self.l1, self.l2)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"l1": self.l1, "l2": self.l2}
