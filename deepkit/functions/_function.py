"""function: Python functions compiled together with the state that they read and change."""

import functools
import threading
import warnings
import weakref
from collections.abc import Callable, Sequence
from typing import Any

from deepkit import autograph
from deepkit.tensors import computes_at_once, current_scope, in_abstract_scope

from ._arguments import Arguments, Given, names_dead_object
from ._concrete_function import ConcreteFunction
from ._eager_mode import functions_run_eagerly
from ._input_signature import InputSignature
from ._trace import Trace

_MAX_TRACES = 128
_MAX_OF_KEY = 8
# So many make it likely that a Python value changes in every call.
_MANY_TRACES = 12


class CompiledFunction:
    """A Python function that runs as compiled programs; made by `function`.

    Args:
        python_function: the function.
        input_signature: specifications of its arguments; `None` to take all.
        autograph: whether control flow that depends on tensors is converted.
        instance: a weak reference to the object whose method it is; `None` for plain functions.
    """

    def __init__(
        self,
        python_function: Callable[..., Any],
        input_signature: Sequence[Any] | None = None,
        autograph: bool = True,
        instance: "weakref.ref[Any] | None" = None,
    ) -> None:
        functools.update_wrapper(self, python_function)
        self.python_function = python_function
        self._options = (input_signature, autograph)
        self._instance = instance
        self._arguments = Arguments(python_function, skips_first=instance is not None)
        self.__signature__ = self._arguments.signature
        self._signature = None
        if input_signature is not None:
            self._signature = InputSignature(input_signature, self._arguments)
        # Several for one key differ in which variables were trainable.
        self._traces: dict[Any, list[Trace]] = {}
        self._tracing_count = 0
        self._lock = threading.RLock()
        self._methods: dict[int, tuple[weakref.ref[Any], CompiledFunction]] = {}

    @property
    def input_signature(self) -> tuple[Any, ...] | None:
        """The specifications that were given."""
        return None if self._signature is None else self._signature.specs

    def __get__(self, instance: Any, owner: type | None = None) -> "CompiledFunction":
        """The function of an object, whose programs go with it."""
        if instance is None:
            return self
        known = self._methods.get(id(instance))
        if known is not None and known[0]() is instance:
            return known[1]
        identity, methods = id(instance), self._methods
        reference = weakref.ref(instance, lambda _: methods.pop(identity, None))
        method = CompiledFunction(self.python_function, *self._options, weakref.ref(instance))
        methods[identity] = (reference, method)
        return method

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not _computes_now():
            return self._run_as_python(*args, **kwargs)
        given = self._read(args, kwargs)
        if given.is_symbolic:
            return self._run_as_python(*args, **kwargs)
        return self._trace_for(given).run(given.arrays)

    def get_concrete_function(self, *args: Any, **kwargs: Any) -> ConcreteFunction:
        """The program for arguments of one form, traced now.

        Args:
            *args: arrays, Python values, or `TensorSpec`s that stand for arrays.
            **kwargs: the same by name.
        """
        if self._signature is not None and not args and not kwargs:
            args = self._signature.specs
        args, kwargs = self._arguments.bound(args, kwargs)
        return ConcreteFunction(self._trace_for, self._arguments, args, kwargs)

    def experimental_get_tracing_count(self) -> int:
        """How many times the Python function was traced."""
        return self._tracing_count

    def _read(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Given:
        args, kwargs = self._arguments.bound(args, kwargs)
        if self._signature is not None:
            args, kwargs = self._signature.fitted(args, kwargs)
        return self._arguments.read(args, kwargs)

    def _trace_for(self, given: Given) -> Trace:
        for trace in self._traces.get(given.key, ()):
            if trace.holds():
                return trace
        return self._new_trace(given)

    def _new_trace(self, given: Given) -> Trace:
        with self._lock:
            for key in [key for key in self._traces if names_dead_object(key)]:
                del self._traces[key]
            while len(self._traces) >= _MAX_TRACES:
                self._traces.pop(next(iter(self._traces)))
            is_first = self._tracing_count == 0
            trace = self._traced(given, may_create=is_first)
            if trace.creates and not trace.is_for_once:
                # What it did before it had its variables, such as reading a list of them, is old.
                trace = self._traced(given, may_create=False)
            if not trace.is_for_once:
                known = [other for other in self._traces.get(given.key, ()) if other.is_alive]
                self._traces[given.key] = [trace, *known[: _MAX_OF_KEY - 1]]
        if self._tracing_count == _MANY_TRACES:
            warnings.warn(
                f"The function '{self._arguments.name}' was traced {_MANY_TRACES} times, which is "
                f"slow. It is traced again for each new shape, dtype and Python value: give "
                f"numbers that change as arrays, and batches of one size.",
                stacklevel=4,
            )
        return trace

    def _traced(self, given: Given, may_create: bool) -> Trace:
        trace = Trace(self._run_as_python, given, self._arguments.name, may_create)
        self._tracing_count += 1
        return trace

    def _run_as_python(self, *args: Any, **kwargs: Any) -> Any:
        function = self._converted()
        if self._instance is not None:
            return function(self._instance(), *args, **kwargs)
        return function(*args, **kwargs)

    def _converted(self) -> Callable[..., Any]:
        if not self._options[1]:
            return self.python_function
        return autograph.convert(self.python_function)

    def __repr__(self) -> str:
        return f"<deepkit.function {self._arguments.name}{self._arguments.signature}>"


def _computes_now() -> bool:
    return (
        computes_at_once()
        and current_scope() is None
        and not in_abstract_scope()
        and not functions_run_eagerly()
    )


_WITHOUT_EFFECT = {
    "experimental_implements": "there are no named implementations to put in its place",
    "experimental_autograph_options": "all of AutoGraph's conversions are on",
    "experimental_attributes": "programs of XLA have no attributes",
    "experimental_follow_type_hints": "arrays are told from Python values by what they are",
}


def function(
    func: Callable[..., Any] | None = None,
    input_signature: Sequence[Any] | None = None,
    autograph: bool = True,
    jit_compile: bool | None = None,
    reduce_retracing: bool = False,
    experimental_implements: Any = None,
    experimental_autograph_options: Any = None,
    experimental_attributes: Any = None,
    experimental_relax_shapes: bool | None = None,
    experimental_compile: bool | None = None,
    experimental_follow_type_hints: bool | None = None,
) -> Any:
    """Compiles a Python function, together with the state that it uses.

    The function runs once as Python for each form of its arguments, to be traced; later calls run
    the compiled program. It is traced anew for other shapes and dtypes of arrays, and for other
    values of all else: numbers, strings, objects. `print` and other side effects of Python happen
    while it is traced; `deepkit.print` prints when the program runs.

    Variables, metrics, optimizers, random generators and losses of layers that it uses, wherever
    they come from, are inputs and outputs of the program, and are as they should be afterwards.
    Variables may be made in the first call only, which traces twice then. Compiled functions that
    it calls become a part of it. `if`, `while` and `for` that depend on tensors are compiled, by
    `deepkit.autograph`. It is traced anew, too, once a variable that it uses is frozen or unfrozen.

    Args:
        func: the function or method; `None` to be used as a decorator with arguments.
        input_signature: a `TensorSpec` for each argument, or nested ones. Other shapes and dtypes
            are refused. The program is compiled for each size that an unknown one takes.
        autograph: whether control flow is converted.
        jit_compile: accepted for TensorFlow's signature: functions are always compiled by XLA.
        reduce_retracing: accepted for TensorFlow's signature: XLA needs to know all sizes.
        experimental_implements: has no effect; a warning says so, here and below.
        experimental_autograph_options: has no effect.
        experimental_attributes: has no effect.
        experimental_relax_shapes: an older name of `reduce_retracing`.
        experimental_compile: an older name of `jit_compile`.
        experimental_follow_type_hints: has no effect.

    Returns:
        A `CompiledFunction`, or a decorator that makes one.

    Raises:
        ArgumentError: of the function: it makes variables after its first call.
        ArgumentTypeError: of the function: an argument cannot be told from others.
        SignatureError: of the function: arguments do not fit `input_signature`.

    Example:
        >>> import deepkit
        >>> total = deepkit.Variable(0.0)
        >>> @deepkit.function
        ... def add(x):
        ...     if x > 0:
        ...         total.assign_add(x)
        ...     return total * 1
        >>> float(add(deepkit.ops.array(2.0))), float(add(deepkit.ops.array(-1.0))), float(total)
        (2.0, 2.0, 2.0)
    """
    given = {
        "experimental_implements": experimental_implements,
        "experimental_autograph_options": experimental_autograph_options,
        "experimental_attributes": experimental_attributes,
        "experimental_follow_type_hints": experimental_follow_type_hints,
    }
    for name, value in given.items():
        if value is not None:
            warnings.warn(
                f"`{name}` of `deepkit.function` has no effect: {_WITHOUT_EFFECT[name]}.",
                stacklevel=2,
            )

    def decorate(python_function: Callable[..., Any]) -> CompiledFunction:
        if isinstance(python_function, CompiledFunction):
            python_function = python_function.python_function
        return CompiledFunction(python_function, input_signature, autograph)

    return decorate if func is None else decorate(func)
