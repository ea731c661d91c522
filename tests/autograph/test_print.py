"""Printing and asserting when the program runs."""

import io
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit.autograph import convert


def test_print_prints_when_the_program_runs(capsys):
    f = jax.jit(lambda x: deepkit.print("x is", x, {"a": [x, 1]}))
    for value in (1.5, 2.0):
        f(value)
        jax.effects_barrier()
    assert capsys.readouterr().out == "x is 1.5 {'a': [1.5, 1]}\nx is 2 {'a': [2, 1]}\n"


def test_print_is_plain_outside_of_programs(capsys):
    deepkit.print(jnp.asarray([1.0, 2.5]), deepkit.Variable(3), "text", None, (1,))
    assert capsys.readouterr().out == "[1 2.5] 3 text None (1,)\n"


@pytest.mark.parametrize("compiled", [False, True])
def test_print_takes_a_stream_and_separators(compiled):
    stream = io.StringIO()

    def f(x):
        deepkit.print(x, x + 1, output_stream=stream, sep=" | ", end=";")

    (jax.jit(f) if compiled else f)(jnp.asarray([1, 2]))
    jax.effects_barrier()
    assert stream.getvalue() == "[1 2] | [2 3];"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (jnp.arange(100), "[0 1 2 ... 97 98 99]"),
        (jnp.ones((2, 2)), "[[1 1]\n [1 1]]"),
        (jnp.asarray([0.1, 1e-7, 1e9], "float32"), "[0.1 1e-07 1e+09]"),
        (jnp.asarray([True, False]), "[True False]"),
        (jnp.asarray([0.5, 2], "bfloat16"), "[0.5 2]"),
        (jnp.zeros((0,)), "[]"),
        (np.float32(2.5), "2.5"),
    ],
    ids=str,
)
def test_arrays_are_short(value, text, capsys):
    deepkit.print(value)
    assert capsys.readouterr().out == text + "\n"


def test_all_elements_are_printed_if_asked(capsys):
    deepkit.print(jnp.arange(12), summarize=-1)
    deepkit.print(jnp.arange(12), summarize=1)
    assert capsys.readouterr().out == "[0 1 2 3 4 5 6 7 8 9 10 11]\n[0 ... 11]\n"


def test_a_converted_print_prints_when_the_program_runs(capsys):
    def f(xs):
        for i, x in enumerate(xs):
            if x > 1:
                print("turn", i, x, sep=":", end="!\n")
        print("done")
        return xs

    compiled = jax.jit(convert(f))
    for _ in range(2):
        jax.block_until_ready(compiled(jnp.asarray([1.0, 2.0, 3.0])))
        jax.effects_barrier()
    assert capsys.readouterr().out == "done\n" + "turn:1:2!\nturn:2:3!\n" * 2


def test_a_converted_print_goes_to_its_file(capsys):
    def f(x):
        print(x, file=sys.stderr)
        return x

    jax.block_until_ready(jax.jit(convert(f))(2))
    jax.effects_barrier()
    assert capsys.readouterr() == ("", "2\n")


def check(x):
    assert x > 0, "x must be positive"
    return x * 2


def formatted(x):
    assert x > 0, f"x is {type(x).__name__}"
    return x


def bare(x):
    assert x > 0
    return x


def test_an_assert_passes():
    assert jax.jit(convert(check))(2.0) == 4.0


def test_an_assert_is_checked_when_the_program_runs(capfd):
    line = check.__code__.co_firstlineno + 1
    message = f"AssertionError: test_print.py:{line}: x must be positive"
    with pytest.raises(jax.errors.JaxRuntimeError) as caught:
        jax.block_until_ready(jax.jit(convert(check))(-2.0))
        jax.effects_barrier()
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("function", "message"),
    [(check, "x must be positive"), (formatted, "x is float"), (bare, "")],
)
def test_an_assert_of_known_values_is_pythons(function, message):
    with pytest.raises(AssertionError, match=f"^{message}$"):
        convert(function)(-2.0)
