"""The names that TensorFlow keeps under `autograph.experimental`."""

from ._api import do_not_convert as do_not_convert
from ._directives import set_loop_options as set_loop_options
