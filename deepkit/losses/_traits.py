"""What a loss function says about itself: the labels it takes, and whether rows act alone."""

import dataclasses
import functools
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import jax


@dataclasses.dataclass(frozen=True)
class Traits:
    """Facts about a loss function that its values do not show.

    Args:
        row_wise: whether the loss of a sample depends on that sample alone, as long as the axes
            that are reduced leave out the first.
        labels: `"classes"` if y_true holds numbers of classes along an axis of y_pred, `"ids"` if
            it holds integers that are only compared with each other.
        valid_entries: `(y_true, values, **options)` to the mask of losses that count, or `None`.
    """

    row_wise: bool = False
    labels: str | None = None
    valid_entries: Callable[..., jax.Array | None] | None = None


class LabelSpec(NamedTuple):
    """Which integers a loss accepts as labels.

    Args:
        axis: the axis of y_pred along which the classes lie; `None` if any integer is a label.
        ignore_class: a label that is accepted besides.
    """

    axis: int | None
    ignore_class: int | None


_UNKNOWN = Traits()


def traits(**facts: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Attach `Traits` to a loss function."""

    def attach(function: Callable[..., Any]) -> Callable[..., Any]:
        function.loss_traits = Traits(**facts)  # type: ignore[attr-defined]
        return function

    return attach


def traits_of(loss: Any) -> Traits:
    """The traits of a loss function, of a partial of one, or of a loss object made from one."""
    return getattr(_function_and_options(loss)[0], "loss_traits", _UNKNOWN)


def label_spec(loss: Any) -> LabelSpec | None:
    """Which labels a loss takes; `None` for a loss whose targets are not integer labels."""
    labels = traits_of(loss).labels
    if labels is None:
        return None
    options = _function_and_options(loss)[1]
    axis = options.get("axis", -1) if labels == "classes" else None
    return LabelSpec(axis, options.get("ignore_class"))


def acts_by_row(loss: Any, ndim: int) -> bool:
    """Whether the loss of a row depends on that row alone, for predictions of rank `ndim`.

    True for our own losses that say so; false for what users wrote, about which nothing is known.
    """
    if not traits_of(loss).row_wise:
        return False
    axes = _function_and_options(loss)[1].get("axis", -1)
    if axes is None:
        return False
    axes = axes if isinstance(axes, tuple) else (axes,)
    return ndim > 0 and all(axis % ndim != 0 for axis in axes)


def _function_and_options(loss: Any) -> tuple[Any, dict[str, Any]]:
    described = getattr(loss, "described_function", None)
    if described is not None:
        return described()
    if isinstance(loss, functools.partial):
        return loss.func, {**_defaults(loss.func), **loss.keywords}
    return loss, _defaults(loss) if hasattr(loss, "loss_traits") else {}


def _defaults(function: Callable[..., Any]) -> dict[str, Any]:
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty}
