"""Models: drawn, chained and subclassed."""

from ._function import Function as Function
from ._model import Model as Functional
from ._model import Model as Model
from ._sequential import Sequential as Sequential
