"""NnxNetwork: a module of flax.nnx."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core.errors import SerializationError
from deepkit.models._call_plan import CallPlan
from deepkit.models._jax_network import unnamed_error


class NnxNetwork:
    """A module of flax.nnx: its `Param`s are trained, its other variables are its state.

    The module itself is never changed. Its random streams begin with a key of the model's in each
    call.

    Args:
        module: a `flax.nnx.Module`.
    """

    takes_one_example = False
    changes_state = True
    what = "the Flax NNX module"

    def __init__(self, module: Any) -> None:
        from flax import nnx

        self._nnx = nnx
        copy = nnx.clone(module)
        self._plan = CallPlan(type(module).__call__, self.what, ("module",), ("state", "key"))
        self._graphs = {}
        for training in (False, True):
            (copy.train if training else copy.eval)()
            self._graphs[training], params, streams, state = self._split(copy)
        self._params, self._streams, self._state = params, streams, state
        self.takes_key = bool(jax.tree_util.tree_leaves(streams))
        self._given = (nnx.to_pure_dict(params), nnx.to_pure_dict(state))

    def _split(self, module: Any) -> Any:
        return self._nnx.split(module, self._nnx.Param, self._nnx.RngState, ...)

    def given(self) -> tuple[Any, Any]:
        """The values of the parameters and of the other variables, as nested dicts."""
        return self._given

    def init(self, key: Any, inputs: Any) -> tuple[Any, Any]:
        """The same."""
        return self._given

    def _merge(self, params: Any, state: Any, streams: Any, training: bool) -> Any:
        return self._nnx.merge(
            self._graphs[training],
            _filled(self._nnx, self._params, params),
            streams,
            _filled(self._nnx, self._state, state),
        )

    def apply(
        self, params: Any, state: Any, inputs: Any, key: Any, training: bool
    ) -> tuple[Any, Any]:
        """What the module computes; in evaluation mode outside of training."""
        streams = _started(self._streams, key) if self.takes_key else self._streams
        module = self._merge(params, state, streams, training)
        args, kwargs = self._plan.arguments(inputs, module=module, training=training)
        outputs = args[0](*args[1:], **kwargs)
        return outputs, self._nnx.to_pure_dict(self._split(module)[3])

    def module(self, params: Any, state: Any) -> Any:
        """A module with these weights, in training mode as new ones are."""
        return self._merge(params, state, self._streams, training=True)

    def get_config(self) -> Any:
        """Raise: a module is no data.

        Raises:
            SerializationError: always.
        """
        raise SerializationError(unnamed_error("a Flax NNX module"))


def _filled(nnx: Any, template: Any, values: Any) -> Any:
    """A state with the values of a nested dict."""
    copy = jax.tree_util.tree_map(lambda leaf: leaf, template)
    nnx.replace_by_pure_dict(copy, values)
    return copy


def _started(streams: Any, key: jax.Array) -> Any:
    """Random streams with keys of their own that follow from a key."""
    leaves, structure = jax.tree_util.tree_flatten(streams)
    fresh = []
    for index, leaf in enumerate(leaves):
        if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            own = jax.random.fold_in(key, index)
            leaf = jax.random.split(own, leaf.shape) if leaf.shape else own
        fresh.append(leaf)
    return structure.unflatten(fresh)
