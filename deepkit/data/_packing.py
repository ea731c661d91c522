"""The tuple `(x, y, sample_weight)` and its shorter forms."""

from typing import Any

from deepkit.core.errors import DataError


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """Read a batch as `(x, y, sample_weight)`, with `None` for what it does not hold.

    For a `train_step`, `test_step` or `predict_step` of one's own.

    Args:
        data: `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`; a list counts as a tuple.

    Returns:
        A tuple of three.

    Raises:
        DataError: a tuple or list of another length.

    Example:
        >>> import deepkit
        >>> deepkit.utils.unpack_x_y_sample_weight(("features", "labels"))
        ('features', 'labels', None)
    """
    if not isinstance(data, list | tuple):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise DataError(
            "Expected a batch to be `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`, "
            f"received a {type(data).__name__} of {len(data)}."
        )
    x, y, sample_weight = (*data, None, None)[:3]
    return x, y, sample_weight


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """The shortest form of a batch that `unpack_x_y_sample_weight` reads back.

    Args:
        x: features; returned alone if there is nothing else and they are no list or tuple.
        y: targets.
        sample_weight: a weight for each sample.

    Returns:
        `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`.

    Example:
        >>> import deepkit
        >>> deepkit.utils.pack_x_y_sample_weight("features", "labels")
        ('features', 'labels')
    """
    if sample_weight is not None:
        return x, y, sample_weight
    if y is not None:
        return x, y
    return (x,) if isinstance(x, list | tuple) else x
