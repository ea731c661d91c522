"""Identity: what comes in goes out."""

from typing import Any

from deepkit.core import tree
from deepkit.layers._layer import Layer


class Identity(Layer):
    """Return the inputs as they are; a placeholder where a layer is wanted.

    Example:
        >>> import deepkit
        >>> deepkit.layers.Identity()(deepkit.ops.ones((2,))).tolist()
        [1.0, 1.0]
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        return tree.map_structure(lambda x: x, inputs)
