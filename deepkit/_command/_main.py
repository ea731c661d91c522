"""Parses the command line, and says errors in a line instead of a traceback."""

import argparse
import os
import sys
from collections.abc import Sequence

from deepkit._version import __version__
from deepkit.core.errors import DeepkitError

from . import _convert, _inspect
from ._output import say_error

_COMMANDS = (_inspect, _convert)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: those after the command's name; of the process if `None`.

    Returns:
        The exit code: 0 if all went well, 1 if a file or the disk stood in the way. Wrong usage
        ends the process with 2, as programs do.
    """
    options = _parser().parse_args(arguments)
    try:
        code = options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # Who read the output has seen enough; Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (DeepkitError, OSError) as error:
        say_error(error)
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="deepkit", description="Look into files of models and weights, and rewrite them."
    )
    parser.add_argument("--version", action="version", version=f"deepkit {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add_to(commands)
    return parser
