"""The loss that `compile` was given, for one output or for many."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax

from deepkit.core import config, naming, tree
from deepkit.core.errors import ShapeError
from deepkit.losses import Loss
from deepkit.metrics import Mean
from deepkit.tensors import as_array, get_mask

from ._counted_rows import count_rows
from ._loss_terms import (
    check_losses,
    check_weights,
    choose_losses,
    choose_weights,
    resolve_loss,
    tracker_name,
)
from ._outputs import Outputs
from ._structures import Path


class _Term(NamedTuple):
    """One loss, its outputs, its factor in the sum (`None` for 1), and its mean so far."""

    path: Path
    loss: Loss
    weight: float | None
    tracker: Mean | None


class CompileLoss:
    """The weighted sum of the losses of a model's outputs.

    total = Σ weight · loss(y_true, y_pred, sample_weight)

    Losses, weights and targets are found for the outputs as `Outputs` says. One loss serves all
    outputs. Where a function or a `Loss` is given for a group of outputs, it gets the group. Where
    a list is given for one of several outputs, its losses add up.

    Args:
        loss: a name, function, `Loss`, class or config; or lists, tuples and dicts of these in
            the form of the outputs, with `None` for an output without a loss.
        loss_weights: a number; or numbers in the form of the outputs, or a list of one for each
            output that has a loss. What is not given is 1.
        output_names: the names of the flat outputs, where they are known.

    Raises:
        ArgumentError: `loss` is `None`, or a weight is no number.
        UnknownNameError: no loss has a name that is given.

    Example:
        >>> import numpy as np
        >>> from ._compile_loss import CompileLoss
        >>> loss = CompileLoss({"a": "mse", "b": "mae"}, loss_weights={"b": 10.0})
        >>> y_true = {"a": np.zeros((2, 1)), "b": np.zeros((2, 1))}
        >>> y_pred = {"a": np.full((2, 1), 3.0), "b": np.full((2, 1), 2.0)}
        >>> float(loss(y_true, y_pred))
        29.0
        >>> {metric.name: float(metric.result()) for metric in loss.metrics}
        {'a_loss': 9.0, 'b_loss': 2.0}
    """

    def __init__(
        self, loss: Any, loss_weights: Any = None, output_names: Sequence[str] | None = None
    ) -> None:
        check_losses(loss)
        check_weights(loss_weights)
        self._loss, self._loss_weights, self._output_names = loss, loss_weights, output_names
        self._outputs: Outputs
        self._terms: list[_Term] = []
        self.built = False

    @property
    def metrics(self) -> list[Mean]:
        """The means of the single losses, without their weights, if there are several."""
        return [term.tracker for term in self._terms if term.tracker is not None]

    @property
    def target_paths(self) -> list[Path]:
        """The paths of the outputs that have a loss, after `build`."""
        return _in_order([term.path for term in self._terms], self._outputs)

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Find the losses of the outputs, and make their trackers.

        Args:
            y_true: targets, of which the form and the shapes matter.
            y_pred: outputs, likewise.

        Raises:
            ArgumentError: losses or weights do not have the form of the outputs.
            UnknownNameError: a key names no output.
            DataError: targets do not have the form of the outputs, or one is missing.
        """
        outputs = Outputs(y_pred, self._output_names)
        chosen = choose_losses(self._loss, outputs)
        paths = [path for path, _ in chosen]
        weights = choose_weights(self._loss_weights, paths, outputs)
        needed = _in_order(paths, outputs)
        targets = _targets(y_true, outputs, needed)
        predictions = outputs.place_values(y_pred, "y_pred")
        found = []
        for path, identifier in chosen:
            with outputs.noting("the loss", path):
                true, pred = outputs.gather(targets, path), outputs.gather(predictions, path)
                found.append(resolve_loss(identifier, true, pred))
        trackers = _trackers([tracker_name(*pair, outputs) for pair in zip(paths, found)])
        self._terms = [_Term(*parts) for parts in zip(paths, found, weights, trackers)]
        self._outputs = outputs
        self.built = True

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> jax.Array | None:
        """The total, a scalar of `floatx()`; updates the trackers of the single losses.

        Args:
            y_true: targets in the form of the outputs, or for those outputs alone that have a
                loss.
            y_pred: outputs.
            sample_weight: weights for all outputs, or weights in the form of the targets.

        Returns:
            The total; `None` if no output has a loss.

        Raises:
            DataError: targets or weights do not fit the outputs, or a target is missing.
            ShapeError: a loss is not one number.
        """
        if not self.built:
            self.build(y_true, y_pred)
        outputs, needed = self._outputs, self.target_paths
        predictions = outputs.place_values(y_pred, "y_pred")
        targets = _targets(y_true, outputs, needed)
        weights = self._sample_weights(sample_weight, needed)
        total = None
        for term in self._terms:
            with outputs.noting("the loss", term.path):
                value = _evaluate(
                    term.loss,
                    outputs.gather(targets, term.path),
                    outputs.gather(predictions, term.path),
                    weights.get(term.path),
                )
            if term.tracker is not None:
                term.tracker.update_state(value, sample_weight=_rows(predictions, term.path))
            if term.weight is not None:
                value = value * term.weight
            total = value if total is None else total + value
        return total

    def sample_losses(self, y_true: Any, y_pred: Any) -> list[jax.Array] | None:
        """What each loss gives for each sample, before any weights.

        Returns:
            `None` if it is not known how a loss makes one number of these.
        """
        outputs = self._outputs
        predictions = outputs.place_values(y_pred, "y_pred")
        targets = _targets(y_true, outputs, self.target_paths)
        found = []
        for term in self._terms:
            # A mask travels with one output.
            if term.path not in outputs.paths:
                return None
            values = term.loss.sample_losses(targets[term.path], predictions[term.path])
            if values is None:
                return None
            found.append(values)
        return found

    def _sample_weights(self, given: Any, needed: list[Path]) -> dict[Path, Any]:
        """The weights of each term."""
        paths = [term.path for term in self._terms]
        if not tree.is_nested(given):
            return dict.fromkeys(paths, given)
        outputs = self._outputs
        placed = outputs.place_values(given, "sample_weight", lambda: needed)
        for path in paths:
            if path not in outputs.paths and any(leaf in placed for leaf in outputs.below(path)):
                why = (
                    "One loss takes these outputs together, so that there is no telling which "
                    "weights are meant; weigh the samples inside of it."
                )
                raise outputs.mismatch(given, "sample_weight", path, why)
        return placed


def _in_order(paths: list[Path], outputs: Outputs) -> list[Path]:
    """The paths of all outputs at or below some paths, in the order of the outputs."""
    found = {leaf for path in paths for leaf in outputs.below(path)}
    return [path for path in outputs.paths if path in found]


def _targets(y_true: Any, outputs: Outputs, needed: list[Path]) -> dict[Path, Any]:
    """The target of each output.

    Raises:
        DataError: targets do not have the form of the outputs, or one is missing.
    """
    targets = outputs.place_values(y_true, "y", lambda: needed)
    for path in needed:
        if path not in targets:
            why = f"There is no target for {outputs.describe(path)}, which has a loss."
            raise outputs.mismatch(y_true, "y", (), why)
    return targets


def _trackers(names: list[str]) -> list[Mean | None]:
    """A mean for each loss, unless there is only one, which is the total."""
    if len(names) < 2:
        return [None for _ in names]
    unique: list[str] = []
    for name in names:
        unique.append(naming.unique_name(name, unique))
    return [Mean(name=name) for name in unique]


def _evaluate(loss: Loss, y_true: Any, y_pred: Any, sample_weight: Any) -> jax.Array:
    mask = get_mask(y_pred)
    options = {} if mask is None else {"mask": mask}
    value = as_array(loss(y_true, y_pred, sample_weight, **options), config.floatx())
    if value.shape:
        raise ShapeError(
            f"Expected the loss '{loss.name}' to be one number, received the shape {value.shape}. "
            f"Give it a reduction such as 'sum_over_batch_size' instead of 'none'."
        )
    return value


def _rows(predictions: dict[Path, Any], path: Path) -> Any:
    """The number of samples, by the first of the outputs at a path."""
    first = next(value for leaf, value in predictions.items() if leaf[: len(path)] == path)
    return count_rows(first.shape[0]) if first.shape else 1.0
