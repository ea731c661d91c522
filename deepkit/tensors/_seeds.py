"""Seeds: the state behind random numbers, right in eager code and under every transformation."""

import random as python_random
import warnings
from collections.abc import Mapping, MutableMapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core.autoconfig import AutoConfig
from deepkit.core.errors import ArgumentTypeError
from deepkit.tensors._scope import current_scope
from deepkit.tensors._variable import Variable

_MAX_SEED = 2**32
# Above it, compiling costs less than running in NumPy.
_MAX_HOST_SIZE = 2**20


def make_default_seed() -> int:
    """A seed from Python's `random`, which `set_random_seed` makes repeatable."""
    return python_random.randint(1, int(1e9))


class SeedGenerator(AutoConfig):
    """A source of keys for random functions, whose state is saved and compiled like a weight.

    Each call of `next()` gives another key. Inside a `StatelessScope` the state is the scope's, so
    a compiled step draws other numbers each time it runs, inside `cond`, `scan` and `vmap` too.

    Args:
        seed: an integer; one from Python's `random` if `None`.
        name: a name; not written to files.
        **kwargs: Keras's further arguments, which have no effect.

    Raises:
        ArgumentTypeError: `seed` is no integer.

    Example:
        >>> import deepkit
        >>> seeds = deepkit.random.SeedGenerator(1)
        >>> a = deepkit.random.normal((2,), seed=seeds)
        >>> b = deepkit.random.normal((2,), seed=seeds)
        >>> bool((a == b).any())
        False
    """

    _serialized_module = "keras.random"
    optional_in_files = True

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs: Any) -> None:
        if seed is None:
            seed = make_default_seed()
        self._initial_seed = _check_seed(seed)
        self.name = name
        self.state = Variable(
            _words(self._initial_seed),
            trainable=False,
            autocast=False,
            name="seed_generator_state",
        )

    def next(self, ordered: bool = True) -> jax.Array:
        """The next key, a uint32 array of shape (2,); the state advances.

        Args:
            ordered: has no effect, as keys always come in order here.
        """
        scope = current_scope()
        if scope is not None:
            return scope.draw(self.state)
        if is_staging():
            warnings.warn(
                "A random number was drawn while JAX is tracing a function outside of any state "
                "scope: the compiled function will use the same numbers in every call. Call "
                "the layer through `stateless_call`, or pass a key as `seed`.",
                stacklevel=3,
            )
        state = np.array(self.state.concrete_value())
        self.state.put_back(state + np.array([0, 1], dtype="uint32"))
        return jnp.asarray(state)

    def saveable_children(self) -> dict[str, Any]:
        """Nothing: the state is all there is."""
        return {}

    def save_own_variables(self, store: MutableMapping[str, Any]) -> None:
        """Write the state into a store."""
        store["0"] = self.state

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Read the state from a store."""
        self.state.assign(store["0"])

    def get_config(self) -> dict[str, Any]:
        """The seed it started from."""
        return {"seed": self._initial_seed}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "SeedGenerator":
        """A generator at its start."""
        return cls(**config)


def _check_seed(seed: Any) -> int:
    if isinstance(seed, bool) or not hasattr(seed, "__index__"):
        raise ArgumentTypeError(f"Expected `seed` to be an integer or None, received {seed!r}.")
    return int(seed)


def suits_host(size: int) -> bool:
    """Whether so many numbers are better made in NumPy than by a compiled program."""
    return size <= _MAX_HOST_SIZE and not is_staging()


def is_staging() -> bool:
    """Whether JAX is tracing a program now (and not merely differentiating or batching)."""
    return isinstance(jnp.add(np.uint32(0), np.uint32(0)), jax.core.Tracer)


_GLOBAL: list[SeedGenerator] = []


def global_seed_generator() -> SeedGenerator:
    """The generator used where none is given."""
    if not _GLOBAL:
        _set_global(None)
    return _GLOBAL[0]


def _set_global(seed: int | None) -> None:
    generator = SeedGenerator(seed, name="global_seed_generator")
    generator.state.is_shared = True
    _GLOBAL[:] = [generator]


def draw_seed(seed: Any = None) -> jax.Array:
    """A key, a uint32 array of shape (2,), from whatever is accepted as `seed`.

    Args:
        seed: an integer (the same key each time), a `SeedGenerator` (its next key), a key of JAX,
            or `None` (the next key of the global generator).

    Raises:
        ArgumentTypeError: `seed` is none of these.
    """
    if seed is None:
        return global_seed_generator().next()
    if isinstance(seed, SeedGenerator):
        return seed.next()
    if isinstance(seed, jax.Array):
        return _key_of_array(seed)
    return jnp.asarray(_words(_check_seed(seed)))


def _words(seed: int) -> np.ndarray:
    """The two words of a seed's state: the seed, and the number of draws."""
    return np.array([seed % _MAX_SEED, 0], dtype="uint32")


def _key_of_array(seed: jax.Array) -> jax.Array:
    if jnp.issubdtype(seed.dtype, jax.dtypes.prng_key):
        return jax.random.key_data(seed)
    if seed.shape == (2,) and seed.dtype == "uint32":
        return seed
    if seed.shape == () and jnp.issubdtype(seed.dtype, jnp.integer):
        return jnp.stack([seed.astype("uint32"), jnp.zeros((), "uint32")])
    raise ArgumentTypeError(
        f"Expected `seed` to be an integer, a SeedGenerator, a key of `jax.random` or None, "
        f"received an array of shape {seed.shape} and dtype {seed.dtype}."
    )


def set_random_seed(seed: int) -> None:
    """Seed Python's `random`, NumPy and deepkit, so that a whole program repeats.

    Args:
        seed: an integer.

    Example:
        >>> import deepkit
        >>> deepkit.utils.set_random_seed(7)
        >>> a = deepkit.random.normal((2,))
        >>> deepkit.utils.set_random_seed(7)
        >>> bool((a == deepkit.random.normal((2,))).all())
        True
    """
    seed = _check_seed(seed)
    python_random.seed(seed)
    np.random.seed(seed % _MAX_SEED)
    _set_global(seed)
