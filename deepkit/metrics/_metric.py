"""The base of all metrics: state that is updated batch by batch and read as a result."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from deepkit import initializers
from deepkit.core import dtypes, naming, tree
from deepkit.core.autoconfig import automatic_config
from deepkit.core.errors import ArgumentError, ArgumentTypeError, StateError
from deepkit.core.serialization import deserialize_keras_object
from deepkit.core.shapes import standardize_shape
from deepkit.tensors import DTypePolicy, StatelessScope, Variable

from ._tracked_state import TrackedState

_ZEROS = initializers.Zeros()


class Metric(TrackedState):
    """Base class of metrics; derive from it to write your own.

    A metric holds its state in variables, made in the constructor by `add_weight` (or on the first
    batch, where shapes are needed). `update_state` adds a batch to them, `result` reads the value
    so far, `reset_state` starts again. Write `update_state` as plain stateful code: under `jit`
    the variables are lifted in and out by a state scope. Branch on values with `jnp.where`.

    Variables, metrics, and lists and dicts of them are tracked when they become attributes.
    `get_config` needs no writing: it returns the arguments of the constructor.

    Args:
        dtype: name of a dtype, or a dtype policy, whose compute dtype is taken; `floatx()` if
            `None`.
        name: the name in logs; made from the class's name if `None`.

    Example:
        >>> import deepkit
        >>> import jax.numpy as jnp
        >>> class LargestError(deepkit.metrics.Metric):
        ...     def __init__(self, **kwargs):
        ...         super().__init__(**kwargs)
        ...         self.largest = self.add_weight("largest", initializer="zeros")
        ...
        ...     def update_state(self, y_true, y_pred, sample_weight=None):
        ...         error = jnp.max(jnp.abs(jnp.asarray(y_true) - jnp.asarray(y_pred)))
        ...         self.largest.assign(jnp.maximum(self.largest, error))
        ...
        ...     def result(self):
        ...         return self.largest.value
        >>> metric = LargestError()
        >>> metric.update_state([1.0, 2.0], [1.5, 2.0])
        >>> metric.update_state([3.0], [3.25])
        >>> float(metric.result())
        0.5
    """

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        if name is not None and not isinstance(name, str):
            raise ArgumentTypeError(
                f"Expected `name` of {type(self).__name__} to be text or None, received {name!r}."
            )
        self.name = name or naming.auto_name(naming.to_snake_case(type(self).__name__))
        self._dtype = _compute_dtype(dtype)
        # Tracked as any list is; `reset_state` returns these variables to their first values.
        self._initializers: list[tuple[Variable, Callable[..., Any]]] = []

    def sample_values(self, y_true: Any, y_pred: Any) -> list[jax.Array] | None:
        """Values of single samples, where what a masked sample changes is nothing but these.

        Returns:
            Arrays with a row for each sample; none if the state is made of the samples themselves.
            `None` if it is not known that `update_state` leaves out what is masked.
        """
        return None

    @property
    def dtype(self) -> str:
        """The dtype of the result."""
        return self._dtype

    def add_variable(
        self,
        shape: Any,
        initializer: Any,
        dtype: Any = None,
        aggregation: str = "sum",
        name: str | None = None,
    ) -> Variable:
        """Make a state variable.

        Args:
            shape: its shape.
            initializer: name or callable of its first value, to which `reset_state` returns;
                zeros if `None`.
            dtype: its dtype; `floatx()` if `None`.
            aggregation: how replicas are combined.
            name: its name.

        Raises:
            StateError: the constructor of the base class has not run yet.
        """
        if "name" not in self.__dict__:
            raise StateError(
                f"{type(self).__name__} makes a variable before the constructor of its base has "
                f"run. Call `super().__init__()` first in `{type(self).__name__}.__init__`."
            )
        initializer = initializers.get("zeros" if initializer is None else initializer)
        with naming.name_scope(self.name.replace("/", ">"), caller=self):
            variable = Variable(
                initializer,
                shape=standardize_shape(shape),
                dtype=dtype,
                trainable=False,
                # State keeps its precision also where a mixed-precision layer updates it.
                autocast=False,
                aggregation=aggregation,
                synchronization="on_read",
                name=name,
            )
        self._initializers.append((variable, initializer))
        return variable

    def add_weight(self, *args: Any, **options: Any) -> Variable:
        """Make a state variable.

        The arguments are `shape=(), initializer=None, dtype=None, name=None`. In the older form
        the name comes first: `add_weight("total", initializer="zeros")`, and `shape`,
        `initializer` and `dtype` follow. See `add_variable`.
        """
        if args and isinstance(args[0], str):
            return self._add_named_weight(*args, **options)
        return self._add_unnamed_weight(*args, **options)

    def _add_unnamed_weight(
        self,
        shape: Any = (),
        initializer: Any = None,
        dtype: Any = None,
        name: str | None = None,
        **options: Any,
    ) -> Variable:
        return self.add_variable(shape, initializer, dtype, name=name, **options)

    def _add_named_weight(
        self,
        name: str,
        shape: Any = (),
        initializer: Any = None,
        dtype: Any = None,
        **options: Any,
    ) -> Variable:
        return self.add_variable(shape, initializer, dtype, name=name, **options)

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Add a batch to the state; to be written by the subclass."""
        raise StateError(
            f"{type(self).__name__} has no `update_state`. Define "
            f"`update_state(self, y_true, y_pred, sample_weight=None)` on the class."
        )

    def result(self) -> Any:
        """The value so far: a scalar, an array, or a dict of these; written by the subclass."""
        raise StateError(f"{type(self).__name__} has no `result`. Define `result(self)`.")

    def reset_state(self) -> None:
        """Return all variables to their first values, in the metrics inside too."""
        initial = {id(variable): initializer for variable, initializer in self._initializers}
        for variable in self._own_variables():
            make = initial.get(id(variable), _ZEROS)
            shape = tuple(variable.shape)
            if isinstance(make, initializers.Zeros):
                variable.restart(np.zeros(shape, variable.dtype))
            else:
                variable.assign(make(shape, dtype=variable.dtype))
        for metric in self._holders():
            metric.reset_state()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Add a batch and return the value so far."""
        self.update_state(*args, **kwargs)
        return _as_values(self.result())

    def stateless_update_state(
        self, metric_variables: Sequence[Any], *args: Any, **kwargs: Any
    ) -> list[jax.Array]:
        """`update_state` as a pure function.

        Args:
            metric_variables: values for `variables`, in their order.
            *args: arguments of `update_state`.
            **kwargs: arguments of `update_state`.

        Returns:
            The new values.

        Raises:
            ArgumentError: there are more or fewer values than variables.
        """
        return self._run_stateless(metric_variables, self.update_state, *args, **kwargs)[1]

    def stateless_result(self, metric_variables: Sequence[Any]) -> Any:
        """`result` as a pure function of the values for `variables`.

        Raises:
            ArgumentError: there are more or fewer values than variables.
        """
        return self._run_stateless(metric_variables, self.result)[0]

    def stateless_reset_state(self) -> list[jax.Array]:
        """The values of `variables` after a reset, which itself does not happen."""
        return self._run_stateless(self.variables, self.reset_state)[1]

    def _run_stateless(
        self, values: Sequence[Any], function: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> tuple[Any, list[jax.Array]]:
        variables = self.variables
        if len(values) != len(variables):
            raise ArgumentError(
                f"Expected `metric_variables` of {type(self).__name__} '{self.name}' to hold one "
                f"value for each of its {len(variables)} variables, received {len(values)}."
            )
        with StatelessScope(state_mapping=zip(variables, values)):
            result = _as_values(function(*args, **kwargs))
            return result, [variable.value for variable in self.variables]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments as they were given, tuples and arrays as lists."""
        config = automatic_config(self, {"name": self.name, "dtype": self.dtype})
        return {argument: _without_tuples(value) for argument, value in config.items()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Metric":
        """A metric from what `get_config` returned, also after it was written to JSON."""
        return cls(**deserialize_keras_object(config))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def updates_as(metric: Metric, base: type[Metric]) -> bool:
    """Whether a metric has the `update_state` of a base class."""
    return getattr(metric.update_state, "__func__", None) is base.update_state


def _compute_dtype(dtype: Any) -> str:
    if dtype is None:
        return dtypes.standardize_dtype(None)
    if hasattr(dtype, "compute_dtype"):
        return dtype.compute_dtype
    name = dtype if isinstance(dtype, str) else dtypes.standardize_dtype(dtype)
    return DTypePolicy(name).compute_dtype


def _without_tuples(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_without_tuples(item) for item in value]
    if isinstance(value, np.ndarray | np.generic | jax.Array):
        return value.tolist()
    return value


def _as_values(result: Any) -> Any:
    """A result in which variables are replaced by the values that they have now."""
    return tree.map_structure(
        lambda leaf: leaf.value if isinstance(leaf, Variable) else leaf, result
    )
