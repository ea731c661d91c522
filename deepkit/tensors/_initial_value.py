"""The first value of a variable: from a number, an array, an initializer, or its name."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core import dtypes, registry
from deepkit.core.errors import (
    ArgumentError,
    ArgumentTypeError,
    DTypeError,
    ShapeError,
    StateError,
    UnknownNameError,
)
from deepkit.core.shapes import Shape, standardize_shape
from deepkit.tensors._array_like import ArrayLike


def as_initializer(value: Any, path: str) -> Callable[..., Any] | None:
    """The initializer that `value` is, names or is the class of; `None` for plain values.

    Raises:
        UnknownNameError: no initializer has this name.
    """
    if isinstance(value, str):
        found = registry.get_registered_object(value)
        found = registry.provided("keras.initializers", value) if found is None else found
        if found is None:
            raise UnknownNameError(f"Unknown initializer {value!r} for the variable '{path}'.")
        value = found
    if isinstance(value, type):
        value = value()
    return value if callable(value) and not hasattr(value, "__array__") else None


def known_shape(shape: Any, initializer: Any, path: str) -> Shape:
    """The shape that a variable with an initializer has.

    Raises:
        ArgumentError: there is none, or a size in it is unknown.
    """
    if shape is None:
        raise ArgumentError(
            f"Expected `shape` for the variable '{path}', because its initializer "
            f"{initializer!r} is a function of the shape."
        )
    shape = standardize_shape(shape)
    if None in shape:
        raise ArgumentError(
            f"Expected known sizes for the variable '{path}', received the shape {tuple(shape)}."
        )
    return shape


def usable_dtype(dtype: Any, path: str) -> str:
    """The name of a dtype that a variable can have as JAX is set up now.

    Raises:
        DTypeError: it cannot.
    """
    name = dtypes.standardize_dtype(dtype)
    if name == "string":
        raise _text_error(path)
    narrowed = dtypes.canonicalize_dtype(name)
    if narrowed != name:
        raise DTypeError(
            f"The variable '{path}' asks for {name}, which JAX narrows to {narrowed} as it is set "
            f"up now. Turn 64-bit types on with `jax.config.update('jax_enable_x64', True)`, or "
            f"ask for 32 bits."
        )
    return name


def _text_error(path: str) -> DTypeError:
    return DTypeError(
        f"The variable '{path}' cannot hold text or other objects; its dtype must be numeric."
    )


def initial_array(value: Any, shape: Any, dtype: Any, path: str) -> jax.Array:
    """A new array from a plain value.

    Raises:
        ArgumentTypeError: there is no value.
        ShapeError: it has another shape than `shape`.
        StateError: it is a traced value, which ends with the function that is being traced.
    """
    if value is None:
        raise ArgumentTypeError(
            f"Expected an initializer or an initial value for the variable '{path}', received None."
        )
    if isinstance(value, ArrayLike):
        value = value.value
    if isinstance(value, jax.core.Tracer):
        raise StateError(
            f"The variable '{path}' was given a traced value to begin with, inside a function that "
            f"JAX is compiling or transforming. Make variables outside of it, or give an "
            f"initializer, which is a function of the shape."
        )
    name = _dtype_of(value, path) if dtype is None else usable_dtype(dtype, path)
    with jax.ensure_compile_time_eval():
        if isinstance(value, np.ndarray):
            # JAX would compile a program that converts it.
            array = jax.device_put(np.array(value, dtype=name))
        else:
            array = jnp.array(value, dtype=name, copy=True)
    if shape is not None and array.shape != tuple(standardize_shape(shape)):
        raise ShapeError(
            f"Expected an initial value of shape {tuple(standardize_shape(shape))} for the "
            f"variable '{path}', received one of shape {array.shape}."
        )
    return array


def _dtype_of(value: Any, path: str) -> str:
    """That of an array, narrowed where JAX narrows it; `floatx()` for floats and lists of them."""
    is_array = hasattr(value, "dtype")
    dtype = value.dtype if is_array else np.asarray(value).dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "OSU":
        raise _text_error(path)
    if not is_array and dtype.kind == "f":
        return usable_dtype(None, path)
    return dtypes.canonicalize_dtype(dtype)


def computed_array(
    initializer: Callable[..., Any], shape: Shape, dtype: str, path: str
) -> jax.Array:
    """What an initializer gives, computed now whatever JAX is tracing.

    Raises:
        ArgumentError: the initializer fails.
        ShapeError: it does not give the shape that it was asked for.
    """
    # `ensure_compile_time_eval` would make constants of what compiled functions hold, and XLA
    # compile large arrays.
    with jax.core.eval_context():
        try:
            value = jnp.asarray(initializer(shape, dtype=dtype))
        except AttributeError as error:
            # Python would take it for a missing attribute of the variable.
            raise ArgumentError(f"The initializer of '{path}' failed: {error}") from error
        if value.shape != tuple(shape):
            raise ShapeError(
                f"Expected the initializer of '{path}' to give the shape {tuple(shape)}, "
                f"received {value.shape} from {initializer!r}."
            )
        return value.astype(dtype)
