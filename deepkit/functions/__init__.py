"""Functions compiled together with the state that they use."""

from ._concrete_function import ConcreteFunction as ConcreteFunction
from ._eager_mode import functions_run_eagerly as functions_run_eagerly
from ._eager_mode import run_functions_eagerly as run_functions_eagerly
from ._function import CompiledFunction as CompiledFunction
from ._function import function as function
