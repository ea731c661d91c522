"""Says where in the user's code something happens."""

import os
import sys
import types

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep


def is_converted(code: types.CodeType) -> bool:
    """Whether code was made by a conversion: it finds its operators as `ag__`."""
    return "ag__" in code.co_freevars or "ag__" in code.co_cellvars


def user_line() -> str:
    """`"file.py:12: "` for the innermost line of converted code that runs now, or nothing."""
    frame = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if is_converted(code) and not code.co_filename.startswith(_PACKAGE):
            return f"{os.path.basename(code.co_filename)}:{frame.f_lineno}: "
        frame = frame.f_back
    return ""
