"""Variable: the one stateful thing; everything that changes is held in one."""

import threading
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core import dtypes, naming
from deepkit.core.errors import ArgumentError, ArgumentTypeError, DTypeError, ShapeError, StateError
from deepkit.core.shapes import Shape, standardize_shape
from deepkit.tensors._autocast import autocast_dtype, cast_floats
from deepkit.tensors._scope import (
    current_scope,
    in_abstract_scope,
    outside_scopes,
    scoped_value,
)

_AGGREGATIONS = (None, "none", "mean", "sum", "only_first_replica")
_INITIALIZATION_LOCK = threading.RLock()


class Variable:
    """A tensor that can be assigned to.

    Its value is a `jax.Array`, made at the first read. Inside a `StatelessScope` the scope's value
    is read and written instead, which is what makes stateful code work under `jax.jit`.
    Operators and `jnp` functions take a variable where they take an array; functions of `jax.lax`
    need `variable.value`.

    Args:
        initializer: a callable `(shape, dtype=...)` that gives the first value, or a plain value.
        shape: the shape; needed with a callable.
        dtype: name of the dtype; that of a plain value, or `floatx()`, if `None`.
        trainable: whether optimizers change it.
        autocast: whether a layer's mixed-precision policy may cast it when it is read.
        aggregation: how replicas are combined: `"none"`, `"mean"`, `"sum"`,
            `"only_first_replica"`.
        synchronization: accepted for Keras's signature.
        name: its last name in `path`; an automatic one if `None`.
        layout: how it is laid out over devices; accepted by the distribution parts.
        constraint: applied to it by an optimizer after each update.
        regularizer: gives a penalty that a layer adds to its losses.

    Raises:
        ArgumentError: a callable without a shape, or a shape with unknown sizes.
        ShapeError: an assigned value has another shape.

    Example:
        >>> import deepkit
        >>> v = deepkit.Variable([1.0, 2.0], name="v")
        >>> _ = v.assign_add([1.0, 1.0])
        >>> v.numpy()
        array([2., 3.], dtype=float32)
    """

    def __init__(
        self,
        initializer: Any,
        shape: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str | None = "none",
        synchronization: str = "auto",
        name: str | None = None,
        layout: Any = None,
        *,
        constraint: Callable[[Any], Any] | None = None,
        regularizer: Callable[[Any], Any] | None = None,
    ) -> None:
        self._name = naming.check_name(
            naming.auto_name("variable") if name is None else name, "a Variable"
        )
        parent = naming.current_path()
        self._path = f"{parent}/{self._name}" if parent else self._name
        if aggregation not in _AGGREGATIONS:
            raise ArgumentError(
                f"Expected `aggregation` to be one of {_AGGREGATIONS}, received {aggregation!r}."
            )
        self._trainable = bool(trainable)
        self._autocast = bool(autocast)
        self._aggregation = aggregation
        self._synchronization = synchronization
        self._layout = layout
        self.constraint = constraint
        self.regularizer = regularizer
        self._overwrite_with_gradient = False
        self._exposed = False
        self._value: Any = None
        self._initializer: Callable[..., Any] | None = None
        if callable(initializer) and not hasattr(initializer, "__array__"):
            self._defer(initializer, shape, dtype)
        else:
            self._set_initial_value(initializer, shape, dtype)

    def _defer(self, initializer: Callable[..., Any], shape: Any, dtype: Any) -> None:
        if shape is None:
            raise ArgumentError(
                f"Expected `shape` for the variable '{self._path}', because its initializer "
                f"{initializer!r} is a function of the shape."
            )
        if isinstance(initializer, type):
            initializer = initializer()
        self._shape = standardize_shape(shape)
        if None in self._shape:
            raise ArgumentError(
                f"Expected known sizes for the variable '{self._path}', "
                f"received the shape {tuple(self._shape)}."
            )
        self._dtype = _usable_dtype(dtype, self._path)
        self._initializer = initializer

    def _set_initial_value(self, value: Any, shape: Any, dtype: Any) -> None:
        if value is None:
            raise ArgumentTypeError(
                f"Expected an initializer or an initial value for the variable '{self._path}', "
                f"received None."
            )
        if isinstance(value, str):
            raise ArgumentTypeError(
                f"Expected an initializer or an initial value for the variable '{self._path}', "
                f"received the text {value!r}. Resolve names with "
                f"`deepkit.initializers.get({value!r})`."
            )
        array = _initial_array(value, dtype, self._path)
        if shape is not None and array.shape != tuple(standardize_shape(shape)):
            raise ShapeError(
                f"Expected an initial value of shape {tuple(standardize_shape(shape))} for the "
                f"variable '{self._path}', received one of shape {array.shape}."
            )
        self._shape = Shape(array.shape)
        self._dtype = array.dtype.name
        self._value = array

    name = property(lambda self: self._name, doc="The last name of its path.")
    path = property(lambda self: self._path, doc="Names of the scopes it was made in, and its own.")
    shape = property(lambda self: self._shape, doc="The shape, a tuple.")
    ndim = property(lambda self: len(self._shape), doc="The number of dimensions.")
    aggregation = property(lambda self: self._aggregation, doc="How replicas are combined.")
    synchronization = property(lambda self: self._synchronization, doc="As it was given.")
    autocast = property(lambda self: self._autocast, doc="Whether policies may cast it.")

    @property
    def dtype(self) -> str:
        """The name of the dtype that a read gives."""
        wanted = autocast_dtype() if self._autocast else None
        return wanted if wanted is not None and dtypes.is_float(self._dtype) else self._dtype

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(np.prod(self._shape, dtype=np.int64))

    @property
    def trainable(self) -> bool:
        """Whether optimizers change it; a change takes effect on the next step."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)

    @property
    def overwrite_with_gradient(self) -> bool:
        """Whether optimizers assign the gradient instead of applying it."""
        return self._overwrite_with_gradient

    @overwrite_with_gradient.setter
    def overwrite_with_gradient(self, value: bool) -> None:
        self._overwrite_with_gradient = bool(value)

    @property
    def value(self) -> jax.Array:
        """The value: the innermost state scope's if it has one, else the variable's own."""
        value = scoped_value(self)
        if value is None:
            if self._value is None and in_abstract_scope():
                value = jnp.zeros(self._shape, self._dtype)
            else:
                self._exposed = True
                value = self.concrete_value()
        return cast_floats(value, autocast_dtype()) if self._autocast else value

    def concrete_value(self) -> jax.Array:
        """The variable's own value, whatever scope is open; made now if it was not made yet."""
        if self._value is None:
            with _INITIALIZATION_LOCK:
                if self._value is None:
                    self._value = self._make_initial_value()
        elif isinstance(self._value, np.ndarray):
            with jax.ensure_compile_time_eval():
                self._value = jnp.asarray(self._value)
        return self._value

    def _make_initial_value(self) -> jax.Array:
        assert self._initializer is not None
        with outside_scopes(), jax.ensure_compile_time_eval():
            value = jnp.asarray(self._initializer(self._shape, dtype=self._dtype))
        if value.shape != tuple(self._shape):
            raise ShapeError(
                f"Expected the initializer of '{self._path}' to give the shape "
                f"{tuple(self._shape)}, received {value.shape} from {self._initializer!r}."
            )
        self._initializer = None
        return value.astype(self._dtype)

    @property
    def is_initialized(self) -> bool:
        """Whether the value exists already."""
        return self._value is not None

    def take_for_donation(self) -> jax.Array:
        """The own value, to be given away to a compiled program that may overwrite its buffer.

        A value that was handed out before is copied first, so that nobody's array is deleted.
        """
        value = self.concrete_value()
        if self._exposed:
            value = jnp.array(value, copy=True)
            self._value = value
            self._exposed = False
        return value

    def put_back(self, value: jax.Array) -> None:
        """Set the own value to what a compiled program returned, without checks or conversion."""
        self._value = value

    def assign(self, value: Any) -> jax.Array:
        """Set the value.

        Args:
            value: an array or anything that becomes one, of the variable's shape.

        Returns:
            The value that was set, in the variable's dtype.

        Raises:
            ShapeError: the shape differs.
            StateError: a traced value is assigned outside of any state scope.
        """
        value = self._convert(value)
        scope = current_scope()
        if scope is not None:
            scope.write(self, value)
            return value
        if isinstance(value, jax.core.Tracer):
            raise StateError(
                f"The variable '{self._path}' was assigned a traced value inside a function that "
                f"JAX is compiling or transforming, where it would be lost. Pass the state "
                f"through with `stateless_call` or inside `deepkit.StatelessScope`."
            )
        self._value = value
        self._exposed = True
        return value

    def _convert(self, value: Any) -> jax.Array:
        if isinstance(value, Variable):
            value = value.value
        array = jnp.asarray(value)
        if array.shape != tuple(self._shape):
            raise ShapeError(
                f"Expected a value of shape {tuple(self._shape)} for the variable "
                f"'{self._path}', received one of shape {array.shape}."
            )
        # A weak type, as Python numbers have, would make compiled programs trace again.
        is_same = array.dtype == self._dtype and not array.weak_type
        return array if is_same else array.astype(self._dtype)

    def assign_add(self, value: Any) -> jax.Array:
        """Add to the value; see `assign`."""
        return self.assign(self.stored_value() + self._operand(value))

    def assign_sub(self, value: Any) -> jax.Array:
        """Subtract from the value; see `assign`."""
        return self.assign(self.stored_value() - self._operand(value))

    def stored_value(self) -> jax.Array:
        """The value in the variable's own dtype, whatever an autocast scope asks for."""
        value = scoped_value(self)
        return self.concrete_value() if value is None else value

    def _operand(self, value: Any) -> jax.Array:
        return jnp.asarray(value.value if isinstance(value, Variable) else value).astype(
            self._dtype
        )

    def numpy(self) -> np.ndarray:
        """A copy of the value as a NumPy array."""
        return np.array(self.stored_value())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = np.array(self.stored_value())
        return array if dtype is None else array.astype(dtype)

    def __jax_array__(self) -> jax.Array:
        return self.value

    def __repr__(self) -> str:
        head = f"<Variable path={self._path}, shape={tuple(self._shape)}, dtype={self._dtype}"
        value = scoped_value(self)
        if value is None and self._value is not None:
            value = self._value
        if value is None or isinstance(value, jax.core.Tracer):
            return f"{head}>"
        text = np.array2string(np.asarray(value), separator=", ", threshold=20)
        return f"{head}, value={text}>"

    def __hash__(self) -> int:
        return id(self)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __index__(self) -> int:
        return self.value.__index__()

    def __float__(self) -> float:
        return float(self.value)

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Any:
        return iter(self.value)

    def __getitem__(self, key: Any) -> jax.Array:
        return self.value[_plain(key)]

    def __getattr__(self, name: str) -> Any:
        # Methods of arrays (`reshape`, `sum`, `astype`, `at`, `T` …) are those of the value.
        if name.startswith("_") or not hasattr(jax.Array, name):
            raise AttributeError(f"'Variable' object has no attribute {name!r}")
        return getattr(self.value, name)


def _plain(value: Any) -> Any:
    if isinstance(value, Variable):
        return value.value
    if isinstance(value, tuple):
        return tuple(_plain(part) for part in value)
    return value


def _usable_dtype(dtype: Any, path: str) -> str:
    name = dtypes.standardize_dtype(dtype)
    if name == "string":
        raise DTypeError(f"The variable '{path}' cannot hold text; its dtype must be numeric.")
    if dtypes.canonicalize_dtype(name) != name:
        raise DTypeError(
            f"The variable '{path}' asks for {name}, which JAX narrows to "
            f"{dtypes.canonicalize_dtype(name)} as it is set up now. Turn 64-bit types on with "
            f"`jax.config.update('jax_enable_x64', True)`, or ask for 32 bits."
        )
    return name


def _initial_array(value: Any, dtype: Any, path: str) -> jax.Array:
    if isinstance(value, Variable):
        value = value.value
    if dtype is not None:
        dtype = _usable_dtype(dtype, path)
    else:
        kind = np.asarray(value).dtype if not hasattr(value, "dtype") else None
        if kind is not None and kind.kind == "f":
            dtype = dtypes.standardize_dtype(None)
    with jax.ensure_compile_time_eval():
        if dtype is None:
            dtype = dtypes.canonicalize_dtype(getattr(value, "dtype", None) or kind)
        return jnp.array(value, dtype=dtype, copy=True)


def _binary(name: str) -> Callable[[Variable, Any], Any]:
    def method(self: Variable, other: Any) -> Any:
        return getattr(self.value, name)(_plain(other))

    method.__name__ = name
    return method


def _unary(name: str) -> Callable[[Variable], Any]:
    def method(self: Variable) -> Any:
        return getattr(self.value, name)()

    method.__name__ = name
    return method


_BINARY = [
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "matmul",
    "and",
    "or",
    "xor",
    "lshift",
    "rshift",
    "divmod",
]
for _name in _BINARY:
    setattr(Variable, f"__{_name}__", _binary(f"__{_name}__"))
    setattr(Variable, f"__r{_name}__", _binary(f"__r{_name}__"))
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Variable, f"__{_name}__", _binary(f"__{_name}__"))
for _name in ("neg", "pos", "abs", "invert"):
    setattr(Variable, f"__{_name}__", _unary(f"__{_name}__"))


class _Leaf(Variable):
    """A variable rebuilt by JAX from its value, inside a transformed function."""

    def __init__(self, variable: Variable | None, value: Any) -> None:
        self._name = variable._name if variable is not None else "leaf"
        self._path = variable._path if variable is not None else "leaf"
        self._value = value
        self._shape = Shape(getattr(value, "shape", ()))
        self._dtype = getattr(getattr(value, "dtype", None), "name", "float32")
        self._trainable = self._autocast = False
        self._exposed = True
        self.constraint = self.regularizer = None

    @property
    def value(self) -> Any:
        return self._value


jax.tree_util.register_pytree_node(
    Variable, lambda v: ((v.value,), None), lambda _, children: _Leaf(None, children[0])
)
jax.tree_util.register_pytree_node(
    _Leaf, lambda v: ((v.value,), None), lambda _, children: _Leaf(None, children[0])
)
