"""evaluate: the loss and metrics of a model on data."""

from typing import Any

from deepkit.callbacks import CallbackList
from deepkit.core.errors import DataError
from deepkit.data import Data, make_data, unpack_x_y_sample_weight
from deepkit.training._build import ensure_built
from deepkit.training._compile_metrics import CompileMetrics
from deepkit.training._runner import Runner
from deepkit.training._steps import to_host
from deepkit.training._trainable import Trainable


class Evaluator:
    """Evaluates a model on one set of data, as often as asked.

    Args:
        model: the model.
        data: the data.
        steps: batches to take, or `None` for all.
    """

    def __init__(self, model: Trainable, data: Data, steps: int | None) -> None:
        self._model = model
        ensure_built(model, data.peek(), "test")
        self.runner = Runner(model, "test", data, steps)

    @classmethod
    def of_validation_data(
        cls,
        model: Trainable,
        data: Any,
        batch_size: int | None,
        steps: int | None,
        finite: bool = False,
    ) -> "Evaluator":
        """From what `fit` takes as `validation_data`.

        Raises:
            DataError: it is a tuple of another length than 2 or 3.
        """
        if isinstance(data, tuple | list):
            if not 1 <= len(data) <= 3:
                raise DataError(
                    f"Expected `validation_data` to be (x, y) or (x, y, sample_weight), or "
                    f"batches; received a {type(data).__name__} of length {len(data)}."
                )
            x, y, sample_weight = unpack_x_y_sample_weight(tuple(data))
            made = make_data(x, y, sample_weight, batch_size=batch_size, steps=steps, finite=finite)
        else:
            made = make_data(data, steps=steps, finite=finite)
        return cls(model, made, steps)

    def run(self, callbacks: CallbackList) -> dict[str, Any]:
        """Evaluate; returns the results by name, as Python numbers."""
        self._model.reset_metrics()
        callbacks.on_test_begin()
        logs = to_host(self.runner.run(callbacks))
        callbacks.on_test_end(logs)
        return logs


def evaluate(
    model: Trainable,
    x: Any = None,
    y: Any = None,
    *,
    batch_size: int | None = None,
    verbose: Any = "auto",
    sample_weight: Any = None,
    steps: int | None = None,
    callbacks: Any = None,
    return_dict: bool = False,
    check_finite: bool = False,
) -> Any:
    """Evaluate a model; see `Model.evaluate`."""
    model._trainer.require_compiled("evaluate")
    data = make_data(x, y, sample_weight, batch_size=batch_size, steps=steps, finite=check_finite)
    evaluator = Evaluator(model, data, steps)
    if not isinstance(callbacks, CallbackList):
        callbacks = CallbackList(
            callbacks,
            add_progbar=verbose != 0,
            model=model,
            verbose=verbose,
            epochs=1,
            steps=evaluator.runner.steps,
        )
    try:
        logs = evaluator.run(callbacks)
    finally:
        evaluator.runner.close()
    return logs if return_dict else as_list(model, logs)


def as_list(model: Trainable, logs: dict[str, Any]) -> Any:
    """The values of logs as Keras lists them; one alone as it is.

    First those named like a metric, in the order of the metrics, then the others by name.
    """
    names: list[str] = []
    for metric in model.metrics:
        inner = metric.metrics if isinstance(metric, CompileMetrics) else [metric]
        names.extend(single.name for single in inner)
    first = [name for name in dict.fromkeys(names) if name in logs]
    values = [logs[name] for name in (*first, *sorted(set(logs) - set(first)))]
    return values[0] if len(values) == 1 else values
