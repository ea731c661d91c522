"""The base of metrics that report the best of one rate where another is high enough."""

import abc
from typing import Any

import jax
import jax.numpy as jnp

from ._confusion_metric import ConfusionMetric
from ._numerics import divide_no_nan
from ._thresholds import check_fraction, even_thresholds


class ConstrainedOptimum(ConfusionMetric, abc.ABC):
    """Abstract base: the highest `_rates()[1]` over thresholds where `_rates()[0] >= value`."""

    _direction = "up"

    def __init__(
        self,
        argument: str,
        value: float,
        num_thresholds: int,
        class_id: int | None,
        name: str | None,
        dtype: Any,
    ) -> None:
        self._least = check_fraction(argument, value)
        self.num_thresholds = num_thresholds
        thresholds = even_thresholds(num_thresholds, least=1)
        super().__init__(thresholds, class_id=class_id, name=name, dtype=dtype)
        self.true_positives = self._add_counter("true_positives")
        self.false_positives = self._add_counter("false_positives")
        self.true_negatives = self._add_counter("true_negatives")
        self.false_negatives = self._add_counter("false_negatives")

    def _precision(self) -> jax.Array:
        true_positives = self.true_positives.value
        return divide_no_nan(true_positives, true_positives + self.false_positives.value)

    def _sensitivity(self) -> jax.Array:
        true_positives = self.true_positives.value
        return divide_no_nan(true_positives, true_positives + self.false_negatives.value)

    def _specificity(self) -> jax.Array:
        true_negatives = self.true_negatives.value
        return divide_no_nan(true_negatives, true_negatives + self.false_positives.value)

    @abc.abstractmethod
    def _rates(self) -> tuple[jax.Array, jax.Array]:
        """The rate that is constrained and the one that is reported, at every threshold."""

    def result(self) -> jax.Array:
        """The best rate so far; 0 where no threshold meets the constraint."""
        constrained, reported = self._rates()
        return jnp.max(jnp.where(constrained >= self._least, reported, 0), initial=0)
