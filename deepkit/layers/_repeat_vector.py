"""RepeatVector: a vector once for each time step."""

from typing import Any

import jax.numpy as jnp

from deepkit.layers._arguments import check_positive
from deepkit.layers._input_spec import InputSpec
from deepkit.layers._layer import Layer


class RepeatVector(Layer):
    """Repeat a vector, as the steps of a sequence.

    Args:
        n: how often.

    Input shape:
        `(batch, features)`.

    Output shape:
        `(batch, n, features)`.

    Raises:
        ArgumentError: `n` is no integer of at least 1.

    Example:
        >>> import deepkit
        >>> deepkit.layers.RepeatVector(3)(deepkit.ops.ones((2, 4))).shape
        (2, 3, 4)
    """

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = check_positive("n", n, self)
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Any) -> Any:
        return jnp.repeat(inputs[:, None, :], self.n, axis=1)  # (batch, n, features)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "n": self.n}
