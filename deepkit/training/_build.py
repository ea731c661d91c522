"""Building a model before it is traced: all variables of a step are made by shapes alone."""

from typing import Any

from deepkit.core import tree
from deepkit.data import unpack_x_y_sample_weight
from deepkit.tensors import KerasTensor, infer_outputs, is_array
from deepkit.training._trainable import Trainable, is_default


def ensure_built(model: Trainable, batch: Any, mode: str) -> None:
    """Make the variables of the model, the optimizer and the metrics, if any are missing.

    Args:
        model: the model.
        batch: a batch of arrays, of which the shapes and dtypes matter.
        mode: `"train"`, `"test"` or `"predict"`.
    """
    symbols = tree.map_structure(_symbol, batch)
    if not is_default(model, f"{mode}_step"):
        if not _is_complete(model, mode):
            infer_outputs(_stateful(getattr(model, f"{mode}_step")), (symbols,), {})
            model.built = True
            _build_optimizer(model, mode)
        return
    x, y, _ = unpack_x_y_sample_weight(symbols)
    trainer = model._trainer
    metrics = trainer.compile_metrics
    needs_metrics = mode != "predict" and metrics is not None and not metrics.built
    loss = trainer.compile_loss
    needs_loss = mode != "predict" and loss is not None and not loss.built
    if not model.built or needs_metrics or needs_loss:
        y_pred = infer_outputs(lambda inputs: model(inputs, training=mode == "train"), (x,), {})
        if needs_metrics:
            metrics.build(y, y_pred)
        if needs_loss:
            loss.build(y, y_pred)
    _build_optimizer(model, mode)


def _build_optimizer(model: Trainable, mode: str) -> None:
    if mode == "train" and model.optimizer is not None and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)


def _is_complete(model: Trainable, mode: str) -> bool:
    return model.built and (mode != "train" or model.optimizer is None or model.optimizer.built)


def _stateful(step: Any) -> Any:
    def run(batch: Any) -> Any:
        step(batch)

    return run


def _symbol(leaf: Any) -> Any:
    if leaf is None or not is_array(leaf):
        return leaf
    return KerasTensor(leaf.shape, dtype=leaf.dtype.name)
