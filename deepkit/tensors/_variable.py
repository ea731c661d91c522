"""Variable: the one stateful thing; everything that changes is held in one."""

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core import dtypes, naming
from deepkit.core.errors import ArgumentError, ArgumentTypeError, ShapeError, StateError
from deepkit.core.shapes import Shape
from deepkit.tensors._array_like import ArrayLike
from deepkit.tensors._autocast import autocast_dtype, cast_floats
from deepkit.tensors._initial_value import (
    as_initializer,
    computed_array,
    initial_array,
    known_shape,
    usable_dtype,
)
from deepkit.tensors._keras_tensor import KerasTensor
from deepkit.tensors._reads import are_reads_listened_to, told
from deepkit.tensors._scope import (
    current_scope,
    in_abstract_scope,
    note_creation,
    outside_scopes,
    scope_for_beginnings,
    scoped_value,
)

_AGGREGATIONS = (None, "none", "mean", "sum", "only_first_replica")
_INITIALIZATION_LOCK = threading.RLock()


class Variable(ArrayLike):
    """A tensor that can be assigned to.

    Its value is a `jax.Array`, made at the first read. Inside a `StatelessScope` the scope's value
    is read and written instead, which is what makes stateful code work under `jax.jit`.
    Operators and `jnp` functions take a variable where they take an array; functions of `jax.lax`
    need `variable.value`. To JAX's transformations a variable is a container of its value: a
    function under `jax.jit` or `jax.grad` that is given one gets an array.

    Args:
        initializer: a callable `(shape, dtype=...)` that gives the first value, the name of an
            initializer, or a plain value.
        shape: the shape; needed with a callable or a name.
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
        ArgumentTypeError: no initial value, or a constraint or regularizer that is no function.
        DTypeError: the dtype is not numeric, or of 64 bits where JAX has them off.
        ShapeError: the initial or an assigned value has another shape.
        StateError: a traced value is given or assigned where it would be lost.

    Example:
        >>> import deepkit
        >>> v = deepkit.Variable([1.0, 2.0], name="v")
        >>> _ = v.assign_add([1.0, 1.0])
        >>> v.numpy()
        array([2., 3.], dtype=float32)
    """

    # How many times `trainable` of any variable has changed: what depends on it can tell quickly.
    changes_of_trainable = 0

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
        self.constraint = _function_or_none("constraint", constraint)
        self.regularizer = _function_or_none("regularizer", regularizer)
        self._overwrite_with_gradient = False
        # Whether others may hold the very array that is the value.
        self._exposed = False
        # Whether programs of several models, perhaps in several threads, use it.
        self.is_shared = False
        self._value: Any = None
        scope = scope_for_beginnings()
        self._initializer = as_initializer(initializer, self._path)
        if scope is not None and isinstance(initializer, jax.core.Tracer):
            self._begin_traced(scope, initializer, dtype)
        elif self._initializer is None:
            self._value = initial_array(initializer, shape, dtype, self._path)
            self._shape = Shape(self._value.shape)
            self._dtype = self._value.dtype.name
        else:
            self._shape = known_shape(shape, initializer, self._path)
            self._dtype = usable_dtype(dtype, self._path)
        note_creation(self)

    def _begin_traced(self, scope: Any, value: jax.Array, dtype: Any) -> None:
        """Begin with a value that the program which is traced now works out when it runs."""
        self._dtype = usable_dtype(value.dtype if dtype is None else dtype, self._path)
        self._shape = Shape(value.shape)
        self._initializer = _NotFinished(self._path)
        scope.write(self, value.astype(self._dtype))

    @property
    def awaits_value(self) -> bool:
        """Whether its first value comes from a compiled function that did not run yet."""
        return self._value is None and isinstance(self._initializer, _NotFinished)

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
    def stored_dtype(self) -> str:
        """The name of the variable's own dtype, whatever an autocast scope asks for."""
        return self._dtype

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
        if bool(value) is not self._trainable:
            self._trainable = bool(value)
            Variable.changes_of_trainable += 1

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
        value = self.stored_value()
        return cast_floats(value, autocast_dtype()) if self._autocast else value

    def stored_value(self) -> jax.Array:
        """The value in the variable's own dtype, whatever an autocast scope asks for."""
        value = self._current_value()
        if value is self._value:
            self._exposed = True
        return told(self, value) if are_reads_listened_to() else value

    def _current_value(self) -> jax.Array:
        """The value, not to be handed out."""
        value = scoped_value(self)
        if value is not None:
            return value
        if self._value is None and in_abstract_scope():
            return jnp.zeros(self._shape, self._dtype)
        return self.concrete_value()

    def concrete_value(self) -> jax.Array:
        """The variable's own value, whatever scope is open; made now if it was not made yet.

        The caller must not hand the array out: its buffer may be given away.
        """
        if self._value is None:
            with _INITIALIZATION_LOCK:
                if self._value is None:
                    self._initialize()
        elif isinstance(self._value, np.ndarray):
            with jax.ensure_compile_time_eval():
                self._value = jnp.asarray(self._value)
        return self._value

    def _initialize(self) -> None:
        with outside_scopes():
            value = computed_array(self._initializer, self._shape, self._dtype, self._path)
        # The initializer may keep what it returns.
        self._exposed = True
        self._value, self._initializer = value, None

    @property
    def is_initialized(self) -> bool:
        """Whether the value exists already."""
        return self._value is not None

    def take_for_donation(self) -> jax.Array:
        """The own value, to be given away to a compiled program that may overwrite its buffer.

        A value that was handed out before is copied first, so that nobody's array is deleted; that
        of a variable which several programs share is copied each time.
        """
        if isinstance(self._value, np.ndarray) and not self.is_shared:
            # The program itself puts it on the device.
            return self._value
        value = self.concrete_value()
        if not self._exposed and not self.is_shared:
            return value
        if self.is_shared and value.is_ready():
            # Small, and copied by NumPy in a tenth of the time; the program puts it on the device.
            return np.array(value)
        # Copies without compiling a program for each shape.
        copy = jax.device_put(value, may_alias=False)
        if not self.is_shared:
            self._value, self._exposed = copy, False
        return copy

    @staticmethod
    def take_all_for_donation(variables: Sequence["Variable"]) -> list[jax.Array]:
        """What `take_for_donation` gives for each of several variables."""
        return [
            variable.take_for_donation()
            if variable._exposed
            or variable.is_shared
            or variable._value is None
            or type(variable._value) is np.ndarray
            else variable._value
            for variable in variables
        ]

    def put_back(self, value: jax.Array, exposed: bool = False) -> None:
        """Set the own value to what a compiled program returned, without checks or conversion.

        Args:
            value: the value.
            exposed: whether others may hold the same array.
        """
        self._value = value
        if exposed:
            self._exposed = True

    @staticmethod
    def put_all_back(variables: Iterable["Variable"], values: Iterable[jax.Array]) -> None:
        """`put_back` for several variables."""
        for variable, value in zip(variables, values):
            variable._value = value

    def restart(self, value: np.ndarray) -> None:
        """Set the value to a small array of the same shape and dtype, which is given away.

        Unlike with `assign` it goes to the device with the next program that reads it.
        """
        if current_scope() is not None:
            self.assign(value)
        else:
            self._value, self._exposed = value, False

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
        elif isinstance(value, KerasTensor):
            value.refuse(f"assigned to the variable '{self._path}'")
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
        return self.assign(self._current_value() + self._operand(value))

    def assign_sub(self, value: Any) -> jax.Array:
        """Subtract from the value; see `assign`."""
        return self.assign(self._current_value() - self._operand(value))

    def _operand(self, value: Any) -> jax.Array:
        array = jnp.asarray(value.value if isinstance(value, Variable) else value)
        return array.astype(self._dtype)

    def numpy(self) -> np.ndarray:
        """A copy of the value as a NumPy array."""
        return np.array(self._current_value())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self._current_value(), dtype=dtype)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _register(cls)

    def __getstate__(self) -> dict[str, Any]:
        # For `copy` and `pickle`: the copy has a buffer of its own.
        if self.awaits_value:
            return self.__dict__
        return {**self.__dict__, "_value": np.array(self.concrete_value()), "_initializer": None}

    def __repr__(self) -> str:
        head = f"<Variable path={self._path}, shape={tuple(self._shape)}, dtype={self._dtype}"
        value = scoped_value(self)
        if value is None and self._value is not None:
            value = self._value
        if value is None or isinstance(value, jax.core.Tracer):
            return f"{head}>"
        text = np.array2string(np.asarray(value), separator=", ", threshold=20)
        return f"{head}, value={text}>"


class _NotFinished:
    """The initializer of a variable whose first value a compiled function is to work out.

    Args:
        path: the variable's.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    def __call__(self, shape: Any, dtype: Any) -> Any:
        raise StateError(
            f"The variable '{self._path}' has no value: the compiled function that made it did "
            f"not finish."
        )


def _function_or_none(argument: str, value: Any) -> Any:
    if value is not None and not callable(value):
        raise ArgumentTypeError(
            f"Expected `{argument}` of a Variable to be a function or None, received {value!r}."
        )
    return value


def _register(cls: type) -> None:
    """Let JAX look into variables. Inside a transformed function they are arrays.

    What is assigned there could not come back.
    """
    jax.tree_util.register_pytree_node(
        cls, lambda variable: ((variable.value,), None), lambda _, children: children[0]
    )


_register(Variable)
