"""TimeDistributed: a layer applied to each time step."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core import shapes, tree
from deepkit.core.errors import ShapeError
from deepkit.layers._call_signature import call_signature
from deepkit.layers._layer import Layer
from deepkit.layers._wrapper import Wrapper


class TimeDistributed(Wrapper):
    """Apply a layer to every time step, with the same weights.

    All steps of all samples are one batch for the layer: `(batch, time, ...)` is folded to
    `(batch * time, ...)` and back. So a layer with statistics over the batch, such as
    `BatchNormalization`, takes them over all steps.

    Args:
        layer: the layer.

    Call arguments:
        inputs: of shape (batch, time, ...), or several such tensors, nested.
        training: passed on, if the layer takes it.
        mask: booleans of shape (batch, time), which travel on; or (batch, time, ...), for inputs
            that are sequences in each step, which the layer gets.

    Output shape:
        `(batch, time, ...)`.

    Raises:
        ArgumentTypeError: `layer` is no layer.
        ShapeError: an input has no time axis, or the mask does not fit.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.TimeDistributed(deepkit.layers.Dense(3))
        >>> layer(deepkit.ops.ones((2, 5, 4))).shape
        (2, 5, 3)
    """

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.supports_masking = True

    def _step_shape(self, shape: Any) -> tuple[int | None, ...]:
        if len(shape) < 3:
            raise ShapeError(
                f"Expected inputs of shape (batch, time, ...), with 3 axes at least, in the layer "
                f"'{self.name}' (TimeDistributed), received shape {tuple(shape)}."
            )
        batch, time, *rest = shape
        return (None if batch is None or time is None else batch * time, *rest)

    def build(self, input_shape: Any) -> None:
        super().build(shapes.map_shapes(self._step_shape, input_shape))

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        leading = tuple(tree.flatten(inputs)[0].shape[:2])
        self._check_mask(mask, leading)
        takes = call_signature(type(self.layer).call)
        folded = tree.map_structure(_fold, inputs)
        options = {}
        if takes.takes_training:
            options["training"] = training
        if takes.takes_mask and _reaches_inside(mask, folded):
            options["mask"] = _fold(mask)
        outputs = self.layer(folded, **options)
        return tree.map_structure(lambda y: _unfold(y, leading), outputs)

    def _check_mask(self, mask: Any, leading: tuple[int, ...]) -> None:
        if mask is not None and tuple(mask.shape[:2]) != leading:
            raise ShapeError(
                f"Expected a mask of shape {(*leading, '...')}, as (batch, time) of the inputs, in "
                f"the layer '{self.name}' (TimeDistributed), received shape {tuple(mask.shape)}."
            )

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The mask of the steps; or of what is inside of them, if the layer lets that pass."""
        mask = tree.flatten(previous_mask)[0]
        if mask is not None and mask.ndim == 2:
            return mask
        if mask is None and type(self.layer).compute_mask is Layer.compute_mask:
            return None
        inside = None
        if self.layer.supports_masking:
            leading = tuple(tree.flatten(inputs)[0].shape[:2])
            folded = tree.map_structure(_fold, inputs)
            inside = self.layer.compute_mask(folded, None if mask is None else _fold(mask))
            inside = tree.map_structure(
                lambda m: None if m is None else _unfold(m, leading), inside
            )
        if inside is None and mask is not None:
            return jnp.any(mask, axis=tuple(range(2, mask.ndim)))
        return inside


def _reaches_inside(mask: Any, folded: Any) -> bool:
    """Whether a mask is for the layer: one of whole steps says nothing about sequences in them."""
    return mask is not None and (mask.ndim > 2 or tree.flatten(folded)[0].ndim == 2)


def _fold(x: jax.Array) -> jax.Array:
    return x.reshape(x.shape[0] * x.shape[1], *x.shape[2:])


def _unfold(x: jax.Array, leading: tuple[int, ...]) -> jax.Array:
    return x.reshape(*leading, *x.shape[1:])
