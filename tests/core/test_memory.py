"""Programs get the memory that they had before, if the user does not object."""

import os
import platform
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="The settings are those of glibc."
)

# The temporary arrays of a program take 96 MiB. A page that is new to the process is a fault.
SCRIPT = """
import resource
import deepkit, jax, jax.numpy as jnp
from deepkit.core.compiler_options import jit
def loss(x, w):
    for _ in range(12):
        x = jnp.tanh(x @ w)
    return x.sum()
program, arguments = jit(jax.grad(loss)), (jnp.ones((4096, 512)), jnp.ones((512, 512)))
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    jax.block_until_ready(program(*arguments))
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
for _ in range(20):  # each of XLA's threads takes memory of its own
    faults()
print(sorted(faults() for _ in range(15))[7])
"""


def run(**environment):
    """The median number of pages that are new in a run."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MALLOC_", "GLIBC_", "LD_PRELOAD", "DEEPKIT_", "XLA_"))
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**inherited, "DEEPKIT_COMPILATION_CACHE": "off", **environment},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return int(done.stdout)


def test_memory_of_a_run_is_kept_for_the_next_one():
    assert run() < 1000


def test_one_block_for_all_would_be_new_each_time():
    assert run(XLA_FLAGS="--xla_multiheap_size_constraint_per_heap=-1") > 10_000


@pytest.mark.parametrize(
    "setting",
    [{}, {"DEEPKIT_MALLOC": "off"}, {"MALLOC_ARENA_MAX": "4"}, {"LD_PRELOAD": "libm.so.6"}],
)
def test_settings_of_the_user_are_left_alone(setting):
    script = "from deepkit.core.memory import keep_memory; print(keep_memory())"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **setting}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == f"{not setting}\n"
