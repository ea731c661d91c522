"""GroupNormalization: groups of channels of mean 0 and variance 1 within each sample."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core import dtypes
from deepkit.core.errors import ArgumentError
from deepkit.layers._input_spec import InputSpec
from deepkit.layers._normalization_weights import AffineNormalization


class GroupNormalization(AffineNormalization):
    """Bring groups of channels to mean 0 and variance 1 (Wu & He, 2018, arXiv:1803.08494).

    The moments are those of all places and all channels of a group in one sample. One group is
    layer normalization; as many groups as channels (`groups=-1`) is instance normalization.

    Args:
        groups: the number of groups, which divides the number of channels; -1 for one a channel.
        axis: the axis of the channels.
        epsilon: added to the variance.
        center: whether `beta` is added.
        scale: whether `gamma` is multiplied.
        beta_initializer: of `beta`.
        gamma_initializer: of `gamma`.
        beta_regularizer: a penalty on `beta`.
        gamma_regularizer: a penalty on `gamma`.
        beta_constraint: applied to `beta` after each update.
        gamma_constraint: applied to `gamma` after each update.

    Raises:
        ArgumentError: `groups` does not divide the number of channels.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.GroupNormalization(groups=2)
        >>> layer(deepkit.ops.ones((1, 3, 4))).shape
        (1, 3, 4)
    """

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            axis,
            epsilon,
            center,
            scale,
            beta_initializer,
            gamma_initializer,
            beta_regularizer,
            gamma_regularizer,
            beta_constraint,
            gamma_constraint,
            **kwargs,
        )
        self.groups = groups

    def build(self, input_shape: Any) -> None:
        (axis,) = self._axes_in(len(input_shape))
        channels = input_shape[axis]
        if self.groups == -1:
            self.groups = channels
        if not 1 <= self.groups <= channels or channels % self.groups:
            raise ArgumentError(
                f"Expected `groups` of the layer '{self.name}' (GroupNormalization) to divide the "
                f"{channels} channels of its input, received {self.groups}."
            )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={axis: channels})
        self._add_gamma_and_beta((channels,))

    def call(self, inputs: Any) -> Any:
        x = inputs.astype(dtypes.result_type(inputs.dtype, "float32"))
        (axis,) = self._axes_in(x.ndim)
        sizes = list(x.shape)
        sizes[axis : axis + 1] = [self.groups, x.shape[axis] // self.groups]
        grouped = x.reshape(sizes)
        axes = tuple(i for i in range(1, grouped.ndim) if i != axis)
        mean = jnp.mean(grouped, axis=axes, keepdims=True)
        variance = jnp.var(grouped, axis=axes, keepdims=True)
        normalized = (grouped - mean) * jax.lax.rsqrt(variance + self.epsilon)
        outputs = normalized.reshape(x.shape)
        shape = [1] * x.ndim
        shape[axis] = -1
        if self.gamma is not None:
            outputs = outputs * self.gamma.value.astype(x.dtype).reshape(shape)
        if self.beta is not None:
            outputs = outputs + self.beta.value.astype(x.dtype).reshape(shape)
        return outputs.astype(self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "groups": self.groups}
