"""The abstract base of losses whose `call` is a pure function."""

from collections.abc import Callable
from typing import Any

import jax

from deepkit.core import tree, user_code

from ._loss import Loss
from ._squeeze import to_same_rank
from ._traits import traits_of


class FunctionLoss(Loss):
    """A loss made of a pure function of `y_true`, `y_pred` and plain options.

    A subclass sets `fn` (as a static method) and `option_names`, and keeps each option in an
    attribute of its name; they are the function's keyword arguments and entries of the config.
    """

    fn: Callable[..., jax.Array]
    option_names: tuple[str, ...] = ()

    @property
    def options(self) -> dict[str, Any]:
        """The keyword arguments of the function."""
        return {name: getattr(self, name) for name in self.option_names}

    def described_function(self) -> tuple[Any, dict[str, Any]]:
        """The function and its options, for `traits_of`; no function where `call` is a user's."""
        is_ours = type(self).call is FunctionLoss.call
        return (self.fn if is_ours else None), self.options

    def _applied_function(self) -> Any:
        return self.fn

    def call(self, y_true: Any, y_pred: Any) -> jax.Array:
        """The loss of each sample."""
        if traits_of(self).labels is None:
            y_true, y_pred = _same_ranks(y_true, y_pred)
        return user_code.prepared(self.fn)(y_true, y_pred, **self.options)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), **self.options}

    def _convert_targets(self, y_true: Any) -> Any:
        # Labels stay integers: bfloat16 holds none between 256 and 258.
        if traits_of(self).labels is not None:
            return y_true
        return super()._convert_targets(y_true)

    def _valid_entries(self, y_true: Any, values: jax.Array) -> jax.Array | None:
        valid_entries = traits_of(self).valid_entries
        return None if valid_entries is None else valid_entries(y_true, values, **self.options)


def _same_ranks(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """`to_same_rank` of each pair of arrays in two structures of one form."""
    tree.assert_same_structure(y_true, y_pred)
    pairs = [to_same_rank(*pair) for pair in zip(tree.flatten(y_true), tree.flatten(y_pred))]
    return (
        tree.pack_sequence_as(y_true, [true for true, _ in pairs]),
        tree.pack_sequence_as(y_pred, [pred for _, pred in pairs]),
    )
