"""Einops-style patterns: reshaping and transposing by the names of axes."""

import math
import re

import jax
import jax.numpy as jnp

from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.tensors import as_array, operation

from ._types import TensorLike

_AXES = re.compile(r"\(([^()]*)\)|(\w+)")


@operation
def rearrange(tensor: TensorLike, pattern: str, **axes_lengths: int) -> jax.Array:
    """Returns `tensor` with its axes split, reordered and merged as `pattern` says.

    Args:
        tensor: array.
        pattern: names of the axes before and after `->`; those in parentheses are one axis.
        **axes_lengths: sizes of names in parentheses, where they do not follow.

    Raises:
        ArgumentError: the pattern is not of this form.
        ShapeError: the sizes do not fit `tensor`.

    Example:
        >>> import deepkit
        >>> images = deepkit.ops.zeros((32, 30, 40, 3))
        >>> deepkit.ops.rearrange(images, "b (h p) (w q) c -> b (h w) (p q c)", p=2, q=2).shape
        (32, 300, 12)
    """
    tensor = as_array(tensor)
    before, after = _parse(pattern)
    if len(before) != tensor.ndim:
        raise ShapeError(
            f"Expected `tensor` to have the {len(before)} axes of {pattern!r}, received shape "
            f"{tuple(tensor.shape)}."
        )
    sizes = dict(axes_lengths)
    for group, size in zip(before, tensor.shape):
        _infer(group, size, sizes, pattern)
    names = [name for group in before for name in group]
    order = [names.index(name) for group in after for name in group]
    split = jnp.reshape(tensor, [sizes[name] for name in names])
    merged = [math.prod(sizes[name] for name in group) for group in after]
    return jnp.reshape(jnp.transpose(split, order), merged)


def _parse(pattern: str) -> tuple[list[list[str]], list[list[str]]]:
    sides = pattern.split("->")
    if len(sides) == 2:
        before, after = (
            [(grouped or single).split() for grouped, single in _AXES.findall(side)]
            for side in sides
        )
        names, others = ([name for group in side for name in group] for side in (before, after))
        if len(set(names)) == len(names) and sorted(names) == sorted(others):
            return before, after
    raise ArgumentError(
        "Expected `pattern` to name the same axes, once each, before and after '->', as in "
        f"'b h w c -> b (h w) c', received {pattern!r}."
    )


def _infer(group: list[str], size: int, sizes: dict[str, int], pattern: str) -> None:
    """Fill in the one size of a group that does not stand in `sizes` yet."""
    unknown = [name for name in group if name not in sizes]
    known = math.prod(sizes[name] for name in group if name in sizes)
    if len(unknown) > 1:
        raise ArgumentError(
            f"Expected the sizes of all but one of {group} in {pattern!r}, give them as "
            f"`{unknown[0]}=...`."
        )
    if (size % known if unknown else size != known) or not known:
        raise ShapeError(
            f"Expected the axis ({' '.join(group)}) of {pattern!r} to have a size that fits "
            f"{ {name: sizes[name] for name in group if name in sizes} }, received {size}."
        )
    if unknown:
        sizes[unknown[0]] = size // known
