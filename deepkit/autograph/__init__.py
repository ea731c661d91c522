"""AutoGraph: `if`, `while` and `for` that depend on tensors, compiled."""

from . import experimental as experimental
from ._api import convert as convert
from ._api import do_not_convert as do_not_convert
from ._api import set_verbosity as set_verbosity
from ._api import to_code as to_code
from ._api import to_graph as to_graph
from ._api import trace as trace
from ._directives import set_loop_options as set_loop_options
from ._on_demand import NEEDS_CONVERSION as NEEDS_CONVERSION
from ._on_demand import convert_on_demand as convert_on_demand
from ._on_demand import converting as converting
from ._print import print as print
