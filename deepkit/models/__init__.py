"""Models: drawn, chained and subclassed."""

from deepkit.saving import load_model as load_model
from deepkit.saving import save_model as save_model

from ._cloning import clone_model as clone_model
from ._from_json import model_from_json as model_from_json
from ._function import Function as Function
from ._jax_model import JaxModel as JaxModel
from ._model import Model as Functional
from ._model import Model as Model
from ._sequential import Sequential as Sequential
