"""Makes primitives of JAX that are lowered in one way on CPU and in another everywhere else."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import mlir

_DEFINITIONS: dict[Primitive, Callable[..., Any]] = {}


def make_primitive(
    name: str, *, cpu: Callable[..., jax.Array], default: Callable[..., jax.Array]
) -> Primitive:
    """A primitive whose form is chosen by platform when a program is lowered.

    A primitive, and neither a custom derivative around `jax.lax.platform_dependent` nor a test of
    the default device: forward and reverse mode work on it, `vmap` has a say, the program that is
    compiled holds one form only, and it follows the platform that is really compiled for.

    Args:
        name: how it shows in printed programs.
        cpu: arrays and the keyword `geometry` (hashable) to an array, for CPU.
        default: the same function for all other platforms; it also defines the output's type.
    """
    primitive = Primitive(name)

    def bind(*operands: jax.Array, geometry: Any) -> jax.Array:
        return primitive.bind(*operands, geometry=geometry)

    @functools.lru_cache(maxsize=1024)
    def definition(*operands: Any, geometry: Any) -> Any:
        return jax.make_jaxpr(functools.partial(default, geometry=geometry))(*operands)

    primitive.def_impl(jax.jit(bind, static_argnames="geometry"))
    primitive.def_abstract_eval(lambda *types, **params: definition(*types, **params).out_avals[0])
    _DEFINITIONS[primitive] = definition
    mlir.register_lowering(primitive, mlir.lower_fun(default, multiple_results=False))
    mlir.register_lowering(primitive, mlir.lower_fun(cpu, multiple_results=False), platform="cpu")
    return primitive


def definition_of(primitive: Primitive) -> Callable[..., Any] | None:
    """What gives the program that defines a primitive, if `make_primitive` made it.

    It takes the types of the operands and the primitive's parameters. The form for CPU may differ
    from it in the order of sums, and in nothing else.
    """
    return _DEFINITIONS.get(primitive)


def align_varying(*operands: jax.Array) -> tuple[jax.Array, ...]:
    """Make all operands vary over the same mesh axes, as `jax.shard_map` asks of a primitive."""
    varying = [jax.typeof(x).manual_axis_type.varying for x in operands]
    everywhere = frozenset().union(*varying)
    return tuple(
        jax.lax.pcast(x, tuple(everywhere - axes), to="varying") if axes != everywhere else x
        for x, axes in zip(operands, varying)
    )


def transpose(
    function: Callable[[jax.Array], Any],
    shape: tuple[int, ...],
    cotangent: Any,
    dtype: Any = None,
) -> jax.Array:
    """A linear function transposed, of `cotangent`.

    Args:
        function: of one array.
        shape: of that array.
        cotangent: of what the function returns.
        dtype: of that array; that of `cotangent` if `None`.
    """
    (first, *_) = jax.tree.leaves(cotangent)
    dtype = first.dtype if dtype is None else dtype
    if not jax.typeof(first).manual_axis_type.varying:
        operand = jax.ShapeDtypeStruct(shape, dtype)
        (result,) = jax.linear_transpose(function, operand)(cotangent)
        return result
    # `linear_transpose` knows nothing of arrays that vary inside of a `shard_map`.
    (result,) = jax.vjp(function, zeros_beside(first, shape, dtype))[1](cotangent)
    return result


def zeros_beside(x: jax.Array, shape: tuple[int, ...], dtype: Any) -> jax.Array:
    """Zeros that vary over the same mesh axes as `x`."""
    axes = tuple(jax.typeof(x).manual_axis_type.varying)
    zeros = jnp.zeros(shape, dtype)
    return jax.lax.pcast(zeros, axes, to="varying") if axes else zeros
