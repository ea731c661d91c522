"""The scale and offset that normalization layers learn."""

from typing import Any

from deepkit import constraints, initializers, regularizers
from deepkit.core.errors import ArgumentError
from deepkit.layers._layer import Layer


class AffineNormalization(Layer):
    """Base of layers that normalize and then apply a learned scale `gamma` and offset `beta`.

    Args:
        axis: the axis, or axes, of the features.
        epsilon: added to variances.
        center: whether `beta` is added.
        scale: whether `gamma` is multiplied.
        beta_initializer: of `beta`.
        gamma_initializer: of `gamma`.
        beta_regularizer: a penalty on `beta`.
        gamma_regularizer: a penalty on `gamma`.
        beta_constraint: applied to `beta` after each update.
        gamma_constraint: applied to `gamma` after each update.
    """

    def __init__(
        self,
        axis: Any = -1,
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
        super().__init__(**kwargs)
        self.axis = axis
        self.epsilon = epsilon
        self.center, self.scale = center, scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.supports_masking = True

    def _add_gamma_and_beta(self, shape: tuple[int, ...]) -> None:
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.add_weight(
                name="gamma",
                shape=shape,
                initializer=self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
                autocast=False,
            )
        if self.center:
            self.beta = self.add_weight(
                name="beta",
                shape=shape,
                initializer=self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
                autocast=False,
            )

    def _axes_in(self, rank: int) -> list[int]:
        """The axes of the features as indices from 0, in order.

        Raises:
            ArgumentError: an axis is out of range.
        """
        axes = list(self.axis) if isinstance(self.axis, list | tuple) else [self.axis]
        if any(not -rank <= axis < rank for axis in axes):
            raise ArgumentError(
                f"Expected `axis` of the layer '{self.name}' ({type(self).__name__}) from {-rank} "
                f"to {rank - 1} for inputs of rank {rank}, received {self.axis!r}."
            )
        return sorted(axis % rank for axis in axes)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "axis": self.axis,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "beta_regularizer": regularizers.serialize(self.beta_regularizer),
            "gamma_regularizer": regularizers.serialize(self.gamma_regularizer),
            "beta_constraint": constraints.serialize(self.beta_constraint),
            "gamma_constraint": constraints.serialize(self.gamma_constraint),
        }
