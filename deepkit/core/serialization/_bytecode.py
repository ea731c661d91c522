"""Lambdas as Python bytecode, which safe mode refuses."""

import base64
import marshal
import types
from typing import Any

from deepkit.core.errors import SerializationError, UnsafeFileError

from ._context import in_safe_mode


def pack(function: types.FunctionType) -> dict[str, Any]:
    """The bytecode, defaults and closure of a lambda; the latter two may hold any objects."""
    return {
        "code": base64.b64encode(marshal.dumps(function.__code__)).decode("ascii"),
        "defaults": function.__defaults__,
        "closure": [cell.cell_contents for cell in function.__closure__ or ()] or None,
    }


def refuse_in_safe_mode() -> None:
    """Raise unless the load in progress may run code.

    Raises:
        UnsafeFileError: it may not.
    """
    if in_safe_mode():
        raise UnsafeFileError(
            "This config holds a lambda as Python bytecode, which could run anything on this "
            "machine. If you trust its source, load it with `safe_mode=False`; better, replace "
            "the lambda by a named function registered with `register_keras_serializable`."
        )


def unpack(code: str, defaults: Any, closure: Any) -> types.FunctionType:
    """The lambda that `pack` took apart; it sees Python's builtins and no other globals.

    Raises:
        UnsafeFileError: in safe mode.
        SerializationError: the bytecode is damaged or another Python's.
    """
    refuse_in_safe_mode()
    try:
        compiled = marshal.loads(base64.b64decode(code))
        return types.FunctionType(
            compiled,
            {"__builtins__": __builtins__},
            compiled.co_name,
            tuple(defaults) if defaults else None,
            tuple(types.CellType(content) for content in closure) if closure else None,
        )
    except (ValueError, EOFError, TypeError, AttributeError) as error:
        raise SerializationError(
            f"The bytecode of a lambda in this config cannot be read ({error}); another version "
            f"of Python may have written it. Use a named, registered function instead."
        ) from error
