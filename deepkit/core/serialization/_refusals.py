"""Turns what goes wrong with the config of a built-in class into one kind of error."""

import contextlib
import sys
import types
from collections.abc import Iterator

from deepkit.core.errors import (
    ConfigError,
    CorruptFileError,
    DataError,
    DeepkitError,
    UnsafeFileError,
    WeightMismatchError,
)

_REFUSALS = (UnsafeFileError, CorruptFileError, WeightMismatchError, DataError)
_OWN_PACKAGES = frozenset(
    {"deepkit", "jax", "jaxlib", "numpy", "ml_dtypes", "opt_einsum", *sys.stdlib_module_names}
)
_MOST_LETTERS = 2000


@contextlib.contextmanager
def refusing(note: str) -> Iterator[None]:
    """Raise what goes wrong inside as a `ConfigError`; what the user's own code raises, as it is.

    Args:
        note: added to the error: what was being made.

    Raises:
        ConfigError: something went wrong in deepkit, or below it.
    """
    try:
        yield
    except RecursionError:
        raise
    except Exception as error:
        if isinstance(error, _REFUSALS) or _passed_user_code(error.__traceback__):
            error.add_note(note)
            raise
        text = str(error)[:_MOST_LETTERS]
        if not isinstance(error, DeepkitError):
            text = f"The config cannot be used: {type(error).__name__}: {text}"
        refusal = ConfigError(text)
        for line in (*getattr(error, "__notes__", ()), note):
            refusal.add_note(line)
        raise refusal from error


def _passed_user_code(traceback: types.TracebackType | None) -> bool:
    while traceback is not None:
        module = traceback.tb_frame.f_globals.get("__name__") or ""
        if module.partition(".")[0] not in _OWN_PACKAGES:
            return True
        traceback = traceback.tb_next
    return False
