"""CallState: what calls of a model depend on, and whether that is known."""

from typing import Any

from deepkit.tensors import Variable, global_seed_generator
from deepkit.training._library_code import is_library_code
from deepkit.training._snapshot import Snapshot


class CallState:
    """A model as its calls see it, until something in it changes.

    Args:
        model: the model.

    Attributes:
        snapshot: of the model alone, without what `compile` was given.
        variables: what calls may read and write.
        is_known: whether calls run nothing but deepkit's own code, so that all they depend on is
            in the snapshot and in the variables.
        size: the number of layers.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        generator = global_seed_generator()
        self.snapshot = Snapshot((model,), (generator,))
        self.variables = variables_of_calls(model)
        self.is_known = self.snapshot.watch.is_complete and is_library_code(model, self.variables)
        self._losses = [layer._eager_losses for layer in model._flatten_layers()]
        self.size = len(self._losses)

    def holds(self) -> bool:
        """Whether nothing has changed."""
        return self.snapshot.holds(self._model, global_seed_generator())

    @property
    def has_losses(self) -> bool:
        """Whether a layer has losses that were added in a call or outside of one."""
        return any(self._losses)


def variables_of_calls(model: Any) -> list[Variable]:
    """The variables that calls of a model of library code may read and write."""
    return [*model.variables, global_seed_generator().state]
