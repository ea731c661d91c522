"""A folder in which JAX keeps what deepkit compiles, from one process to the next."""

import dataclasses
import functools
import hashlib
import os
import pathlib
import platform
import stat
import sys

import jax

_VARIABLE = "DEEPKIT_COMPILATION_CACHE"
_MAX_BYTES = 2**30
# What compiles faster is not worth a file.
_MIN_SECONDS = 0.2


@dataclasses.dataclass
class _State:
    is_decided: bool = False


_STATE = _State()


def compilation_cache_dir() -> str | None:
    """The folder in which compiled programs are kept; `None` if they are not.

    By default it lies in `$XDG_CACHE_HOME/deepkit`, or `~/.cache/deepkit`, takes at most 1 GiB, and
    is read and written by its owner alone. The environment variable `DEEPKIT_COMPILATION_CACHE`
    names another one, or turns it off by the value `off`. A folder that was given to JAX itself, by
    `JAX_COMPILATION_CACHE_DIR`, comes first.

    Example:
        >>> import deepkit
        >>> folder = deepkit.config.compilation_cache_dir()
    """
    keep_compiled_programs()
    return jax.config.jax_compilation_cache_dir


def set_compilation_cache_dir(path: str | os.PathLike[str] | None) -> None:
    """Keep compiled programs in a folder of one's own, or not at all.

    Args:
        path: the folder, which is made if it does not exist; `None` to keep none.

    Raises:
        OSError: the folder cannot be made.
    """
    folder = None if path is None else pathlib.Path(path).expanduser()
    if folder is not None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _STATE.is_decided = True
    _use(folder)


def keep_compiled_programs() -> None:
    """Have JAX keep programs in deepkit's folder, unless the user decided otherwise.

    Called before the first program of training or prediction is compiled, and not on import, so
    that importing deepkit changes no setting of JAX. Where the folder cannot be made, or others may
    write to it, nothing is kept.
    """
    if _STATE.is_decided:
        return
    _STATE.is_decided = True
    wanted = os.environ.get(_VARIABLE, "")
    is_set = jax.config.jax_compilation_cache_dir is not None
    if is_set or not jax.config.jax_enable_compilation_cache or wanted.lower() in ("off", "0"):
        return
    try:
        folder = pathlib.Path(wanted).expanduser() if wanted else _default_folder()
        if _prepare(folder):
            _shrink(folder, _MAX_BYTES)
            _use(folder / _machine())
    except (OSError, RuntimeError):  # no home, or nothing can be written there
        return


def _use(folder: pathlib.Path | None) -> None:
    jax.config.update("jax_compilation_cache_dir", None if folder is None else str(folder))
    if folder is not None:
        jax.config.update("jax_persistent_cache_min_compile_time_secs", _MIN_SECONDS)


def _default_folder() -> pathlib.Path:
    base = os.environ.get("XDG_CACHE_HOME")
    parent = pathlib.Path(base) if base else pathlib.Path.home() / ".cache"
    return parent / "deepkit" / "compiled"


def _prepare(folder: pathlib.Path) -> bool:
    """Make the folder; whether it is the user's own and nobody else can write there."""
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True)
        print(
            f"deepkit keeps compiled programs in {folder} (at most 1 GiB; {_VARIABLE}=off turns "
            f"this off).",
            file=sys.stderr,
        )
    # Programs are native code: what others could put there would run as the user.
    found = folder.stat()
    is_own = not hasattr(os, "getuid") or found.st_uid == os.getuid()
    return is_own and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _shrink(folder: pathlib.Path, limit: int) -> None:
    """Remove the files that were not read for longest until the rest takes at most `limit`."""
    files = []
    for path in folder.rglob("*-cache"):
        found = path.stat()
        files.append((max(found.st_atime, found.st_mtime), found.st_size, path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total <= limit:
            break
        path.unlink(missing_ok=True)
        total -= size


@functools.cache
def _machine() -> str:
    """A name for the kind of this machine: native code of one may not run on another."""
    description = [platform.system(), platform.machine()]
    cpu = pathlib.Path("/proc/cpuinfo")
    if cpu.exists():
        lines = cpu.read_text().splitlines()
        description += sorted({x for x in lines if x.startswith(("model name", "flags", "Feat"))})
    return hashlib.sha256("\n".join(description).encode()).hexdigest()[:16]
