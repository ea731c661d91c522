"""What the training loop needs of a model."""

from collections.abc import Callable
from typing import Any, Protocol

from deepkit.metrics import Metric
from deepkit.tensors import Variable


class Trainable(Protocol):
    """A model as training sees it; `Model` is one."""

    name: str
    built: bool
    stop_training: bool
    optimizer: Any
    output_names: list[str] | None

    @property
    def variables(self) -> list[Variable]: ...
    @property
    def trainable_variables(self) -> list[Variable]: ...
    @property
    def metrics(self) -> list[Metric]: ...
    @property
    def losses(self) -> list[Any]: ...
    @property
    def _trainer(self) -> Any: ...
    @property
    def _graph(self) -> Any: ...

    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
    def reset_metrics(self) -> None: ...
    def get_metrics_result(self) -> dict[str, Any]: ...
    def train_step(self, data: Any) -> Any: ...
    def test_step(self, data: Any) -> Any: ...
    def predict_step(self, data: Any) -> Any: ...
    def compute_loss(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool
    ) -> Any: ...
    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any) -> Any: ...


def is_default(model: Any, *methods: str) -> bool:
    """Whether a model has deepkit's own version of all of some methods."""
    return all(getattr(type(model), m).__module__.startswith("deepkit.") for m in methods)


Step = Callable[[Any], Any]
