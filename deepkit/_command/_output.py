"""Writes to the terminal what files and errors say, whatever letters it knows."""

import sys


def say(text: str) -> None:
    """Print text; letters that the terminal lacks are escaped."""
    encoding = sys.stdout.encoding or "ascii"
    print(text.encode(encoding, "backslashreplace").decode(encoding))


def say_error(error: BaseException) -> None:
    """Print an error and its notes on the stream for errors."""
    lines = [str(error), *getattr(error, "__notes__", ())]
    for line in "\n".join(lines).splitlines():
        shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)
        print(f"deepkit: {shown}".encode("ascii", "backslashreplace").decode(), file=sys.stderr)
