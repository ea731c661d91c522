"""The programs of training, evaluation and prediction of a model."""

from collections.abc import Callable
from typing import Any

from deepkit.core import user_code
from deepkit.training._program import Binding, Program
from deepkit.training._steps import test_update, train_update
from deepkit.training._trainable import Step, Trainable, is_default

_UPDATES: dict[str, Callable[[Any, Any], Any]] = {"train": train_update, "test": test_update}


def bind_program(model: Trainable, mode: str, fresh: bool = False) -> Binding:
    """The compiled step of a mode, with the variables as they are now.

    The default steps work out the results of the metrics once after many steps; a step of the
    user's returns its logs each time.

    Args:
        model: the model.
        mode: `"train"`, `"test"` or `"predict"`.
        fresh: whether each step begins with resetting the metrics.
    """
    snapshot = model._trainer.snapshot(mode)
    kind = f"{mode}_afresh" if fresh else mode
    binding = snapshot.memo.get(kind)
    if binding is None:
        programs = model._trainer.programs
        program = programs.get(kind, snapshot.key, lambda: _make(model, mode, fresh))
        binding = snapshot.memo[kind] = program.bind()
    return binding


def _make(model: Trainable, mode: str, fresh: bool) -> Program:
    if mode in _UPDATES and is_default(model, f"{mode}_step", "compute_metrics"):
        update = _UPDATES[mode]

        def step(batch: Any) -> None:
            _, y, y_pred, sample_weight = update(model, batch)
            model._trainer.update_metrics(y, y_pred, sample_weight)

        results: Callable[[], Any] | None = lambda: model.get_metrics_result()  # noqa: E731
    else:
        step, results = own_step(model, mode), None
    state = model._trainer.state_of(mode)
    step = _after_reset(model, step) if fresh else step
    return Program(step, state, donates=mode == "train", results=results)


def _after_reset(model: Trainable, step: Step) -> Step:
    def run(batch: Any) -> Any:
        model.reset_metrics()
        return step(batch)

    return run


def own_step(model: Trainable, mode: str) -> Step:
    """The step method of a model, looked up when it is called."""
    return lambda batch: user_code.prepared(getattr(model, f"{mode}_step"))(batch)
