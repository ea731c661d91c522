"""WeightTree: a pytree of arrays whose leaves are variables, in groups like its nodes."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core import naming
from deepkit.core.errors import ArgumentError, ArgumentTypeError
from deepkit.layers import Layer
from deepkit.tensors import Variable


class WeightGroup(Layer):
    """The weights of one node of a pytree, and the groups of the nodes in it.

    Args:
        name: the node's key.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self._leaves: list[Variable] = []
        self._groups: dict[str, WeightGroup] = {}
        self._path = self._current_path()
        self.built = True

    @property
    def leaves(self) -> list[Variable]:
        """The variables of the leaves directly below it."""
        return self._leaves

    @property
    def groups(self) -> dict[str, "WeightGroup"]:
        """The groups of the nodes directly below it, by their keys."""
        return self._groups

    def saveable_children(self) -> dict[str, Any]:
        """The groups in it, by their names."""
        return dict(self.groups)

    def add(self, path: tuple[str, ...], value: Any, **options: Any) -> Variable:
        """Make a variable at a path below this group."""
        if len(path) > 1:
            group = self.groups.get(path[0])
            if group is None:
                group = self.groups[path[0]] = WeightGroup(path[0])
            with naming.name_scope(path[0]):
                return group.add(path[1:], value, **options)
        taken = {variable.name for variable in self._leaves}
        name = naming.unique_name(path[0], taken)
        variable = Variable(value, name=name, **options)
        self._leaves.append(variable)
        return variable


class WeightTree:
    """Variables for the leaves of a pytree, with paths made of the keys that lead to them.

    Floating leaves are trainable. Random keys are kept as the numbers that they are made of.

    Args:
        tree: the pytree.
        what: what gave it, for messages.
        trainable: whether optimizers change floating leaves.
        autocast: whether a dtype policy casts floating leaves where they are read.
        name: the first part of all paths, if there is one.

    Raises:
        ArgumentTypeError: a leaf is no array.
    """

    def __init__(
        self, tree: Any, what: str, trainable: bool, autocast: bool, name: str = ""
    ) -> None:
        leaves, self._structure = jax.tree_util.tree_flatten_with_path(tree)
        _check_leaves(tree, leaves, what)
        self._what = what
        self.root = WeightGroup(name or "root")
        self._variables: list[Variable] = []
        self._key_kinds: list[Any] = []
        for path, leaf in leaves:
            array = jnp.asarray(leaf)
            kind = None
            if jnp.issubdtype(array.dtype, jax.dtypes.prng_key):
                kind, array = jax.random.key_impl(array), jax.random.key_data(array)
            self._key_kinds.append(kind)
            is_floating = bool(jnp.issubdtype(array.dtype, jnp.inexact))
            options = {
                "dtype": array.dtype.name,
                "trainable": trainable and is_floating,
                "autocast": autocast,
            }
            with naming.name_scope(name):
                self._variables.append(self.root.add(_names(path), array, **options))

    def values(self) -> Any:
        """The pytree of the values as they are now."""
        values = [variable.value for variable in self._variables]
        return self._structure.unflatten(
            value if kind is None else jax.random.wrap_key_data(value, impl=kind)
            for value, kind in zip(values, self._key_kinds)
        )

    def check(self, tree: Any, source: str) -> None:
        """Raise unless a pytree has the same structure and shapes.

        Args:
            tree: a pytree of arrays.
            source: what gave it, for messages.

        Raises:
            ArgumentError: it has not.
        """
        structure = jax.tree_util.tree_structure(tree)
        if structure != self._structure:
            raise ArgumentError(
                f"Expected {source} to have the structure of {self._what}, {self._structure}, "
                f"received {structure}."
            )
        for variable, leaf in zip(self._variables, self._leaves(tree)):
            if leaf.shape != tuple(variable.shape):
                raise ArgumentError(
                    f"Expected {source} to have shape {tuple(variable.shape)} at "
                    f"'{variable.path}', received {leaf.shape}."
                )

    def assign(self, tree: Any) -> None:
        """Set the variables to the leaves of a pytree that `check` found to fit."""
        for variable, leaf in zip(self._variables, self._leaves(tree)):
            variable.assign(leaf.astype(variable.stored_dtype))

    def _leaves(self, tree: Any) -> list[jax.Array]:
        leaves = map(jnp.asarray, jax.tree_util.tree_leaves(tree))
        return [
            leaf if kind is None else jax.random.key_data(leaf)
            for leaf, kind in zip(leaves, self._key_kinds)
        ]


def _names(path: tuple[Any, ...]) -> tuple[str, ...]:
    """The keys of a path as text; slashes in a key begin another level."""
    text = [jax.tree_util.keystr((key,), simple=True) for key in path]
    names = [name for part in text for name in part.split("/") if name]
    return tuple(names) or ("value",)


def _check_leaves(tree: Any, leaves: list[Any], what: str) -> None:
    if tree is None:
        raise ArgumentTypeError(f"Expected {what} to be a pytree of arrays, received None.")
    for path, leaf in leaves:
        is_array = hasattr(leaf, "shape") and hasattr(leaf, "dtype")
        if not (is_array or isinstance(leaf, bool | int | float | complex)):
            at = jax.tree_util.keystr(path) or "its only leaf"
            raise ArgumentTypeError(
                f"Expected {what} to be a pytree of arrays, received {leaf!r} of type "
                f"{type(leaf).__name__} at {at}. Keep what is no array out of it, in the function "
                f"itself or in a node's static data."
            )
