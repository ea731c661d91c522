"""Buffers come from a heap of large pages that keeps what is freed, if the user does not object."""

import os
import platform
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="The settings are those of glibc."
)

# A block of 64 MiB is taken and given back twice; a page that is new to the process is a fault.
SCRIPT = """
import resource, deepkit, ctypes
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    libc.free(ctypes.memset(libc.malloc(2**26), 1, 2**26))
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
ctypes.memset.restype, ctypes.memset.argtypes = ctypes.c_void_p, [
    ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
faults()
print(faults())
parts = open("/proc/self/smaps").read().split("VmFlags:")
print(sum(int(head.split("Size:")[-3].split()[0]) // 1024
          for head, flags in zip(parts, parts[1:])
          if "[heap]" in head and " hg" in flags.splitlines()[0]))
"""


def run(**environment):
    """The faults of a second use of a block, and MiB of heap that ask for large pages."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MALLOC_", "GLIBC_", "LD_PRELOAD", "DEEPKIT_"))
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**inherited, **environment}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    faults, large_pages = done.stdout.split()
    return int(faults), int(large_pages)


def test_what_is_freed_is_kept_in_large_pages():
    faults, large_pages = run()
    assert faults < 16
    assert large_pages > 1024


@pytest.mark.parametrize(
    "setting", [{"DEEPKIT_MALLOC": "off"}, {"MALLOC_ARENA_MAX": "4"}, {"LD_PRELOAD": "libm.so.6"}]
)
def test_settings_of_the_user_are_left_alone(setting):
    _, large_pages = run(**setting)
    assert large_pages == 0


def test_little_address_space_is_left_alone():
    script = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**32, 2**32)); "
        "from deepkit.core.memory import keep_memory; print(keep_memory())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("False\n", "")
