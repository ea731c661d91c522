"""Which loss belongs to which outputs, and with which weight."""

import itertools
import numbers
from typing import Any

import jax
import numpy as np

from deepkit import losses
from deepkit.core import tree
from deepkit.core.errors import ArgumentError
from deepkit.losses import Loss, LossFunctionWrapper

from ._outputs import Outputs
from ._resolve_metrics import CROSSENTROPIES, is_short, object_name, target_kind
from ._structures import Path, is_container, single_values

_CROSSENTROPIES = {
    "binary": losses.binary_crossentropy,
    "sparse": losses.sparse_categorical_crossentropy,
    "categorical": losses.categorical_crossentropy,
}


def check_losses(loss: Any) -> None:
    """Raise for what is no loss, before any output is known.

    Raises:
        ArgumentError: `loss` is `None`.
        UnknownNameError: no loss has a name that is given.
        ArgumentTypeError: something is of no usable type.
    """
    if loss is None:
        raise ArgumentError(
            "Expected `loss` to be a loss, or losses in the form of the outputs, received None. "
            "Leave `loss` out of `compile` if `add_loss` gives all there is to minimize."
        )
    for single in single_values(loss):
        is_found = single is None or callable(single) or isinstance(single, dict)
        if not is_found and not is_short(single, CROSSENTROPIES):
            losses.get(single)


def check_weights(loss_weights: Any) -> None:
    """Raise if a weight is no number.

    Raises:
        ArgumentError: it is not; variables count as none, as compiled steps would not see them
            change.
    """
    for weight in single_values(loss_weights):
        is_number = isinstance(weight, numbers.Real | np.generic) or (
            isinstance(weight, np.ndarray | jax.Array) and weight.ndim == 0
        )
        if weight is not None and not is_number:
            raise ArgumentError(
                f"Expected `loss_weights` to be a number, or numbers in the form of the outputs, "
                f"received {weight!r} of type {type(weight).__name__}. For factors that change "
                f"during training, or differ between samples, override `compute_loss`."
            )


def choose_losses(loss: Any, outputs: Outputs) -> list[tuple[Path, Any]]:
    """Each loss with the path of the output, or of the group of outputs, that it takes.

    Args:
        loss: one loss for each of the outputs, or losses in the form of the outputs.
        outputs: the outputs.

    Raises:
        ArgumentError: the form does not fit.
        UnknownNameError: a key names no output.
    """
    if not is_container(loss):
        return [(path, loss) for path in outputs.paths]
    chosen: list[tuple[Path, Any]] = []
    for path, given in outputs.place(loss, "loss", _ends).items():
        singles = [single for single in single_values(given) if single is not None]
        if len(singles) > 1 and len(outputs.paths) == 1:
            why = (
                f"There are {len(singles)} losses for one output. To minimize their sum, pass a "
                f"function that adds them."
            )
            raise outputs.mismatch(loss, "loss", (), why)
        for single in singles:
            # A name means a loss of one array, a function may want the group.
            places = outputs.below(path) if isinstance(single, str) else [path]
            chosen.extend((place, single) for place in places)
    return chosen


def choose_weights(loss_weights: Any, paths: list[Path], outputs: Outputs) -> list[float | None]:
    """The weight of each loss, `None` where none is given.

    Args:
        loss_weights: a number, or numbers in the form of the outputs, or one for each output that
            has a loss.
        paths: those of the losses, as chosen by `choose_losses`.
        outputs: the outputs.

    Raises:
        ArgumentError: the form does not fit.
        UnknownNameError: a key names no output.
    """
    if not is_container(loss_weights):
        return [_number(loss_weights)] * len(paths)

    def with_loss() -> list[Path]:
        return sorted(set(paths), key=lambda path: outputs.paths.index(outputs.below(path)[0]))

    placed = outputs.place_needed(loss_weights, with_loss)
    if placed is None:
        placed = outputs.place(loss_weights, "loss_weights", _ends)
    weights: list[float | None] = []
    for path, same in itertools.groupby(paths):
        count = len(list(same))
        given = next((placed[p] for p in _prefixes(path) if p in placed), None)
        values = list(given) if isinstance(given, list | tuple) else [given] * count
        why = None
        if len(values) != count:
            why = f"There are {len(values)} weights for {count} losses."
        elif given is None and any(leaf in placed for leaf in outputs.below(path)):
            why = "One loss takes these outputs together, so that it has one weight."
        if why is not None:
            raise outputs.mismatch(loss_weights, "loss_weights", path, why)
        weights.extend(map(_number, values))
    return weights


def resolve_loss(identifier: Any, y_true: Any, y_pred: Any) -> Loss:
    """A loss for an identifier.

    Args:
        identifier: a name, a config, a loss, a class of one, or a function of `(y_true, y_pred)`,
            whose values are averaged. `"crossentropy"` and `"ce"` are chosen by the shapes.
        y_true: targets, anything with a shape.
        y_pred: outputs, likewise.
    """
    if is_short(identifier, CROSSENTROPIES):
        found = _CROSSENTROPIES[target_kind(y_true, y_pred)]
    else:
        found = losses.get(identifier)
    if isinstance(found, Loss):
        return found
    name = identifier if isinstance(identifier, str) else object_name(found)
    return LossFunctionWrapper(found, name=name)


def tracker_name(path: Path, loss: Loss, outputs: Outputs) -> str:
    """How the mean of a loss is called: after its output, or after itself where that has no name.

    Keys are joined by slashes; a place in a list counts by the name of the output there.
    """
    keys = list(path)
    if path in outputs.paths and (not path or isinstance(path[-1], int)):
        keys[-1:] = [outputs.name_of(path) or loss.name]
    return f"{'/'.join(map(str, keys))}_loss"


def _ends(given: Any, form: Any) -> bool:
    """Whether a loss, a weight, or a list of them belongs to the outputs beside it."""
    is_list = isinstance(given, list | tuple)
    return not is_container(given) or (is_list and not tree.is_nested(form))


def _prefixes(path: Path) -> list[Path]:
    """The path, then those of the groups around it."""
    return [path[:length] for length in range(len(path), -1, -1)]


def _number(weight: Any) -> float | None:
    return None if weight is None else float(weight)
