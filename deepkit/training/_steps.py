"""The default steps of training, evaluation and prediction, in plain stateful style."""

import inspect
from typing import Any

import jax

from deepkit.autodiff import value_and_grad
from deepkit.core import tree
from deepkit.core.errors import ArgumentTypeError
from deepkit.data import unpack_x_y_sample_weight
from deepkit.metrics import Metric
from deepkit.tensors import get_mask, set_mask
from deepkit.training._counted_rows import count_rows, leave_out_rows
from deepkit.training._trainable import Trainable


def train_step(model: Trainable, data: Any) -> dict[str, Any]:
    """Update the model by a batch; returns the logs."""
    x, y, y_pred, sample_weight = train_update(model, data)
    return model.compute_metrics(x, y, y_pred, sample_weight)


def train_update(model: Trainable, data: Any) -> tuple[Any, Any, Any, Any]:
    """Update the model by a batch, all but its compiled metrics."""
    x, y, sample_weight = unpack_x_y_sample_weight(data)
    optimizer = model.optimizer
    variables = model.trainable_variables

    def forward() -> tuple[Any, tuple[Any, list[Any], Any]]:
        y_pred = model(x, training=True)
        leave_out_rows(y_pred)
        loss = compute_loss(model, x, y, y_pred, sample_weight, training=True)
        masks = [get_mask(output) for output in tree.flatten(y_pred)]
        return optimizer.scale_loss(loss), (y_pred, masks, loss)

    if variables:
        (_, (y_pred, masks, loss)), gradients = value_and_grad(forward, variables, has_aux=True)()
        optimizer.apply(gradients, variables)
        # What comes out of a gradient are other arrays.
        for output, mask in zip(tree.flatten(y_pred), masks):
            if mask is not None:
                set_mask(output, mask)
    else:
        _, (y_pred, _, loss) = forward()
    model._trainer.track_loss(loss, _rows(x))
    return x, y, y_pred, sample_weight


def test_step(model: Trainable, data: Any) -> dict[str, Any]:
    """Evaluate the model on a batch; returns the logs."""
    x, y, y_pred, sample_weight = test_update(model, data)
    return model.compute_metrics(x, y, y_pred, sample_weight)


def test_update(model: Trainable, data: Any) -> tuple[Any, Any, Any, Any]:
    """Evaluate the model on a batch, all but its compiled metrics."""
    x, y, sample_weight = unpack_x_y_sample_weight(data)
    y_pred = model(x, training=False)
    leave_out_rows(y_pred)
    loss = compute_loss(model, x, y, y_pred, sample_weight, training=False)
    model._trainer.track_loss(loss, _rows(x))
    return x, y, y_pred, sample_weight


def compute_loss(
    model: Trainable, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool
) -> Any:
    """What `model.compute_loss` returns; a user's may do without its newer argument `training`."""
    parameters = inspect.signature(model.compute_loss).parameters
    takes_all = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    options = {"training": training} if takes_all or "training" in parameters else {}
    return model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, **options)


def predict_step(model: Trainable, data: Any) -> Any:
    """The outputs for a batch."""
    x, _, _ = unpack_x_y_sample_weight(data)
    return model(x, training=False)


def metrics_results(metrics: list[Metric]) -> dict[str, Any]:
    """The results of metrics by name; a metric whose result is a dict adds its entries."""
    results: dict[str, Any] = {}
    for metric in metrics:
        result = metric.result()
        results.update(result if isinstance(result, dict) else {metric.name: result})
    return results


def _rows(x: Any) -> Any:
    return count_rows(next(leaf for leaf in tree.flatten(x) if leaf is not None).shape[0])


def check_logs(logs: Any, method: str) -> None:
    """Raise unless a step returned what can be logged.

    Raises:
        ArgumentTypeError: it is no dict.
    """
    if not isinstance(logs, dict):
        raise ArgumentTypeError(
            f"Expected `{method}` to return a dict of values by name, such as "
            f"`{{'loss': loss}}`, received {type(logs).__name__}."
        )


def to_host(logs: Any) -> dict[str, Any]:
    """Logs as Python numbers, fetched from the device in one go; arrays stay arrays."""
    # JAX would sort the keys of a dict.
    values = [value.value if hasattr(value, "assign") else value for value in logs.values()]
    return {name: _plain(value) for name, value in zip(logs, jax.device_get(values))}


def _plain(value: Any) -> Any:
    return value.item() if getattr(value, "shape", None) == () else value
