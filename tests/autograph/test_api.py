"""The public functions, falling back, and what conversion remembers."""

import gc
import importlib.util
import inspect
import logging
import sys
import threading
import warnings
import weakref

import jax
import jax.numpy as jnp
import pytest

import deepkit
from deepkit import errors
from deepkit.autograph import (
    _transpiler,
    convert,
    do_not_convert,
    experimental,
    set_verbosity,
    to_code,
    to_graph,
    trace,
)


def absolute(x):
    if x < 0:
        x = -x
    return x


class Walker:
    def walk(self, x):
        while x < 3:
            x += 1
        return x


def test_to_code_gives_the_code():
    code = to_code(absolute)
    assert code.startswith("def ag__absolute(x):")
    assert "ag__.if_stmt(ag__.ld(x) < 0" in code
    assert to_code(convert(absolute)) == code
    assert "ag__.while_stmt" in to_code(Walker().walk)


def test_to_graph_gives_the_converted_function():
    assert jax.jit(to_graph(absolute))(-2.0) == 2.0
    assert to_graph(Walker.walk)(Walker(), 1) == 3


@pytest.mark.parametrize("function", [to_code, to_graph])
def test_what_cannot_be_converted_is_refused(function):
    with pytest.raises(errors.ArgumentTypeError, match="Expected a Python function or method, rec"):
        function(3)
    scope = {}
    exec("def made(x):\n    return x", scope)
    with pytest.raises(errors.ArgumentTypeError, match="`made` cannot be converted: .*by `def` in"):
        function(scope["made"])


def test_convert_takes_callables_only():
    with pytest.raises(errors.ArgumentTypeError, match="something that can be called, received 3"):
        convert(3)


def test_the_experimental_names():
    assert experimental.do_not_convert is do_not_convert
    assert experimental.set_loop_options is deepkit.autograph.set_loop_options


def test_control_flow_is_public():
    assert deepkit.cond is deepkit.ops.cond
    assert deepkit.while_loop is deepkit.ops.while_loop
    assert deepkit.scan is deepkit.ops.scan
    assert deepkit.switch is deepkit.ops.switch


def made_by_exec(source, name="made"):
    scope = {"deepkit": deepkit}
    exec(source, scope)
    return scope[name]


def test_without_source_a_function_is_traced_as_it_is_with_one_warning():
    made = made_by_exec("def made(x):\n    return x + 1")
    converted = convert(made)
    with pytest.warns(UserWarning, match="`made` .* is not converted .*source code is not avail"):
        assert jax.jit(converted)(1.0) == 2.0
    assert jax.jit(converted)(2.0) == 3.0


def test_called_functions_without_source_are_traced_as_they_are():
    made = made_by_exec("made = lambda x: x * 2")

    def f(x):
        return made(x)

    with pytest.warns(UserWarning, match="`<lambda>` .* is not converted"):
        assert jax.jit(convert(f))(2.0) == 4.0


def in_finally(x):
    return [y for y in range(3) if x and (z := y) >= 0]  # noqa: F841


def class_inside(x):
    class Inside:
        value = 3

    return x + Inside.value


def mapping_pattern(x):
    match {"a": x}:
        case {"a": found}:
            return found
    return None


def star_pattern(x):
    match [x, 2]:
        case [first, *_]:
            return first
    return None


def named_alternatives(x):
    match (x, 1):
        case (found, 2) | (1, found):
            return found
    return None


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (star_pattern, "holds a pattern with a star"),
        (named_alternatives, "holds alternatives that give names"),
        (in_finally, "holds a `:=` that may not be worked out; put it on a line of its own"),
        (class_inside, "holds a class definition"),
        (mapping_pattern, "holds a pattern of a class or a mapping"),
    ],
)
def test_what_is_not_supported_is_named_once(function, reason):
    converted = convert(function)
    with pytest.warns(UserWarning, match=f"`{function.__name__}`.*line [0-9]+ {reason}"):
        assert converted(1) == function(1)
    assert converted(1) == function(1)


def test_what_the_passes_do_not_know_is_traced_as_it_is(monkeypatch):
    def f(x):
        return x + 1

    def fail(*args):
        raise RuntimeError("no such syntax")

    monkeypatch.setattr(_transpiler, "_apply_passes", fail)
    with pytest.warns(UserWarning, match="is not converted .*: RuntimeError: no such syntax. Its"):
        assert convert(f)(1) == 2


def test_generators_are_not_converted():
    def numbers(n):
        yield from range(n)

    with pytest.warns(UserWarning, match="it is a generator or an async function"):
        assert list(convert(numbers)(3)) == [0, 1, 2]


def test_a_function_is_converted_once():
    first = _transpiler.converted(absolute, True)
    assert _transpiler.converted(absolute, True) is first
    assert _transpiler.converted(absolute, False) is not first


def test_dead_functions_are_forgotten(tmp_path):
    path = tmp_path / "short_lived.py"
    path.write_text("def f(x):\n    if x > 0:\n        x = x * 2\n    return x\n")
    spec = importlib.util.spec_from_file_location("short_lived", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    before = len(_transpiler._CACHE)
    assert convert(module.f)(3) == 6
    assert len(_transpiler._CACHE) == before + 1
    alive = weakref.ref(module.f), weakref.ref(module.f.__code__)
    del module, spec
    gc.collect()
    assert [reference() for reference in alive] == [None, None]
    assert len(_transpiler._CACHE) == before


def test_closures_are_not_kept_alive():
    class Big:
        pass

    def make():
        held = Big()

        def f(x):
            return x if held else -x

        return f, weakref.ref(held)

    f, held = make()
    assert convert(f)(3) == 3
    del f
    gc.collect()
    assert held() is None


def test_a_changed_file_is_not_taken_for_the_source(tmp_path):
    path = tmp_path / "changed.py"
    path.write_text("def f(x):\n    return x\n")
    spec = importlib.util.spec_from_file_location("changed", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    path.write_text("# moved\n\n\ndef f(x):\n    return x * 100\n")
    with pytest.warns(UserWarning, match="does not hold it"):
        assert convert(module.f)(3) == 3


def test_source_that_cannot_be_parsed_is_unavailable(tmp_path):
    path = tmp_path / "broken.py"
    path.write_text("def f(x):\n    return x\n")
    spec = importlib.util.spec_from_file_location("broken", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    path.write_text("def f(x:\n    return x\n")
    with pytest.warns(UserWarning, match="it cannot be parsed"):
        assert convert(module.f)(3) == 3


@pytest.mark.parametrize("folder", ["site-packages", "dist-packages", "code"])
def test_installed_packages_are_left_alone(tmp_path, folder):
    (tmp_path / folder).mkdir()
    path = tmp_path / folder / "some_package.py"
    path.write_text("def f(x):\n    if x > 0:\n        x = x * 2\n    return x\n")
    spec = importlib.util.spec_from_file_location("some_package", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def calls(x):
        return module.f(x)

    if folder == "code":
        assert jax.jit(convert(calls))(3.0) == 6.0
    else:
        with pytest.raises(jax.errors.TracerBoolConversionError):
            jax.jit(convert(calls))(3.0)
    # What is asked for is converted wherever it is.
    assert jax.jit(convert(module.f))(3.0) == 6.0


def test_future_annotations_are_kept(tmp_path):
    path = tmp_path / "annotated.py"
    path.write_text(
        "from __future__ import annotations\n\n"
        "def f(x: Missing) -> Missing:\n"
        "    def g(y: Missing) -> Missing:\n"
        "        return y\n"
        "    if x > 0:\n"
        "        x = g(x) * 2\n"
        "    return x\n"
    )
    spec = importlib.util.spec_from_file_location("annotated", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert jax.jit(convert(module.f))(3.0) == 6.0


def test_threads_convert_at_the_same_time():
    results = []

    def work():
        results.append(float(jax.jit(convert(absolute))(-1.0)))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [1.0] * 8


def test_verbosity_shows_the_code(caplog, capsys):
    def fresh(x):
        return x if x > 0 else -x

    set_verbosity(1, alsologtostdout=True)
    try:
        with caplog.at_level(logging.DEBUG, logger="deepkit.autograph"):
            convert(fresh)(1)
    finally:
        set_verbosity(0)
    assert "ag__fresh" in caplog.text
    assert "ag__fresh" in capsys.readouterr().out
    convert(fresh)(1)
    assert capsys.readouterr().out == ""


def test_trace_prints_while_tracing(capsys):
    def f(x):
        trace("traced", 3)
        return x

    compiled = jax.jit(convert(f))
    compiled(1.0), compiled(2.0)
    assert capsys.readouterr().out == "traced 3\n"


def test_the_line_of_an_operation_is_that_of_the_user():
    def f(x):
        return jnp.sin(x)

    text = jax.jit(convert(f)).lower(1.0).as_text(debug_info=True)
    assert f'test_api.py":{f.__code__.co_firstlineno + 1}:' in text


def test_no_warning_comes_from_conversion():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert convert(absolute)(-1) == 1
    assert inspect.signature(convert(absolute)) == inspect.signature(absolute)
    assert not [name for name in sys.modules if "autograph_generated" in name]
