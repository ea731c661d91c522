"""Programs are compiled with deepkit's options of XLA, unless the user gave others."""

import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import pytest

from deepkit import ops
from deepkit.core import compiler_options as module
from deepkit.core.compiler_options import compiler_options

pytestmark = pytest.mark.skipif(jax.default_backend() != "cpu", reason="The options are CPU's.")


def test_options_of_the_user_come_first(monkeypatch):
    name, other = sorted(compiler_options())
    monkeypatch.setenv("XLA_FLAGS", f"--{name}=")
    assert list(compiler_options()) == [other]
    monkeypatch.setenv("XLA_FLAGS", f"--{name}= --{other}=")
    assert compiler_options() is None


def test_options_that_xla_does_not_know_are_left_out(monkeypatch):
    monkeypatch.setitem(module._ON_CPU, "xla_cpu_no_such_option", "1")
    options = compiler_options()
    assert len(options) == len(module._ON_CPU) - 1
    assert "xla_cpu_no_such_option" not in options


def test_no_convolution_of_a_loop_runs_in_the_library_of_kernels():
    """There it would run on one thread."""
    kernel = jnp.ones((3, 3, 32, 32))

    def loop(x):
        return jax.lax.fori_loop(0, 3, lambda _, x: ops.conv(x, kernel, padding="same"), x)

    program = jax.jit(loop).lower(jnp.ones((4, 32, 32, 32)))
    # Tests compile with XLA's optimization off, which would leave the library out in any case.
    options = {**compiler_options(), "xla_backend_optimization_level": 3}
    text = program.compile(options).as_text()
    assert "convolution(" in text
    assert "ynn_fusion" not in text


LARGE_AND_SMALL = """
import jax, jax.numpy as jnp
from deepkit.core.compiler_options import jit
def loss(x, w):
    for _ in range(8):
        x = jnp.tanh(x @ w)
    return x.sum()
for rows in (8192, 64):
    jit(jax.grad(loss))(jnp.ones((rows, 512)), jnp.ones((512, 512)))
"""


def test_programs_with_large_temporary_arrays_are_not_kept(tmp_path):
    """XLA cannot write them. JAX would warn of it, which is an error where users say so."""
    environment = {
        **os.environ,
        "JAX_COMPILATION_CACHE_DIR": str(tmp_path),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", LARGE_AND_SMALL],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert len(list(tmp_path.glob("jit_loss-*-cache"))) == 1
