"""JaxModel: JAX functions, Equinox and Flax modules, trained like any other model."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit import random
from deepkit.core import naming, tree
from deepkit.core.dtypes import standardize_dtype
from deepkit.core.errors import ArgumentError, ArgumentTypeError, NotBuiltError
from deepkit.core.serialization import deserialize_keras_object
from deepkit.layers import Layer
from deepkit.models._as_network import as_network
from deepkit.models._model import Model
from deepkit.models._weight_tree import WeightTree
from deepkit.tensors import Variable, is_array, make_default_seed, outside_scopes


class JaxModel(Model):
    """A network written in plain JAX, Equinox or Flax, as a model.

    It is compiled, trained, evaluated, saved and loaded like any other. Its arrays are variables,
    whose paths are the keys that lead to them in the pytree: `jax_model/layers/0/weight`. A node of
    the pytree is a layer, so `model.get_layer("encoder").trainable = False` freezes a part, and the
    patterns of `compile(optimizer={"encoder/.*": ...})` apply.

    What each kind of network is:

    - A pair `(init, apply)` of functions, or `apply` with `params`. `params = init(key, inputs)`,
      and `outputs = apply(params, inputs)`. If `apply` has a parameter `state`, `init` returns
      `(params, state)` and `apply` returns `(outputs, new_state)`. If it has one named `key` or
      `rng`, it gets a random key; `training`, `train` or `is_training` gets whether the model
      trains, `deterministic` or `inference` the opposite. Several parameters without a default
      take several inputs, a list in their order or a dict by their names.
    - An Equinox module, with its `state` if it has one. Floating arrays are weights, all other
      leaves stay as they are. It runs in inference mode outside of training.
    - A module of `flax.linen`. The collection `params` is trained, the others are state.
    - A module of `flax.nnx`. Each `Param` is trained, the other variables are state.

    A new state is kept in training only. Random keys come from the model's seed generator.

    Args:
        network: the network.
        params: the parameters of `apply`, or what `init` of a module of `flax.linen` returned, if
            they exist already.
        state: the state that goes with `params`, or with an Equinox module.
        per_example: whether the network takes one example and not a batch; it is mapped over
            the batch by `jax.vmap`, whose axis is named `"batch"`. `None` is yes for Equinox
            modules and no for all else.
        seed: an integer; the parameters are made with `jax.random.key(seed)`. `None` draws one.
        name: a name.
        **kwargs: further arguments of `Model`: `trainable`, `dtype`.

    Raises:
        ArgumentTypeError: the network is none of these, or an array is expected and there is none.
        ArgumentError: a function has no parameter for what it must take, or returned something of
            another form than it should.

    Example:
        >>> import deepkit
        >>> import jax
        >>> import jax.numpy as jnp
        >>> def init(key, x):
        ...     return {"w": jax.random.normal(key, (x.shape[-1], 1)), "b": jnp.zeros(1)}
        >>> def apply(params, x):
        ...     return x @ params["w"] + params["b"]
        >>> model = deepkit.JaxModel((init, apply), seed=0, name="net")
        >>> model.compile(optimizer="adam", loss="mse")
        >>> history = model.fit(jnp.ones((8, 3)), jnp.ones((8, 1)), verbose=0)
        >>> [weight.path for weight in model.weights]
        ['net/b', 'net/w']
        >>> sorted(model.module())
        ['b', 'w']
    """

    def __init__(
        self,
        network: Any,
        params: Any = None,
        state: Any = None,
        per_example: bool | None = None,
        seed: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.seed = make_default_seed() if seed is None else seed
        self.seed_generator = random.SeedGenerator(self.seed)
        self._network = as_network(network, params, state)
        custom = self._network.takes_one_example
        self.per_example = custom if per_example is None else bool(per_example)
        self._input_dtypes: Any = None
        self._params_tree: WeightTree | None = None
        self._state_tree: WeightTree | None = None
        self._own_weights: list[Variable] = []
        self._groups: list[Layer] = []
        given = self._network.given()
        if given is not None:
            self._make_weights(*given)
            self.built = True

    # Weights

    def build(self, input_shape: Any = None) -> None:
        """Make the parameters by `init`.

        Args:
            input_shape: the shape of the inputs with the batch, or nested ones.
        """
        if self._params_tree is None:
            with outside_scopes(), jax.ensure_compile_time_eval(), _standard_promotion():
                examples = self._examples(input_shape)
                self._make_weights(*self._network.init(jax.random.key(self.seed), examples))

    def _examples(self, input_shape: Any) -> Any:
        """Zeros like the inputs: a batch of one, or one example."""
        if input_shape is None:
            raise ArgumentError(
                f"Expected the shape of the inputs in `build` of '{self.name}', because its "
                f"parameters are made for inputs, received None."
            )
        symbols = self._symbols(input_shape)
        flat = tree.flatten(symbols)
        dtypes = self._input_dtypes or [self.compute_dtype] * len(flat)
        start = 1 if self.per_example else 0
        zeros = []
        for symbol, dtype in zip(flat, dtypes, strict=True):
            sizes = [1, *(1 if size is None else size for size in symbol.shape[1:])]
            zeros.append(jnp.zeros(sizes[start:], dtype))
        return tree.pack_sequence_as(symbols, zeros)

    def _maybe_build(self, tensors: dict[str, Any]) -> None:
        if not self.built:
            leaves = tree.flatten(tensors.get("inputs"))
            self._input_dtypes = [standardize_dtype(leaf.dtype) for leaf in leaves]
        super()._maybe_build(tensors)

    def _make_weights(self, params: Any, state: Any) -> None:
        policy = self.dtype_policy
        mixed = policy.compute_dtype != policy.variable_dtype
        source = f"the parameters of '{self.name}'"
        with naming.name_scope(self.name, caller=self):
            params_tree = WeightTree(params, source, trainable=True, autocast=mixed)
            source = f"the state of '{self.name}'"
            state_tree = WeightTree(state, source, trainable=False, autocast=False, name="state")
        self._own_weights = params_tree.root.leaves
        self._groups = list(params_tree.root.groups.values())
        if state_tree.root.weights:
            self._groups.append(state_tree.root)
        self._params_tree, self._state_tree = params_tree, state_tree
        if not self.trainable:
            self.trainable = False

    # Calls

    def call(self, inputs: Any, training: Any = False) -> Any:
        """What the network computes."""
        training = bool(training)
        key = None
        if self._network.takes_key:
            key = jax.random.wrap_key_data(self.seed_generator.next(), impl="threefry2x32")
        params, state = self._params_tree.values(), self._state_tree.values()
        with _standard_promotion():
            run = self._run_examples if self.per_example else self._network.apply
            outputs, new_state = run(params, state, inputs, key, training)
        self._check_outputs(outputs, inputs)
        if self._network.changes_state and training:
            self._state_tree.check(new_state, f"the new state from {self._network.what}")
            self._state_tree.assign(new_state)
        return outputs

    def _run_examples(
        self, params: Any, state: Any, inputs: Any, key: Any, training: bool
    ) -> tuple[Any, Any]:
        rows = _rows(inputs)
        keys = None if key is None else jax.random.split(key, rows)

        def run(example: Any, own_key: Any) -> tuple[Any, Any]:
            return self._network.apply(params, state, example, own_key, training)

        in_axes = (0, None if keys is None else 0)
        return jax.vmap(run, in_axes, (0, None), axis_name="batch")(inputs, keys)

    def _check_outputs(self, outputs: Any, inputs: Any) -> None:
        flat = tree.flatten(outputs)
        for output in flat:
            if not is_array(output):
                raise ArgumentTypeError(
                    f"Expected {self._network.what} to return an array, or a list, tuple or dict "
                    f"of them, received {output!r} of type {type(output).__name__}."
                )
        rows = _rows(inputs)
        wrong = [tuple(o.shape) for o in flat if not o.shape or o.shape[0] != rows]
        if wrong:
            raise ArgumentError(
                f"Expected {self._network.what} to return a row for each of the {rows} rows of "
                f"the inputs, received the shape {wrong[0]}. If it is written for one example, "
                f"make the model with `JaxModel(..., per_example=True)`."
            )

    # What was trained

    def _need_weights(self, what: str) -> None:
        if self._params_tree is None:
            raise NotBuiltError(
                f"The model '{self.name}' has no {what} yet, because they are made for inputs. "
                f"Call it on data, or call `build` with the shape of its inputs."
            )

    @property
    def params(self) -> Any:
        """The pytree of the parameters as they are now.

        Raises:
            NotBuiltError: they were not made yet.
        """
        self._need_weights("parameters")
        return self._params_tree.values()

    @property
    def state(self) -> Any:
        """The pytree of the state as it is now; `()` without one.

        Raises:
            NotBuiltError: it was not made yet.
        """
        self._need_weights("state")
        return self._state_tree.values()

    def module(self) -> Any:
        """The network with its trained weights, in its own form.

        Returns:
            Of functions, `params`, or `(params, state)`. Of an Equinox module, the module, or
            `(module, state)`. Of a module of `flax.linen`, the variables that its `apply` takes.
            Of one of `flax.nnx`, a module.

        Raises:
            NotBuiltError: the weights were not made yet.
        """
        return self._network.module(self.params, self.state)

    # Files

    def saveable_children(self) -> dict[str, Any]:
        """The groups of weights, by their keys in the pytree, and optimizers."""
        found = {
            name: value
            for name, value in super().saveable_children().items()
            if name not in ("_groups", "_own_weights", "layers")
        }
        state = None if self._state_tree is None else self._state_tree.root
        groups = {
            "state" if group is state else f"weights.{group.name}": group for group in self._groups
        }
        return {**groups, **found}

    def get_config(self) -> dict[str, Any]:
        """The names of the functions and the other arguments.

        Raises:
            SerializationError: the network is no pair of functions.
        """
        return {
            **super().get_config(),
            "network": self._network.get_config(),
            "per_example": self.per_example,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "JaxModel":
        """A model from what `get_config` returned."""
        init, apply = (
            deserialize_keras_object(function, custom_objects=custom_objects)
            for function in config["network"]
        )
        return cls(**{**config, "network": (init, apply)})

    def get_build_config(self) -> dict[str, Any] | None:
        """The shapes and dtypes of the inputs, for files."""
        config = super().get_build_config()
        return None if config is None else {**config, "input_dtypes": self._input_dtypes}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Make the weights from what `get_build_config` returned."""
        config = dict(config)
        self._input_dtypes = config.pop("input_dtypes", None)
        super().build_from_config(config)

    def _serialized_class(self) -> tuple[str, str]:
        return "keras.models", type(self).__name__


def _rows(inputs: Any) -> int:
    leaves = [leaf for leaf in tree.flatten(inputs) if is_array(leaf)]
    if not leaves or not leaves[0].shape:
        raise ArgumentError(
            "Expected inputs with the batch as their first axis, received none or a scalar."
        )
    return leaves[0].shape[0]


def _standard_promotion() -> Any:
    """Networks are written for JAX's default promotion; a stricter setting is the user's."""
    return jax.numpy_dtype_promotion("standard")
