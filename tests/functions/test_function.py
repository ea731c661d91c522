"""deepkit.function: traces, state, arguments, errors."""

import gc
import inspect
import os
import signal
import subprocess
import sys
import threading
import weakref

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit.errors import ArgumentError, ArgumentTypeError, SignatureError, StateError
from deepkit.functions._trace import Trace


def traces(function):
    return function.experimental_get_tracing_count()


def test_it_is_traced_once_for_shapes_and_dtypes_and_for_each_python_value():
    seen = []

    @deepkit.function
    def f(x, power=2, *, name="a"):
        seen.append((x.shape, x.dtype.name, power, name))
        return x**power

    x = jnp.arange(3.0)
    np.testing.assert_allclose(f(x), [0, 1, 4])
    np.testing.assert_allclose(f(x + 1), [1, 4, 9])
    np.testing.assert_allclose(f(np.ones(3, "float32"), 2), [1, 1, 1])
    np.testing.assert_allclose(f(x=x, name="a", power=2), [0, 1, 4])
    assert len(seen) == traces(f) == 1
    f(x, 3)
    f(x, 3.0)
    f(jnp.arange(4.0))
    f(jnp.arange(3))
    f(x, name="b")
    f(x, True)
    assert len(seen) == traces(f) == 7
    f(x, 3)
    f(jnp.asarray(2.0))
    f(np.float32(2.0))
    f(jnp.float32(2.0))
    assert traces(f) == 8


def test_state_is_found_in_closures_arguments_and_attributes():
    closed_over = deepkit.Variable(1.0)

    class Counter:
        def __init__(self):
            self.count = deepkit.Variable(0, dtype="int32")
            self.parts = {"list": [deepkit.Variable(np.zeros(2, "float32"))]}

    @deepkit.function
    def f(counter, variable, x):
        counter.count.assign_add(1)
        counter.parts["list"][0].assign(x)
        variable.assign(variable * 2)
        return closed_over + variable

    counter, variable = Counter(), deepkit.Variable(3.0)
    assert [float(f(counter, variable, np.full(2, i, "float32"))) for i in range(3)] == [7, 13, 25]
    assert int(counter.count) == 3 and float(variable) == 24.0
    np.testing.assert_allclose(counter.parts["list"][0], [2.0, 2.0])
    closed_over.assign(100.0)
    other = Counter()
    assert float(f(other, variable, np.zeros(2, "float32"))) == 148.0
    assert int(other.count) == 1 and traces(f) == 2


def test_a_whole_training_step_is_that_of_eager_code():
    x = np.linspace(-1, 1, 16 * 4, dtype="float32").reshape(16, 4)
    y = x.sum(1, keepdims=True)

    def train(decorate):
        deepkit.utils.set_random_seed(3)
        model = deepkit.Sequential(
            [
                deepkit.layers.Dense(8, "relu", kernel_regularizer="l2"),
                deepkit.layers.Dropout(0.3),
                deepkit.layers.BatchNormalization(),
                deepkit.layers.Dense(1, activity_regularizer="l2"),
            ]
        )
        optimizer = deepkit.optimizers.SGD(0.05, momentum=0.9)
        mean, error = deepkit.metrics.Mean(), deepkit.metrics.MeanAbsoluteError()
        loss_function = deepkit.losses.MeanSquaredError()

        @decorate
        def step(x, y):
            with deepkit.GradientTape() as tape:
                y_pred = model(x, training=True)
                loss = loss_function(y, y_pred) + sum(model.losses)
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            mean.update_state(loss)
            error.update_state(y, y_pred)
            return loss

        assert not model.built
        losses = [float(step(x, y)) for _ in range(5)]
        added = [float(loss) for loss in model.losses]
        values = [np.asarray(variable) for variable in (*model.variables, *optimizer.variables)]
        return losses, added, [float(mean.result()), float(error.result())], values

    for eager, compiled in zip(train(lambda step: step), train(deepkit.function)):
        for a, b in zip(eager, compiled, strict=True):
            np.testing.assert_allclose(a, b, rtol=2e-4, atol=1e-5)


def test_random_numbers_go_on_from_call_to_call():
    seeds = deepkit.random.SeedGenerator(5)
    eager = [np.asarray(deepkit.random.normal((2,), seed=seeds)) for _ in range(4)]
    seeds = deepkit.random.SeedGenerator(5)

    @deepkit.function
    def draw():
        return deepkit.random.normal((2,), seed=seeds), deepkit.random.normal((2,), seed=seeds)

    np.testing.assert_allclose(np.concatenate([draw(), draw()]), eager, rtol=1e-6)
    deepkit.utils.set_random_seed(1)
    unseeded = deepkit.function(lambda: deepkit.random.uniform((3,)))
    assert not np.allclose(unseeded(), unseeded())


def test_variables_may_be_made_in_the_first_call():
    class Layer:
        def __init__(self):
            self.v = None

        @deepkit.function
        def __call__(self, x):
            if self.v is None:
                self.v = deepkit.Variable(np.full(2, 3.0, "float32"))
            self.v.assign_add(x)
            return self.v * 1

    layer, other = Layer(), Layer()
    np.testing.assert_allclose(layer(np.ones(2, "float32")), [4, 4])
    np.testing.assert_allclose(layer(np.ones(2, "float32")), [5, 5])
    np.testing.assert_allclose(other(np.ones(2, "float32")), [4, 4])
    np.testing.assert_allclose(layer.v, [5, 5])
    assert traces(layer.__call__) == 2 and traces(Layer.__call__) == 0


def test_a_variable_may_begin_with_a_computed_value():
    class State:
        total = None

    @deepkit.function
    def add(x):
        if State.total is None:
            State.total = deepkit.Variable(jnp.ones(2) * x, name="total")
        State.total.assign_add(x)
        return State.total.value

    np.testing.assert_allclose(add(np.float32(3.0)), [6, 6])
    np.testing.assert_allclose(add(np.float32(3.0)), [9, 9])
    np.testing.assert_allclose(add(np.float32(1.0)), [10, 10])
    np.testing.assert_allclose(State.total, [10, 10])


def test_variables_made_in_later_calls_are_refused():
    made = {}

    @deepkit.function
    def f(x):
        if x.shape not in made:
            made[x.shape] = deepkit.Variable(np.zeros(2, "float32"), name="late")
        return made[x.shape] + x

    f(jnp.ones(2))
    with pytest.raises(ValueError, match=r"'f' made the variables \['late'\] in a call after its"):
        f(jnp.ones((3, 2)))
    with pytest.raises(ArgumentError, match="'<lambda>' makes variables that nothing holds"):
        deepkit.function(lambda x: deepkit.Variable(1.0) + x)(jnp.ones(2))


def test_variables_that_the_first_call_makes_are_known_to_all_of_it():
    model = deepkit.Sequential([deepkit.layers.Dense(1)])
    optimizer = deepkit.optimizers.SGD(0.1)

    @deepkit.function
    def step(x):
        # Empty, until the model is called.
        variables = model.trainable_variables
        with deepkit.GradientTape() as tape:
            loss = deepkit.ops.mean(model(x) ** 2)
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        return loss

    losses = [float(step(np.ones((4, 2), "float32"))) for _ in range(3)]
    assert losses[0] > losses[1] > losses[2]


def test_parts_that_are_frozen_between_calls():
    deepkit.utils.set_random_seed(0)
    first, last = deepkit.layers.Dense(3), deepkit.layers.Dense(1)
    model = deepkit.Sequential([deepkit.Input((2,)), first, last])
    optimizer = deepkit.optimizers.SGD(0.1)
    optimizer.build(model.trainable_variables)

    @deepkit.function
    def step(x):
        with deepkit.GradientTape() as tape:
            loss = jnp.mean(model(x) ** 2)
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))

    for trains in (True, False, True, False, False):
        first.trainable = trains
        before = [np.asarray(layer.kernel) for layer in (first, last)]
        step(np.ones((4, 2), "float32"))
        moved = [np.any(a != layer.kernel) for a, layer in zip(before, (first, last))]
        assert moved == [trains, True]
    assert traces(step) == 2


def test_a_function_that_freezes_parts_itself():
    deepkit.utils.set_random_seed(0)
    layer = deepkit.layers.Dense(1)
    layer.build((None, 2))

    @deepkit.function
    def count(x):
        counts = []
        for trains in (True, False):
            layer.trainable = trains
            with deepkit.GradientTape() as tape:
                layer(x)
            counts.append(len(tape.watched_variables()))
        return counts

    for _ in range(3):
        assert [int(n) for n in count(np.ones((4, 2), "float32"))] == [2, 0]
    assert traces(count) == 1


def test_python_runs_while_it_is_traced_and_print_when_it_runs(capsys):
    @deepkit.function
    def f(x):
        print("tracing")
        deepkit.print("running with", x)
        return x

    for i in range(2):
        f(jnp.asarray(float(i)))
    jax.effects_barrier()
    assert capsys.readouterr().out.split("\n")[:3] == [
        "tracing",
        "running with 0",
        "running with 1",
    ]


def test_functions_inside_become_a_part_of_it():
    count = deepkit.Variable(0.0)

    @deepkit.function
    def inner(x):
        count.assign_add(1.0)
        return x * 2

    @deepkit.function
    def outer(x):
        return inner(inner(x))

    assert float(outer(jnp.asarray(3.0))) == 12.0
    assert float(outer(jnp.asarray(4.0))) == 16.0
    assert float(count) == 4.0 and traces(inner) == 0
    assert float(jax.jit(deepkit.function(lambda x: x + 1))(2.0)) == 3.0
    assert float(jax.grad(deepkit.function(lambda x: x**2))(3.0)) == 6.0


def test_gradients_go_through_functions():
    w, count = deepkit.Variable(3.0), deepkit.Variable(0.0, trainable=False)

    @deepkit.function
    def f(x):
        count.assign_add(1.0)
        return w**2 * x

    for calls in range(1, 4):
        x = jnp.asarray(2.0)
        with deepkit.GradientTape() as tape:
            tape.watch(x)
            y = f(x) * 10
        assert tape.gradient(y, [w, x]) == [120.0, 90.0]
        assert float(count) == calls

    @deepkit.function
    def grow(x):
        w.assign_add(x)
        return w * x

    with deepkit.GradientTape() as tape:
        y = grow(jnp.asarray(2.0))
    assert float(tape.gradient(y, w)) == 2.0
    assert float(w) == 5.0


def test_an_error_while_tracing_changes_nothing():
    v = deepkit.Variable(1.0)

    @deepkit.function
    def f(x):
        v.assign(100.0)
        if x.shape == (2,):
            raise KeyError("mine")
        return v * x

    with pytest.raises(KeyError, match="mine"):
        f(jnp.ones(2))
    assert float(v) == 1.0
    assert float(f(jnp.asarray(2.0))) == 200.0


def test_an_error_while_running_loses_no_values():
    v = deepkit.Variable(np.ones(4, "float32"))

    def fail(x):
        raise RuntimeError("from the host")

    @deepkit.function
    def f():
        v.assign_add(np.ones(4, "float32"))
        jax.debug.callback(fail, v.value, ordered=True)
        return v * 1

    with pytest.raises(jax.errors.JaxRuntimeError, match="from the host"):
        f()
    np.testing.assert_allclose(v, np.ones(4))


def test_a_failed_assert_is_an_assertion_error_and_loses_no_values():
    v = deepkit.Variable(1.0)

    @deepkit.function
    def f(x):
        v.assign_add(x)
        assert v < 5.0, "too much"
        return v * 1

    assert float(f(jnp.asarray(3.0))) == 4.0
    for _ in range(2):
        with pytest.raises(AssertionError, match=r"test_function.py:\d+: too much"):
            f(jnp.asarray(3.0))
    assert float(v) == 4.0 and float(f(jnp.asarray(0.5))) == 4.5


STRUCK = """
import os, signal, threading
import numpy as np
import deepkit

v, w = (deepkit.Variable(np.zeros(50, "float32")) for _ in range(2))

@deepkit.function
def f():
    v.assign_add(np.ones(50, "float32"))
    w.assign_add(np.ones(50, "float32"))

signal.signal(signal.SIGINT, signal.default_int_handler)
f()
strikes = 0
for number in range(30):
    try:
        # At another moment of the call each time.
        timer = threading.Timer(0.003 + number * 1e-5, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        while timer.is_alive():
            f()
        for _ in range(1000):
            f()
    except KeyboardInterrupt:
        strikes += 1
    np.testing.assert_array_equal(v, w)
print("strikes", strikes)
"""


def test_ctrl_c_while_it_runs_loses_no_values():
    # In a process of its own: pytest must not be struck.
    result = subprocess.run([sys.executable, "-c", STRUCK], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout.removeprefix("strikes ")) > 20


def test_ctrl_c_in_the_first_call_is_heard_when_it_has_run(monkeypatch):
    v = deepkit.Variable(1.0)
    steps = []

    def interrupted(self, donates):
        def run(*inputs):
            os.kill(os.getpid(), signal.SIGINT)
            steps.append("after")
            return compiled(*inputs)

        compiled = original(self, donates)
        return run

    original = Trace._compiled_program
    monkeypatch.setattr(Trace, "_compiled_program", interrupted)
    f = deepkit.function(lambda: v.assign_add(1.0))
    with pytest.raises(KeyboardInterrupt):
        f()
    assert steps == ["after"] and float(v) == 2.0
    monkeypatch.undo()
    assert float(f()) == 3.0


def test_arrays_that_were_handed_out_stay():
    v, w = deepkit.Variable(np.ones(4, "float32")), deepkit.Variable(np.ones(4, "float32"))

    @deepkit.function
    def f(x):
        v.assign(x)
        w.assign(v.value)
        return v.value, x

    @deepkit.function
    def grow():
        v.assign_add(np.ones(4, "float32"))
        w.assign_add(np.full(4, 2.0, "float32"))

    x = jnp.full(4, 5.0)
    kept, before = f(x), v.value
    for _ in range(3):
        grow()
    for array in (x, before, *kept):
        np.testing.assert_allclose(array, np.full(4, 5.0))
    np.testing.assert_allclose(v, np.full(4, 8.0))
    np.testing.assert_allclose(w, np.full(4, 11.0))


def test_results_keep_their_structure():
    v = deepkit.Variable(2.0)

    @deepkit.function
    def f(x):
        return {"z": x, "a": [1, None, "text", (v, 2.5)], "flag": True}

    result = f(jnp.ones(2))
    assert list(result) == ["z", "a", "flag"]
    number, none, text, (value, half) = result["a"]
    assert isinstance(number, jax.Array) and int(number) == 1 and none is None and text == "text"
    assert type(value) is not deepkit.Variable and float(value) == 2.0 and float(half) == 2.5
    assert deepkit.function(lambda: None)() is None


def test_methods_have_programs_of_their_own_which_go_with_the_object():
    class Model:
        def __init__(self, factor):
            self.w = deepkit.Variable(factor)

        @deepkit.function
        def scale(self, x):
            return self.w * x

        @deepkit.function(input_signature=[deepkit.TensorSpec([None])])
        def total(self, x):
            return (self.w * x).sum()

    a, b = Model(2.0), Model(3.0)
    assert float(a.scale(jnp.asarray(4.0))) == 8.0
    assert float(b.scale(jnp.asarray(4.0))) == 12.0
    assert float(b.total([1.0, 2.0])) == 9.0
    assert traces(a.scale) == traces(b.scale) == 1 and a.scale is a.scale
    assert list(inspect.signature(a.scale).parameters) == ["x"]
    assert list(inspect.signature(Model.scale).parameters) == ["self", "x"]
    gone, weight = weakref.ref(a), weakref.ref(a.w)
    del a
    gc.collect()
    assert gone() is None and weight() is None


def test_programs_do_not_keep_models_alive():
    @deepkit.function
    def call(model, x):
        return model(x)

    x = np.ones((2, 3), "float32")
    references = []
    for _ in range(3):
        model = deepkit.Sequential([deepkit.Input((3,)), deepkit.layers.Dense(2)])
        call(model, x)
        references.append(weakref.ref(model))
        references.append(weakref.ref(model.weights[0]))
        del model
    gc.collect()
    assert [reference() for reference in references] == [None] * 6
    call(deepkit.Sequential([deepkit.Input((3,)), deepkit.layers.Dense(2)]), x)
    assert len(call._traces) == 1


def test_the_training_flag_around_it_is_seen():
    class Noisy(deepkit.layers.Layer):
        def __init__(self):
            super().__init__()
            self.dropout = deepkit.layers.Dropout(0.5)

        @deepkit.function
        def inside(self, x):
            return self.dropout(x)

        def call(self, x):
            return self.inside(x)

    layer, x = Noisy(), np.ones((4, 50), "float32")
    assert np.asarray(layer(x, training=True)).min() == 0.0
    assert np.asarray(layer(x, training=False)).min() == 1.0
    assert np.asarray(layer(x, training=True)).min() == 0.0


def test_in_models_that_are_drawn_and_fitted():
    class Doubled(deepkit.layers.Layer):
        @deepkit.function
        def call(self, x):
            return x * 2

    inputs = deepkit.Input((3,))
    model = deepkit.Model(inputs, deepkit.layers.Dense(1)(Doubled()(inputs)))
    model.compile("sgd", "mse")
    model.fit(np.ones((8, 3)), np.ones((8, 1)), verbose=0)
    doubled = deepkit.function(lambda x: x * 2)(inputs)
    assert doubled.shape == (None, 3)


def test_input_signatures():
    @deepkit.function(
        input_signature=[
            deepkit.TensorSpec([None, 3], "float32"),
            {"n": deepkit.TensorSpec([], "int32")},
        ]
    )
    def f(x, options, scale=1.0):
        return x.sum(0) * options["n"].astype("float32") * scale

    np.testing.assert_allclose(f(np.ones((2, 3), "float32"), {"n": 2}), [4, 4, 4])
    np.testing.assert_allclose(f([[1.0, 2.0, 3.0]], {"n": np.int32(3)}), [3, 6, 9])
    np.testing.assert_allclose(f(jnp.ones((5, 3)), {"n": 1}, 2.0), [10, 10, 10])
    message = r"'f' to be given TensorSpec\(shape=\(None, 3\), .* received TensorSpec\(shape=\(2,"
    with pytest.raises(ValueError, match=message):
        f(np.ones((2, 4), "float32"), {"n": 2})
    with pytest.raises(TypeError, match="received TensorSpec.*float64"):
        f(np.ones((2, 3)), {"n": 2})
    with pytest.raises(SignatureError, match="int32.*received 2.5"):
        f(np.ones((2, 3), "float32"), {"n": 2.5})
    with pytest.raises(SignatureError, match="to be given .*'n'.* received 3"):
        f(np.ones((2, 3), "float32"), 3)
    with pytest.raises(ArgumentTypeError, match="made of TensorSpecs, received 3"):
        deepkit.function(lambda x: x, input_signature=[3])
    with pytest.raises(ArgumentTypeError, match="list with a TensorSpec for each argument"):
        deepkit.function(lambda x: x, input_signature=deepkit.TensorSpec([]))
    with pytest.raises(ArgumentTypeError, match=r"has 2 specifications, .* takes 1 arguments"):
        deepkit.function(lambda x: x, input_signature=[deepkit.TensorSpec([])] * 2)
    varying = deepkit.function(lambda *x: x, input_signature=[deepkit.TensorSpec([])] * 2)
    with pytest.raises(SignatureError, match="signature of 2 arguments, received 1"):
        varying(1.0)


def test_concrete_functions():
    w = deepkit.Variable(np.ones(3, "float32"))

    @deepkit.function
    def f(x, power, y=None):
        w.assign_add(np.ones(3, "float32"))
        return {"out": (x**power).sum() + w[0]}

    concrete = f.get_concrete_function(deepkit.TensorSpec([2], name="values"), 2)
    assert traces(f) == 1
    assert float(concrete(np.asarray([1.0, 2.0], "float32"))["out"]) == 7.0
    assert float(concrete(values=jnp.ones(2))["out"]) == 5.0
    assert float(w[0]) == 3.0
    assert [v is w for v in (*concrete.variables, *concrete.trainable_variables)] == [True] * 2
    assert concrete.structured_outputs == {"out": deepkit.TensorSpec([], "float32")}
    assert concrete.structured_input_signature[0][1:] == (2, None)
    assert concrete.pretty_printed_signature() == ("f(values: float32[2]) -> {'out': 'float32[]'}")
    with pytest.raises(SignatureError, match=r"shape=\(2,\).*received TensorSpec\(shape=\(3,\)"):
        concrete(jnp.ones(3))
    with pytest.raises(SignatureError, match=r"takes 1 tensors, \['values'\], received 0"):
        concrete()
    with pytest.raises(SignatureError, match="received 'other' besides 0 by position"):
        concrete(other=jnp.ones(2))
    assert float(f(jnp.ones(2), 2)["out"]) == 6.0 and traces(f) == 1
    any_size = f.get_concrete_function(deepkit.TensorSpec([None], name="x"), 1)
    assert float(any_size(jnp.ones(4))["out"]) == 9.0
    assert float(any_size(jnp.ones(2))["out"]) == 8.0
    with pytest.raises(StateError, match="inputs of unknown sizes"):
        _ = any_size.structured_outputs
    declared = deepkit.function(lambda x: x, input_signature=[deepkit.TensorSpec([2])])
    assert declared.get_concrete_function().inputs[0].shape == (2,)


def test_arguments_that_cannot_be_told_apart():
    class Slotted:
        __slots__ = ()
        __hash__ = None

    with pytest.raises(ArgumentTypeError, match="arrays, Python values or nested ones, received"):
        deepkit.function(lambda x: 1)(Slotted())


def test_it_may_run_as_plain_python():
    seen = []
    f = deepkit.function(lambda x: seen.append(x))
    deepkit.config.run_functions_eagerly(True)
    try:
        assert deepkit.config.functions_run_eagerly()
        f(3)
        f(3)
    finally:
        deepkit.config.run_functions_eagerly(False)
    assert seen == [3, 3]
    f(3)
    f(3)
    assert len(seen) == 3 and not deepkit.config.functions_run_eagerly()


def test_options_of_other_frameworks():
    @deepkit.function(jit_compile=True, reduce_retracing=True, experimental_relax_shapes=True)
    def f(x):
        """Doubles."""
        return x * 2

    assert float(f(jnp.asarray(2.0))) == 4.0 and f.__doc__ == "Doubles." and f.__name__ == "f"
    assert "function f(x)" in repr(f) and f.python_function(3) == 6
    with pytest.warns(UserWarning, match="`experimental_implements` .* has no effect: there are"):
        deepkit.function(lambda x: x, experimental_implements="mine")


def test_many_traces_bring_a_warning():
    f = deepkit.function(lambda x: x)
    with pytest.warns(UserWarning, match="'<lambda>' was traced 12 times"):
        for i in range(12):
            f(i)


def test_threads_may_call_it_at_once():
    f = deepkit.function(lambda x, n: (x * n).sum())
    results = {}

    def work(n):
        for _ in range(10):
            results[n] = float(f(jnp.ones(3), n))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {0: 0.0, 1: 3.0, 2: 6.0, 3: 9.0}
    assert traces(f) == 4


def test_the_code_that_autograph_makes_of_it():
    @deepkit.function
    def absolute(x):
        if x < 0:
            x = -x
        return x

    assert "ag__" in deepkit.autograph.to_code(absolute)
    assert deepkit.autograph.to_graph(absolute)(-2) == 2


def test_constants_are_not_taken_for_variables():
    v, constant = deepkit.Variable(2.0), jnp.arange(3.0)
    table = np.arange(3, dtype="float32") * 10

    @deepkit.function
    def f():
        return constant * v + table

    np.testing.assert_allclose(f(), [0, 12, 24])
    v.assign(3.0)
    np.testing.assert_allclose(f(), [0, 13, 26])
