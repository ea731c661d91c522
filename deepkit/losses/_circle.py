"""Circle loss of metric learning."""

from typing import Any

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.tensors import as_array, operation

from ._arguments import flag, number
from ._class_labels import whole_numbers
from ._function_loss import FunctionLoss
from ._inputs import real_array, widened
from ._labels import check_labels
from ._traits import traits


def _above_zero(y_true: Any, values: jax.Array, **_: Any) -> jax.Array:
    return values > 0


@traits(labels="ids", valid_entries=_above_zero)
@operation
@widened
def circle(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    ref_labels: ArrayLike | None = None,
    ref_embeddings: ArrayLike | None = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> jax.Array:
    """How far each embedding is from being closer to its own label's than to all others.

    Args:
        y_true: integer labels, (N,) or (N, 1).
        y_pred: embeddings of length 1, (N, D).
        ref_labels: labels of what is compared with, (M,) or (M, 1); those of the batch if `None`.
        ref_embeddings: embeddings of what is compared with, (M, D); the batch if `None`.
        remove_diagonal: whether sample i is not compared with reference i.
        gamma: γ, the scale of similarities.
        margin: m, from 0 to 1, the wanted distance from perfect similarities.

    Returns:
        The loss of each sample, (N,).

    Raises:
        ShapeError: the shapes do not agree.
        DataError: a label is fractional.
        ArgumentError: only one of `ref_labels` and `ref_embeddings` is given.

    Example:
        >>> import deepkit
        >>> y_pred = [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
        >>> deepkit.losses.circle([0, 0, 1], y_pred, gamma=1.0).round(2).tolist()[2]
        0.0
    """
    if (ref_labels is None) != (ref_embeddings is None):
        raise ArgumentError(
            "Expected both `ref_labels` and `ref_embeddings` of circle or neither, received one."
        )
    embeddings, labels = _labelled(y_true, real_array(y_pred), "y_true", "y_pred")
    references, reference_labels = embeddings, labels
    if ref_labels is not None:
        references, reference_labels = _labelled(
            ref_labels, real_array(ref_embeddings, embeddings.dtype), "ref_labels", "ref_embeddings"
        )
    same = labels[:, None] == reference_labels[None, :]  # (N, M)
    positive = same & ~jnp.eye(*same.shape, dtype=bool) if remove_diagonal else same

    distance = jnp.maximum(1.0 - embeddings @ references.T, 0.0)
    weight_of_positive = jnp.maximum(margin + distance, 0.0)
    weight_of_negative = jnp.maximum(1.0 + margin - distance, 0.0)
    pull = -gamma * weight_of_positive * (margin - distance)
    push = gamma * weight_of_negative * (1.0 - margin - distance)
    return jax.nn.softplus(_log_sum_exp(pull, positive) + _log_sum_exp(push, ~same))


def _labelled(
    labels: Any, embeddings: jax.Array, label_name: str, embedding_name: str
) -> tuple[jax.Array, jax.Array]:
    given = as_array(labels)
    flat = jnp.squeeze(given, -1) if given.ndim == 2 and given.shape[1] == 1 else given
    if embeddings.ndim != 2 or flat.shape != embeddings.shape[:1]:
        raise ShapeError(
            f"Expected {embedding_name} of shape (N, D) in circle and {label_name} of shape (N,) "
            f"or (N, 1), received {embedding_name} of shape {embeddings.shape} and {label_name} of "
            f"shape {given.shape}."
        )
    check_labels(labels)
    return embeddings, whole_numbers(flat)


def _log_sum_exp(x: jax.Array, mask: jax.Array) -> jax.Array:
    """The logarithm of the sum of exp(x) over each row where the mask is true; -inf for none."""
    return jax.nn.logsumexp(jnp.where(mask, x, -jnp.inf), axis=1)


class Circle(FunctionLoss):
    """Circle loss of metric learning: embeddings of one label together, those of others apart.

    When to use it: to train an encoder for similarity search or verification. The batch is compared
    with itself, so it must hold several samples of each label; embeddings must have length 1
    (`UnitNormalization`).

    Formula, with similarities s_p to the K samples of the same label and s_n to the L others:
    L = log(1 + Σ_n exp(γ α_n (s_n - m)) · Σ_p exp(-γ α_p (s_p - 1 + m))),
    α_p = max(1 + m - s_p, 0), α_n = max(s_n + m, 0). Samples whose loss is 0 are left out of means.

    Paper: Sun et al., Circle Loss, 2020, arXiv:2002.10857.

    Args:
        gamma: γ > 0, the scale of similarities.
        margin: m, from 0 to 1, the wanted distance from perfect similarities.
        remove_diagonal: whether a sample is not compared with itself.
        reduction: as in `Loss`.
        name: the name of the loss.
        dtype: as in `Loss`.

    Raises:
        ArgumentError: an argument is outside of what is allowed.
        ShapeError: when called with shapes that do not agree.
        DataError: when called with a fractional label.

    Example:
        >>> import deepkit
        >>> loss = deepkit.losses.Circle(gamma=1.0, margin=0.0)
        >>> y_pred = [[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]]
        >>> round(float(loss([0, 0, 1], y_pred)), 4)  # log(2)
        0.6931
    """

    fn = staticmethod(circle)
    option_names = ("gamma", "margin", "remove_diagonal")

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str = "circle",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.gamma = number("gamma", gamma, 0.0, ends="()")
        self.margin = number("margin", margin, 0.0, 1.0)
        self.remove_diagonal = flag("remove_diagonal", remove_diagonal)
