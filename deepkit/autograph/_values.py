"""Takes values of the user's variables apart into arrays and all else, and together again."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core.errors import ShapeError, StateError
from deepkit.tensors import Variable

from ._location import user_line
from ._specs import described


class Growing(list):
    """A list inside of a compiled loop that appends to it: it cannot be read there.

    Each turn of the loop runs with other numbers but is traced once, so what the list holds at a
    turn is not known.
    """

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        raise StateError(
            f"{user_line()}a list is read or changed inside of the compiled loop that appends to "
            f"it. Keep what a turn needs of the turns before in a variable of its own."
        )

    __getitem__ = __setitem__ = __delitem__ = __iter__ = __len__ = __contains__ = _refuse
    __reversed__ = __bool__ = __add__ = __radd__ = __iadd__ = __eq__ = __mul__ = _refuse
    __hash__ = None
    pop = insert = remove = clear = index = count = sort = reverse = copy = _refuse


def items(growing: list[Any]) -> list[Any]:
    """The items of a list, of one that refuses to be read too."""
    return list.__getitem__(growing, slice(None))


def replace_items(owner: list[Any], new: Sequence[Any]) -> None:
    """Give a list other items, in place."""
    list.__setitem__(owner, slice(None), new)


def copied(value: Any) -> Any:
    """A value whose lists and dictionaries are others, so that changes of them stay apart."""
    kind = type(value)
    if kind is Growing:
        return Growing(items(value))
    if kind is list:
        return [copied(item) for item in value]
    if kind is tuple:
        return tuple(copied(item) for item in value)
    if kind is dict:
        return {key: copied(item) for key, item in value.items()}
    return value


def flatten(value: Any) -> tuple[list[Any], Any]:
    """The leaves of a value, and its structure."""
    value = items(value) if type(value) is Growing else value
    return jax.tree_util.tree_flatten(value, is_leaf=lambda x: isinstance(x, Variable))


def in_order_of(value: Any, model: Any) -> Any:
    """A value whose dictionaries have their keys in the order of another value's.

    JAX sorts the keys of dictionaries that it takes apart.
    """
    if type(value) is not type(model):
        return value
    if type(value) is dict:
        if value.keys() != model.keys():
            return value
        return {key: in_order_of(value[key], item) for key, item in model.items()}
    if type(value) in (list, tuple) and len(value) == len(model):
        return type(value)(in_order_of(*pair) for pair in zip(value, model))
    return value


def written_back(before: Any, after: Any) -> Any:
    """What a variable holds in the end: a list or dictionary that was changed stays the same one.

    Args:
        before: the value at the start.
        after: the value at the end, of the same kind.
    """
    if isinstance(before, list) and isinstance(after, list):
        replace_items(before, items(after))
        return before
    if type(before) is dict and type(after) is dict:
        before.clear()
        before.update(after)
        return before
    return after


def subject_text(name: str) -> str:
    """A variable in a message; the value of a function has a made-up name."""
    if name.startswith("retval_"):
        return "the value that the function returns"
    return name if " " in name else f"`{name}`"


def structure_text(value: Any) -> str:
    """The outermost structure of a value in a message."""
    if isinstance(value, dict):
        return f"a dict with the keys {sorted(map(repr, value))}"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)}"
    return described(value)


def truth(value: Any, statement: str) -> jax.Array:
    """A condition as one boolean.

    Raises:
        ShapeError: it is several.
    """
    value = jnp.asarray(value)
    if value.size != 1:
        raise ShapeError(
            f"{user_line()}expected the condition of `{statement}` to be one truth value, received "
            f"{value.dtype}{list(value.shape)}. Use `deepkit.ops.any`, `all`, `where` or "
            f"`logical_and`, which work on each element."
        )
    return value.reshape(()) != 0 if value.dtype != bool else value.reshape(())
