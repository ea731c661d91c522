"""Lets `python -m deepkit` be the command `deepkit`."""

import sys

from deepkit._command import main

if __name__ == "__main__":
    sys.exit(main())
