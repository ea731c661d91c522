"""The command `deepkit`: looks into files of models, and rewrites them."""

from ._main import main as main
