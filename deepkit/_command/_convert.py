"""`deepkit convert IN OUT`."""

import argparse
import importlib
import os
import sys
from typing import Any

from deepkit import saving
from deepkit.core.errors import ArgumentError, SerializationError

from ._output import say


def add_to(commands: Any) -> None:
    """Add the command to the parser's."""
    text = "Rewrite a file in the format of another ending, and say what was kept and lost."
    parser = commands.add_parser("convert", help=text, description=text)
    endings = "a .keras, .h5, .weights.h5 or .safetensors file"
    parser.add_argument("source", metavar="IN", help=endings)
    parser.add_argument("target", metavar="OUT", help=endings)
    parser.add_argument(
        "--custom-objects",
        metavar="MODULE",
        action="append",
        default=[],
        help="a module of yours, which is imported, with the classes and functions of the model",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it is there")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    objects: dict[str, Any] = {}
    for module in options.custom_objects:
        objects.update(_objects_of(module))
    try:
        report = saving.convert_file(options.source, options.target, objects, options.overwrite)
    except SerializationError as error:
        error.add_note("Name the module that has it by `--custom-objects MODULE`.")
        raise
    say(str(report))
    return 0


def _objects_of(name: str) -> dict[str, Any]:
    """The classes and functions that a module of the user defines, by their names."""
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ArgumentError(
            f"Expected `--custom-objects` to name a module that can be imported: {error}."
        ) from error
    return {
        key: value
        for key, value in vars(module).items()
        if callable(value) and getattr(value, "__module__", None) == module.__name__
    }
