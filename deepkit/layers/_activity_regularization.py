"""ActivityRegularization: a penalty on what passes through."""

from typing import Any

from deepkit import regularizers
from deepkit.layers._layer import Layer


class ActivityRegularization(Layer):
    """Return the inputs as they are and add a penalty on them to the losses.

    The penalty is `(l1 * sum(abs(x)) + l2 * sum(x**2)) / batch_size`.

    Args:
        l1: factor of the absolute values.
        l2: factor of the squares.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.ActivityRegularization(l2=0.5)
        >>> _ = layer(deepkit.ops.ones((2, 2)))
        >>> [float(loss) for loss in layer.losses]
        [1.0]
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.supports_masking = True
        self.l1, self.l2 = l1, l2

    def call(self, inputs: Any) -> Any:
        return inputs

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        base = {k: v for k, v in super().get_config().items() if k != "activity_regularizer"}
        return {**base, "l1": self.l1, "l2": self.l2}
