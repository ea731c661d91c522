"""Strict grounds for every test: Keras on JAX, strict promotion, warnings are errors."""

import importlib.metadata
import os
import pathlib
import signal

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("JAX_PLATFORMS", "cpu")
# Most of the time goes into compiling. So XLA optimizes little (set XLA_FLAGS to "" for what users
# run), and workers and processes that tests start share what they compiled.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0"
    + (" --xla_cpu_use_fusion_emitters=false" * (importlib.metadata.version("jaxlib") < "0.11")),
)
os.environ.setdefault(
    "JAX_COMPILATION_CACHE_DIR", str(pathlib.Path(__file__).parent.parent / ".pytest_cache" / "jax")
)
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "0")

import jax
import pytest

jax.config.update("jax_numpy_dtype_promotion", "strict")


@pytest.fixture(autouse=True)
def _warnings_are_errors():
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Workers share compiled programs, and JAX writes a file in place: one worker may read what
        # another one has half written, and compiles for itself then.
        warnings.filterwarnings("ignore", "Error reading persistent compilation cache entry")
        yield


@pytest.fixture(autouse=True, scope="session")
def _ctrl_c_interrupts():
    # A process that is started in the background ignores it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
