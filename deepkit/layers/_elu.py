"""ELU: an exponential below zero."""

from typing import Any

from deepkit import activations
from deepkit.layers._layer import Layer


class ELU(Layer):
    """`x` above 0, and `alpha * (exp(x) - 1)` below (Clevert et al., 2015, arXiv:1511.07289).

    Args:
        alpha: minus the limit far below 0.

    Example:
        >>> import deepkit
        >>> deepkit.layers.ELU()(deepkit.ops.array([0.0, 2.0])).tolist()
        [0.0, 2.0]
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = alpha
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        return activations.elu(inputs, alpha=self.alpha)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "alpha": self.alpha}
