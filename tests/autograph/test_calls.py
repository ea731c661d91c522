"""What is converted: the user's functions, methods and layers, however they are called."""

import dataclasses
import functools
import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit.autograph import convert, do_not_convert, experimental


def absolute(x, scale=1.0, *rest, shift=0.0, **more):
    """Says what it does."""
    if x < 0:
        x = -x
    return x * scale + shift + sum(rest) + more.get("extra", 0.0)


def compiled(function, *args, **kwargs):
    return float(jax.jit(convert(function))(*args, **kwargs))


def test_arguments_of_all_kinds():
    assert compiled(absolute, -2.0) == 2.0
    assert compiled(absolute, -2.0, 3.0, 1.0, 1.0, shift=5.0, extra=0.5) == 13.5
    assert compiled(functools.partial(absolute, -2.0, shift=1.0), scale=2.0) == 5.0


def test_the_converted_function_looks_like_its_own():
    converted = convert(absolute)
    assert (converted.__name__, converted.__doc__) == ("absolute", "Says what it does.")
    assert convert(converted) is converted


def twice(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return 2 * function(*args, **kwargs)

    return wrapper


@twice
def decorated(x):
    if x > 0:
        return x
    return -3 * x


def calls_by_name(x):
    return decorated(x) + 1


def test_decorated_functions():
    assert compiled(decorated, -1.0) == 6.0
    assert compiled(calls_by_name, 1.0) == 3.0


class Base:
    limit = 10.0

    def __init__(self, step=1.0):
        self.step = step
        self.__hidden = 2.0

    @property
    def double_step(self):
        return self.step * 2

    @classmethod
    def above(cls, x):
        if x > cls.limit:
            return x
        return cls.limit + 0 * x

    @staticmethod
    def sign(x):
        if x < 0:
            return -1.0
        return 1.0

    def walk(self, x):
        while x < self.limit:
            x = x + self.double_step
        return x

    def __call__(self, x):
        if x > 0:
            return self.walk(x) * self.__hidden
        return x * self.__private(x)

    def __private(self, x):
        return 1.0 if x > -5 else 3.0


class Derived(Base):
    def walk(self, x):
        before = super().walk(x)
        if x > 5:
            before = before + 100.0
        return before

    def all_of_it(self, x):
        parts = [part(x) for part in (self.walk, self.sign, self.above, super().walk)]
        return sum(parts)


def test_methods_of_all_kinds():
    derived = Derived(1.0)
    for x in (-6.0, 1.0, 7.0):
        assert compiled(derived, x) == derived(x)
        assert compiled(derived.all_of_it, x) == derived.all_of_it(x)
        assert compiled(Base.above, x) == Base.above(x)
        assert compiled(Base.sign, x) == Base.sign(x)
        assert compiled(lambda y: derived(y) + derived.double_step, x) == derived(x) + 2.0


def test_lambdas_of_one_line_are_told_apart():
    first, second = (lambda x: x if x > 0 else -x), (lambda x: x if x > 5 else x * 10)
    assert (compiled(first, -2.0), compiled(second, 2.0)) == (2.0, 20.0)


def test_functions_of_one_code_have_closures_of_their_own():
    def make(factor):
        def scaled(x):
            if x > 0:
                return x * factor
            return x

        return scaled

    assert [compiled(make(factor), 2.0) for factor in (1.0, 2.0, 3.0)] == [2.0, 4.0, 6.0]


def test_a_closure_is_seen_as_it_is_at_the_call():
    factor = 1.0

    def scaled(x):
        return x * factor if x > 0 else x

    converted = convert(scaled)
    assert converted(2.0) == 2.0
    factor = 5.0
    assert converted(2.0) == 10.0


def test_defaults_are_those_of_the_function():
    def f(x, items=[1, 2], *, more={"a": 3}):  # noqa: B006
        return x + len(items) + more["a"] if x > 0 else x

    assert convert(f)(1) == 6
    assert f.__defaults__[0] == [1, 2]


def recursive_function(n):
    if n <= 1:
        return 1
    return n * recursive_function(n - 1)


def test_recursion_on_python_values():
    assert convert(recursive_function)(5) == 120


def test_functions_given_to_jax_are_converted():
    def f(xs):
        total, _ = jax.lax.scan(step, 0.0, xs)
        return total + jnp.sum(jax.vmap(absolute)(xs)) + jax.grad(absolute)(xs[0])

    assert compiled(f, jnp.asarray([-1.0, 2.0, 5.0])) == 7.0 + 8.0 - 1.0


def step(total, x):
    if x > 0:
        total = total + x
    return total, x


def test_builtins_take_traced_values():
    def f(x, n):
        small, large = min(x, 2.0), max(x, 2, 3.5)
        flags = any([x > 3, x < 1]), all([x > 0, n > 1]), bool(n)
        ordered = sorted([x, 2.5, 1.0], reverse=True)
        return small, large, flags, ordered, int(x), float(n), len(ordered), abs(-x)

    result = jax.jit(convert(f))(1.5, 4)
    expected = f(1.5, 4)
    assert jax.tree.structure(result) == jax.tree.structure(expected)
    np.testing.assert_array_equal(jax.tree.leaves(result), jax.tree.leaves(expected))


def test_extremes_and_order_of_a_tensor():
    def f(x):
        return min(x), max(x), sorted(x)

    low, high, ordered = jax.jit(convert(f))(jnp.asarray([2.0, -1.0, 3.0]))
    assert (low, high, ordered.tolist()) == (-1.0, 3.0, [-1.0, 2.0, 3.0])
    with pytest.raises(deepkit.errors.ArgumentTypeError, match="`min` of an array with one axis"):
        jax.jit(convert(f))(jnp.ones((2, 2)))


def test_iterables_of_tensors():
    def f(x, y):
        total = 0.0
        for i, (a, b) in enumerate(zip(x, y), start=1):
            total += i * a * b
        for a in reversed(x):
            total = total * 2 + a
        for i, a in enumerate([1.0, 2.0]):
            total += i * a
        return total

    x, y = jnp.asarray([1.0, 2.0, 3.0]), jnp.asarray([1.0, 0.5, 2.0, 7.0])
    assert compiled(f, x, y) == float(f(x, y))


@pytest.mark.parametrize("bounds", [(5,), (2, 7), (7, 2), (9, 2, -3), (1, 10, 4), (0, 9, 3)])
def test_ranges_to_traced_bounds(bounds):
    def f(*bounds):
        code, turns = 0, 0
        for i in range(*bounds):
            code = code * 3 + i
            turns += 1
        return code, turns

    assert tuple(map(int, jax.jit(convert(f))(*bounds))) == f(*bounds)


def test_a_range_to_a_python_number_is_unrolled():
    def f(x):
        for i in range(3):
            assert type(i) is int
            x = x * 2
        return x

    assert "scan" not in str(jax.make_jaxpr(convert(f))(1.0))


def test_arrays_that_are_known_are_gone_over_in_a_scan_while_tracing():
    weights = jnp.arange(3.0)

    def f(x):
        for weight in weights:
            x = x * 2 + weight
        for weight in np.arange(3.0, dtype="float32"):
            x = x * 2 + weight
        return x

    assert str(jax.make_jaxpr(convert(f))(jnp.float32(1))).count("scan[") == 1
    assert compiled(f, jnp.float32(1)) == float(f(jnp.float32(1)))


def test_deepkit_ranges_are_staged():
    def f(x):
        for i in deepkit.ops.arange(4):
            x = x + deepkit.ops.cast(i, "float32")
        return x

    assert "scan[" in str(jax.make_jaxpr(convert(f))(1.0))
    assert compiled(f, 1.0) == 7.0


class Gate(deepkit.layers.Layer):
    def __init__(self):
        super().__init__()
        self.inner = deepkit.layers.Dense(2, kernel_initializer="ones")

    def call(self, x):
        if deepkit.ops.sum(x) > 0:
            return self.inner(x)
        return self.helper(x)

    def helper(self, x):
        for row in x:
            if row[0] < -5:
                return x * 2
        return x


class Twice(deepkit.Model):
    def __init__(self):
        super().__init__()
        self.gate = Gate()

    def call(self, x):
        return self.gate(self.gate(x))


@pytest.mark.parametrize("x", [1.0, -1.0, -9.0])
def test_layers_and_models_of_the_user_are_converted_when_they_are_called(x):
    model = Twice()
    model(jnp.ones((1, 2)))
    x = jnp.full((3, 2), x)
    result = jax.jit(convert(lambda y: model(y)))(x)
    np.testing.assert_allclose(result, model(x))
    np.testing.assert_allclose(jax.jit(convert(model))(x), model(x))


def test_layers_of_the_user_are_built_while_converted():
    model = deepkit.Sequential([Gate()])
    result = jax.jit(convert(model))(jnp.ones((3, 2)))
    np.testing.assert_allclose(result, np.full((3, 2), 2.0))


def test_layers_are_not_converted_without_a_conversion():
    model = Twice()
    model(jnp.ones((1, 2)))
    with pytest.raises(jax.errors.TracerBoolConversionError):
        jax.jit(lambda x: model(x))(jnp.ones((3, 2)))


@do_not_convert
def as_it_is(x):
    if isinstance(x, jax.core.Tracer):
        return absolute_of_python(x)
    return x


@experimental.do_not_convert()
def absolute_of_python(x):
    return x if x > 0 else -x


def test_marked_functions_are_left_alone():
    def f(x):
        return as_it_is(x)

    assert convert(f)(2.0) == 2.0
    with pytest.raises(jax.errors.TracerBoolConversionError):
        jax.jit(convert(f))(2.0)


def test_layers_below_marked_functions_are_left_alone():
    gate = Gate()
    gate(jnp.ones((1, 2)))

    @do_not_convert
    def plainly(x):
        return gate(x)

    with pytest.raises(jax.errors.TracerBoolConversionError):
        jax.jit(convert(lambda x: plainly(x)))(jnp.ones((3, 2)))


def test_conversion_may_stop_at_the_function_itself():
    def f(x):
        if x > 0:
            x = x * 2
        return absolute(x)

    once = convert(f, recursive=False)
    assert once(-2.0) == 2.0
    with pytest.raises(jax.errors.TracerBoolConversionError):
        jax.jit(once)(-2.0)


def generator(n):
    yield from range(n)


def test_generators_run_as_they_are():
    def f(n):
        return [i * 2 for i in generator(n)]

    assert convert(f)(3) == [0, 2, 4]


@dataclasses.dataclass
class Point:
    x: float
    y: float

    def length(self):
        if self.x > self.y:
            return self.x
        return self.y


def test_data_classes():
    def f(x):
        point = Point(x, 2.0)
        same = point == Point(x, 2.0)
        return point.length() if same else 0.0

    assert convert(f)(3.0) == 3.0

    def g(x):
        return Point(x, 2.0).length()

    assert (compiled(g, 3.0), compiled(g, 1.0)) == (3.0, 2.0)


def test_objects_of_libraries_are_called_as_they_are():
    calls = types.SimpleNamespace(count=functools.lru_cache(lambda x: x + 1))

    def f(x):
        return calls.count(3) + jnp.sum(jax.jit(lambda y: y * 2)(x)) + float(np.add(1, 2))

    assert compiled(f, 2.0) == 11.0


def test_frame_functions_see_the_user():
    def f(x):
        inside = 3
        return sorted(set(locals()) & {"x", "inside"}), globals()["__name__"], eval("inside + x")

    assert convert(f)(4) == (["inside", "x"], __name__, 7)


def test_comprehensions_and_formatted_strings():
    def f(x, n):
        squares = {i: x * i for i in range(n) if i % 2}
        return sum(squares.values()), f"{n:>3}|{n!r}"

    result, text = convert(f)(2.0, 5)
    assert (result, text) == (8.0, "  5|5")


def test_context_managers():
    def f(x):
        with jax.named_scope("inside"):
            if x > 0:
                return x
        return -x

    assert compiled(f, -3.0) == 3.0


def test_a_global_function_that_is_replaced_is_seen(monkeypatch):
    converted = convert(calls_by_name)
    assert converted(1.0) == 3.0
    monkeypatch.setitem(globals(), "decorated", lambda x: x * 10)
    assert converted(1.0) == 11.0


def test_a_decorator_around_a_marked_function_is_converted():
    def bent(function):
        @functools.wraps(function)
        def wrapper(x):
            if x > 0:
                return function(x)
            return 3.0 * x

        return wrapper

    assert compiled(bent(convert(absolute)), -1.0) == -3.0
    assert compiled(bent(do_not_convert(lambda x: x + 1)), 1.0) == 2.0


@functools.wraps(jnp.sin)
def looks_like_sine(x):
    if x > 0:
        return jnp.sin(x)
    return x


def test_a_function_that_looks_like_one_of_a_library_is_converted():
    assert compiled(lambda x: looks_like_sine(x), -2.0) == -2.0
