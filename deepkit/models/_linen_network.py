"""LinenNetwork: a module of flax.linen."""

from typing import Any

import jax

from deepkit.core.errors import ArgumentError, SerializationError
from deepkit.models._call_plan import CallPlan
from deepkit.models._jax_network import unnamed_error


class LinenNetwork:
    """A module of flax.linen: its collection `params` is trained, the others are its state.

    Args:
        module: a `flax.linen.Module`.
        variables: what `module.init` returned, if it was called.

    Raises:
        ArgumentError: the variables are no dict with `params`.
    """

    takes_one_example = False
    takes_key = True
    changes_state = True
    what = "the Flax module"

    def __init__(self, module: Any, variables: Any = None) -> None:
        self._module = module
        self._plan = CallPlan(module.__call__, self.what, ignored=("state", "key"))
        self._given = None
        if variables is not None:
            if not hasattr(variables, "keys") or "params" not in variables:
                raise ArgumentError(
                    f"Expected `params` of a Flax module to be the variables that `module.init` "
                    f"returns, a dict with the key 'params', received {_described(variables)}."
                )
            self._given = _apart(variables)

    def given(self) -> tuple[Any, Any] | None:
        """The parameters and the other collections, if they were given."""
        return self._given

    def init(self, key: Any, inputs: Any) -> tuple[Any, Any]:
        """What `module.init(key, inputs)` makes."""
        args, kwargs = self._plan.arguments(inputs, training=False)
        return _apart(self._module.init(key, *args, **kwargs))

    def apply(
        self, params: Any, state: Any, inputs: Any, key: Any, training: bool
    ) -> tuple[Any, Any]:
        """What the module computes; its other collections change in training only."""
        args, kwargs = self._plan.arguments(inputs, training=training)
        for_params, for_dropout = jax.random.split(key)
        # What has no stream of its own draws from that of the parameters.
        rngs = {"params": for_params, "dropout": for_dropout}
        variables = {"params": params, **state}
        if not (training and state):
            return self._module.apply(variables, *args, rngs=rngs, **kwargs), state
        outputs, changed = self._module.apply(
            variables, *args, rngs=rngs, mutable=list(state), **kwargs
        )
        return outputs, {**state, **changed}

    def module(self, params: Any, state: Any) -> Any:
        """The variables, as `module.apply` takes them."""
        return {"params": params, **state}

    def get_config(self) -> Any:
        """Raise: a module is no data.

        Raises:
            SerializationError: always.
        """
        raise SerializationError(unnamed_error("a Flax module"))


def _apart(variables: Any) -> tuple[Any, Any]:
    collections = dict(variables)
    return collections.pop("params", {}), collections


def _described(value: Any) -> str:
    return f"a dict with {list(value)}" if hasattr(value, "keys") else type(value).__name__
