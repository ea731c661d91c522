"""Building a model before it is traced: all variables of a step are made by shapes alone."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.autograph import convert_on_demand
from deepkit.core import tree, user_code
from deepkit.data import unpack_x_y_sample_weight
from deepkit.tensors import KerasTensor, infer_outputs, is_array
from deepkit.training._steps import check_logs, compute_loss
from deepkit.training._trainable import Trainable, is_default


def ensure_built(model: Trainable, batch: Any, mode: str) -> None:
    """Make the variables of the model, the optimizer and the metrics, if any are missing.

    Args:
        model: the model.
        batch: a batch of arrays, of which the shapes and dtypes matter.
        mode: `"train"`, `"test"` or `"predict"`.

    Raises:
        DeepkitError: the batch does not fit the model, its loss or its metrics.
    """
    is_own = is_default(model, f"{mode}_step")
    if not _is_complete(model, mode, is_own):
        if is_own:
            _evaluate_shapes(model, batch, _forward(model, mode))
        else:
            _evaluate_twice(model, batch, _step(model, mode))
        model.built = True
        model._trainer.evaluated_modes.add(mode)
    if mode == "train":
        _ensure_optimizer(model, is_own)


def _ensure_optimizer(model: Trainable, is_own: bool) -> None:
    """Make the state of the compiled optimizer; if it is there, that of weights unfrozen since."""
    optimizer, variables, trainer = model.optimizer, model.trainable_variables, model._trainer
    if optimizer is None:
        return
    if not optimizer.built:
        if is_own:
            optimizer.build(variables)
        return
    has_all = not optimizer.unknown(variables)
    if trainer.optimizer_had_all is None:
        trainer.optimizer_had_all = has_all
    # A step of the user's may keep an optimizer for a part of the model.
    if not has_all and (is_own or trainer.optimizer_had_all):
        optimizer.rebuild(variables)


def _is_complete(model: Trainable, mode: str, is_own: bool) -> bool:
    """Whether all that a step needs was made; of a step of the user's, whether it ran on shapes."""
    if not model.built or not is_own:
        return model.built and mode in model._trainer.evaluated_modes
    return mode == "predict" or all(part.built for part in _compiled_parts(model))


def _compiled_parts(model: Trainable) -> list[Any]:
    trainer = model._trainer
    parts = (trainer.compile_loss, trainer.compile_metrics)
    return [part for part in parts if part is not None]


def _evaluate_shapes(model: Trainable, batch: Any, step: Callable[[Any], None]) -> None:
    """Run a step on shapes. What does not fit leaves loss and metrics as they were."""
    unbuilt = [part for part in _compiled_parts(model) if not part.built]
    try:
        symbols = tree.map_structure(_symbol, batch)
        convert_on_demand(lambda: infer_outputs(step, (symbols,), {}))
    except BaseException:
        for part in unbuilt:
            part.built = False
        raise


def _evaluate_twice(model: Trainable, batch: Any, step: Callable[[Any], None]) -> None:
    """Run a step of the user's, which may look for weights before it calls the layers with them.

    The first run makes these weights. Only the second one makes the state of optimizers, which then
    get to see all weights.
    """
    count = len(model.variables)
    try:
        with _idle(model._trainer.optimizers):
            _evaluate_shapes(model, batch, step)
    except Exception:
        if len(model.variables) == count:
            raise
    _evaluate_shapes(model, batch, step)


@contextlib.contextmanager
def _idle(optimizers: list[Any]) -> Iterator[None]:
    """Let optimizers do nothing."""
    for optimizer in optimizers:
        object.__setattr__(optimizer, "apply", lambda *_, **__: None)
    try:
        yield
    finally:
        for optimizer in optimizers:
            object.__delattr__(optimizer, "apply")


def _forward(model: Trainable, mode: str) -> Callable[[Any], None]:
    """The default step without gradients, which make no variables."""

    def run(batch: Any) -> None:
        x, y, sample_weight = unpack_x_y_sample_weight(batch)
        training = mode == "train"
        y_pred = _known_outputs(model, x)
        if y_pred is None:
            y_pred = model(x, training=training)
        if mode != "predict":
            compute_loss(model, x, y, y_pred, sample_weight, training)
            model.compute_metrics(x, y, y_pred, sample_weight)

    return run


def _known_outputs(model: Trainable, x: Any) -> Any:
    """Outputs of the shapes that a drawn model of deepkit's layers has noted; `None` if unknown.

    All variables of such a model are there, so it need not be traced.
    """
    if model._graph is None or not model.built or not model._trainer.call_state().is_known:
        return None
    inputs, outputs = model._graph.inputs, model._graph.outputs
    given = jax.tree.leaves(x)
    sizes = {value.shape[:1] for value in given}
    if len(given) != len(inputs) or len(sizes) != 1 or sizes == {()}:
        return None
    if any(v.dtype.name != i.dtype or v.shape[1:] != i.shape[1:] for v, i in zip(given, inputs)):
        return None
    if any(t.shape[:1] != (None,) or None in t.shape[1:] for t in (*inputs, *outputs)):
        return None
    (size,) = sizes
    return tree.map_structure(
        lambda leaf: (
            jnp.zeros(size + leaf.shape[1:], leaf.dtype) if isinstance(leaf, KerasTensor) else leaf
        ),
        model._graph.outputs_structure,
    )


def _step(model: Trainable, mode: str) -> Callable[[Any], None]:
    def run(batch: Any) -> None:
        result = user_code.prepared(getattr(model, f"{mode}_step"))(batch)
        if mode != "predict":
            check_logs(result, f"{mode}_step")

    return run


def _symbol(leaf: Any) -> Any:
    if leaf is None or not is_array(leaf):
        return leaf
    return KerasTensor(leaf.shape, dtype=leaf.dtype.name)
