"""The two forms of `add_weight`: Keras 3's, and the older one with the name first."""

from typing import Any

from deepkit.core.errors import ArgumentTypeError

_NEW_ORDER = (
    "shape",
    "initializer",
    "dtype",
    "trainable",
    "autocast",
    "regularizer",
    "constraint",
    "aggregation",
    "overwrite_with_gradient",
    "name",
)
_OLD_ORDER = (
    "name",
    "shape",
    "dtype",
    "initializer",
    "regularizer",
    "trainable",
    "constraint",
)


def weight_arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `add_weight` by name, whichever form they were given in.

    `add_weight((3, 4), "zeros", name="kernel")` and `add_weight("kernel", (3, 4))` both work: text
    in the first place is a name.

    Raises:
        ArgumentTypeError: an argument is unknown, or given twice.
    """
    order = _OLD_ORDER if args and isinstance(args[0], str) else _NEW_ORDER
    if len(args) > len(order):
        raise ArgumentTypeError(
            f"Expected at most {len(order)} positional arguments of `add_weight`, "
            f"received {len(args)}."
        )
    given = dict(zip(order, args))
    for name, value in kwargs.items():
        if name not in _NEW_ORDER:
            raise ArgumentTypeError(
                f"Unexpected argument `{name}` of `add_weight`. It takes {', '.join(_NEW_ORDER)}."
            )
        if name in given:
            raise ArgumentTypeError(f"The argument `{name}` of `add_weight` was given twice.")
        given[name] = value
    return given
