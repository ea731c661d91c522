"""`deepkit inspect FILE`."""

import argparse
import json
from typing import Any

from deepkit import saving

from ._output import say


def add_to(commands: Any) -> None:
    """Add the command to the parser's."""
    text = "Print what is in a file; nothing in it is built, imported or run."
    parser = commands.add_parser("inspect", help=text, description=text)
    parser.add_argument(
        "file", metavar="FILE", help="a .keras, .h5, .weights.h5 or .safetensors file"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument(
        "--no-verify",
        action="store_true",
        help="do not read the arrays to compare them with the checksums in the file",
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    report = saving.inspect_file(options.file, verify=not options.no_verify)
    say(json.dumps(report.to_dict(), indent=2) if options.json else str(report))
    return 0
