"""BatchNormalization: features of mean 0 and variance 1 over the batch."""

import functools
from typing import Any

import jax
import jax.numpy as jnp

from deepkit import initializers
from deepkit.core import dtypes
from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.layers._input_spec import InputSpec
from deepkit.layers._normalization_weights import AffineNormalization

_RENORM_LIMITS = ("rmin", "rmax", "dmax")


class BatchNormalization(AffineNormalization):
    """Bring each feature to mean 0 and variance 1 (Ioffe & Szegedy, 2015, arXiv:1502.03167).

    In training `gamma * (x - mean(x)) / sqrt(var(x) + epsilon) + beta` with the moments of the
    batch, of which moving averages are kept:
    `moving = moving * momentum + of_batch * (1 - momentum)`. Outside of training, and where
    `trainable` is false, the moving averages take the place of the batch's moments.

    Args:
        axis: the axis of the features; 1 for `"channels_first"`.
        momentum: of the moving averages.
        epsilon: added to the variance.
        center: whether `beta` is added.
        scale: whether `gamma` is multiplied.
        beta_initializer: of `beta`.
        gamma_initializer: of `gamma`.
        moving_mean_initializer: of the moving mean.
        moving_variance_initializer: of the moving variance.
        beta_regularizer: a penalty on `beta`.
        gamma_regularizer: a penalty on `gamma`.
        beta_constraint: applied to `beta` after each update.
        gamma_constraint: applied to `gamma` after each update.
        renorm: whether to correct batches towards the moving averages (batch renormalization,
            Ioffe, 2017, arXiv:1702.03275).
        renorm_clipping: limits `rmin`, `rmax`, `dmax` of that correction.
        renorm_momentum: of the moving averages of the correction.
        synchronized: whether moments are those of all replicas together; on one device they are.

    Call arguments:
        inputs: a tensor.
        training: whether to use the moments of the batch.
        mask: booleans of the shape without the last axis; what is false does not count.

    Raises:
        ArgumentError: `axis` is out of range, or a limit is unknown.
        ShapeError: the mask has the wrong rank.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.BatchNormalization()
        >>> y = layer(deepkit.ops.array([[1.0], [3.0]]), training=True)
        >>> [round(float(v), 2) for v in y[:, 0]]
        [-1.0, 1.0]
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: dict[str, float] | None = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
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
        self.momentum = float(momentum)
        self.synchronized = synchronized
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.renorm = renorm
        unknown = set(renorm_clipping or {}) - set(_RENORM_LIMITS)
        if unknown:
            raise ArgumentError(
                f"Expected the keys of `renorm_clipping` of the layer '{self.name}' among "
                f"{_RENORM_LIMITS}, received {sorted(unknown)}."
            )
        self.renorm_clipping = renorm_clipping
        self.renorm_momentum = renorm_momentum

    def build(self, input_shape: Any) -> None:
        (axis,) = self._axes_in(len(input_shape))
        shape = (input_shape[axis],)
        self._add_gamma_and_beta(shape)
        self.moving_mean = self._add_moving("moving_mean", shape, self.moving_mean_initializer)
        self.moving_variance = self._add_moving(
            "moving_variance", shape, self.moving_variance_initializer
        )
        if self.renorm:
            deviation = _square_root_of(self.moving_variance_initializer)
            self.moving_stddev = self._add_moving("moving_stddev", shape, deviation)
            self.renorm_mean = self._add_moving("renorm_mean", shape, self.moving_mean_initializer)
            self.renorm_stddev = self._add_moving("renorm_stddev", shape, deviation)
        self.input_spec = InputSpec(ndim=len(input_shape), axes={axis: input_shape[axis]})

    def _add_moving(self, name: str, shape: tuple[int, ...], initializer: Any) -> Any:
        return self.add_weight(
            name=name, shape=shape, initializer=initializer, trainable=False, autocast=False
        )

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        if mask is not None and mask.ndim != inputs.ndim - 1:
            raise ShapeError(
                f"Expected the mask of the layer '{self.name}' to have one axis less than the "
                f"inputs of shape {tuple(inputs.shape)}, received shape {tuple(mask.shape)}."
            )
        # Moments of 16-bit inputs would overflow.
        x = inputs.astype(dtypes.result_type(inputs.dtype, "float32"))
        (axis,) = self._axes_in(x.ndim)
        factor = None if self.gamma is None else self.gamma.value.astype(x.dtype)
        offset = None if self.beta is None else self.beta.value.astype(x.dtype)
        if training and self.trainable:
            mean, variance = self._moments(x, axis, mask)
            if self.renorm:
                mean, variance, factor, offset = self._renormalize(mean, variance, factor, offset)
            else:
                _move(self.moving_mean, mean, self.momentum)
                _move(self.moving_variance, variance, self.momentum)
        else:
            mean = self.moving_mean.value.astype(x.dtype)
            variance = self.moving_variance.value.astype(x.dtype)
        outputs = _normalize(x, mean, variance, factor, offset, axis, self.epsilon)
        return outputs.astype(self.compute_dtype)

    def _moments(self, x: Any, axis: int, mask: Any) -> tuple[Any, Any]:
        axes = tuple(i for i in range(x.ndim) if i != axis)
        if mask is None:
            return _mean_and_variance(x, axes)
        weights = jnp.broadcast_to(mask.astype(x.dtype)[..., None], x.shape)
        count = jnp.sum(weights, axis=axes) + jnp.finfo(x.dtype).eps
        mean = jnp.sum(x * weights, axis=axes) / count
        shape = [1] * x.ndim
        shape[axis] = -1
        variance = jnp.sum(weights * (x - mean.reshape(shape)) ** 2, axis=axes) / count
        return mean, variance

    def _renormalize(
        self, mean: Any, variance: Any, factor: Any, offset: Any
    ) -> tuple[Any, Any, Any, Any]:
        """The correction `r`, `d` of batch renormalization put into factor and offset."""
        deviation = jnp.sqrt(variance + self.epsilon)
        limits = self.renorm_clipping or {}
        moving_deviation = self.renorm_stddev.value.astype(mean.dtype)
        r = deviation / moving_deviation
        d = (mean - self.renorm_mean.value.astype(mean.dtype)) / moving_deviation
        r = jnp.clip(r, limits.get("rmin"), limits.get("rmax"))
        if "dmax" in limits:
            d = jnp.clip(d, -limits["dmax"], limits["dmax"])
        r, d = jax.lax.stop_gradient((r, d))
        _move(self.renorm_mean, mean, self.renorm_momentum)
        _move(self.renorm_stddev, deviation, self.renorm_momentum)
        _move(self.moving_mean, mean, self.momentum)
        _move(self.moving_stddev, deviation, self.momentum)
        # The variance is known from the deviation, whose epsilon it does not include.
        squared = self.moving_stddev.value.astype(mean.dtype) ** 2 - self.epsilon
        self.moving_variance.assign(jax.nn.relu(squared))
        offset = d if factor is None and offset is None else _sum(_product(d, factor), offset)
        return mean, variance, _product(r, factor), offset

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(self.moving_variance_initializer),
            "synchronized": self.synchronized,
            "renorm": self.renorm,
            "renorm_clipping": self.renorm_clipping,
            "renorm_momentum": self.renorm_momentum,
        }


# Compiled, so that layers of one shape are traced once; XLA inlines them.


@functools.partial(jax.jit, static_argnames=("axes",))
def _mean_and_variance(x: jax.Array, axes: tuple[int, ...]) -> tuple[jax.Array, jax.Array]:
    return jnp.mean(x, axis=axes), jnp.var(x, axis=axes)


@functools.partial(jax.jit, static_argnames=("axis", "epsilon"))
def _normalize(
    x: jax.Array,
    mean: jax.Array,
    variance: jax.Array,
    factor: jax.Array | None,
    offset: jax.Array | None,
    axis: int,
    epsilon: float,
) -> jax.Array:
    """`factor * (x - mean) / sqrt(variance + epsilon) + offset` as one product and one sum."""
    factor = _product(jax.lax.rsqrt(variance + epsilon), factor)
    shift = -mean * factor if offset is None else offset - mean * factor
    shape = [1] * x.ndim
    shape[axis] = -1
    return x * factor.reshape(shape) + shift.reshape(shape)


def _move(variable: Any, value: Any, momentum: float) -> None:
    value = jax.lax.stop_gradient(value).astype(variable.dtype)
    variable.assign(variable.value * momentum + value * (1.0 - momentum))


def _product(a: Any, b: Any) -> Any:
    return a if b is None else a * b


def _sum(a: Any, b: Any) -> Any:
    return a if b is None else a + b


def _square_root_of(initializer: Any) -> Any:
    return lambda shape, dtype=None: jnp.sqrt(initializer(shape, dtype=dtype))
