"""The list of callbacks: order, logs, batch hooks, early checks; and the simplest callbacks."""

import jax.numpy as jnp
import numpy as np
import pytest

from deepkit.callbacks import (
    BackupAndRestore,
    Callback,
    CallbackList,
    CSVLogger,
    EarlyStopping,
    History,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ProgbarLogger,
    ReduceLROnPlateau,
    SwapEMAWeights,
    TerminateOnNaN,
)
from deepkit.core import config
from deepkit.core.errors import ArgumentTypeError, StateError, UnknownNameError
from tests.callbacks.fakes import FakeModel, FakeOptimizer

HOOKS = [name for name in dir(Callback) if name.startswith("on_")]
BATCH_HOOKS = [name for name in HOOKS if "batch" in name]
PHASES = {"train": "fit", "test": "evaluate", "predict": "predict"}


class Recorder(Callback):
    """Records each call of a hook."""

    def __init__(self):
        self.calls = []


def _record(name):
    def hook(self, *arguments, **keywords):
        self.calls.append((name, arguments, keywords))

    return hook


for name in HOOKS:
    setattr(Recorder, name, _record(name))


@pytest.mark.parametrize("hook", [name for name in HOOKS if name[3:8] != "batch"])
def test_each_hook_reaches_all_callbacks(hook):
    recorders = [Recorder(), Recorder()]
    callbacks = CallbackList([recorders[0], [recorders[1]]])
    if "batch" in hook:
        getattr(callbacks, hook)(3, {"loss": 1.0})
        expected = (hook, (3,), {"logs": {"loss": 1.0}})
    elif "epoch" in hook:
        getattr(callbacks, hook)(3, {"loss": 1.0})
        expected = (hook, (3, {"loss": 1.0}), {})
    else:
        getattr(callbacks, hook)({"loss": 1.0})
        expected = (hook, ({"loss": 1.0},), {})
    for recorder in recorders:
        assert recorder.calls == [expected]


@pytest.mark.parametrize("when", ["begin", "end"])
def test_old_names_of_batch_hooks(when):
    class Old(Callback):
        calls = ()

        def on_batch_begin(self, batch, logs=None):
            self.calls += (("begin", batch, logs),)

        def on_batch_end(self, batch, logs=None):
            self.calls += (("end", batch, logs),)

    old = Old()
    callbacks = CallbackList(old)
    assert callbacks.has_batch_hooks_in("train")
    getattr(callbacks, f"on_train_batch_{when}")(2, {"loss": 1.0})
    getattr(callbacks, f"on_batch_{when}")(3)
    assert old.calls == ((when, 2, {"loss": 1.0}), (when, 3, {}))


@pytest.mark.parametrize("hook", BATCH_HOOKS)
def test_batch_hooks_are_noticed(hook):
    phase = hook.split("_")[1]
    phase = "train" if phase == "batch" else phase
    derived = type("Derived", (Callback,), {hook: lambda self, batch, logs=None: None})()
    made = LambdaCallback(**{hook: lambda batch, logs: None})
    for callback in (derived, made):
        callbacks = CallbackList([History(), callback])
        assert callbacks.has_batch_hooks
        assert [p for p in PHASES if callbacks.has_batch_hooks_in(p)] == [phase]


QUIET = {
    "EarlyStopping": lambda path: EarlyStopping(),
    "History": lambda path: History(),
    "ProgbarLogger": lambda path: ProgbarLogger(),
    "CSVLogger": lambda path: CSVLogger(path / "log.csv"),
    "LearningRateScheduler": lambda path: LearningRateScheduler(lambda epoch: 0.1),
    "ReduceLROnPlateau": lambda path: ReduceLROnPlateau(),
    "SwapEMAWeights": lambda path: SwapEMAWeights(),
    "ModelCheckpoint": lambda path: ModelCheckpoint(path / "a.keras"),
    "BackupAndRestore": lambda path: BackupAndRestore(path),
}


@pytest.mark.parametrize("name", QUIET)
def test_callbacks_that_leave_batches_alone(name, tmp_path):
    assert not CallbackList(QUIET[name](tmp_path)).has_batch_hooks


@pytest.mark.parametrize("kind", [ModelCheckpoint, BackupAndRestore])
def test_a_number_of_batches_asks_for_batches(kind, tmp_path):
    path = str(tmp_path / "a.keras")
    assert CallbackList(kind(path, save_freq=5)).has_batch_hooks_in("train")

    class Derived(kind):
        def on_train_batch_end(self, batch, logs=None):
            pass

    assert CallbackList(Derived(path)).has_batch_hooks_in("train")


def test_constructor_of_a_subclass_may_forget_the_base():
    class Forgetful(Callback):
        def __init__(self):
            pass

    callback = Forgetful()
    assert callback.model is None and callback.params is None
    CallbackList(callback, model=FakeModel(), epochs=3)
    assert callback.model.built and callback.params == {"epochs": 3}


def test_logs_become_plain_numbers_and_are_shared():
    seen = []
    first = LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(extra=1.0))
    second = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(logs))
    callbacks = CallbackList([first, second], add_history=True)
    logs = {"loss": jnp.array(0.5), "more": {"a": np.float32(2)}, "rows": np.ones(2), "note": "x"}
    callbacks.on_train_begin()
    callbacks.on_epoch_end(0, lambda: logs)
    (plain,) = seen
    assert type(plain["loss"]) is float and plain["loss"] == 0.5 and plain["a"] == 2.0
    assert plain["rows"].shape == (2,) and plain["note"] == "x" and plain["extra"] == 1.0
    assert callbacks.history.history["extra"] == [1.0]


def test_logs_are_not_read_for_nobody():
    def read():
        raise AssertionError("logs were read")

    callbacks = CallbackList([History()], add_progbar=True, verbose=0)
    callbacks.on_train_begin()
    callbacks.on_epoch_begin(0)
    for batch in range(3):
        callbacks.on_train_batch_begin(batch, read)
        callbacks.on_train_batch_end(batch, read)


def test_predictions_stay_as_they_are():
    recorder = Recorder()
    outputs = {"a": jnp.ones(2)}
    CallbackList(recorder).on_predict_batch_end(0, {"outputs": outputs})
    assert recorder.calls[0][2]["logs"]["outputs"] is outputs


def test_defaults_are_added_once_and_backups_come_last(tmp_path):
    backup, history = BackupAndRestore(tmp_path), History()
    callbacks = CallbackList([backup, history], add_history=True, add_progbar=True)
    kinds = [type(callback) for callback in callbacks.callbacks]
    assert kinds == [History, ProgbarLogger, BackupAndRestore]
    assert callbacks.history is history
    stop = EarlyStopping()
    callbacks.append(stop)
    assert callbacks.callbacks[-1] is backup and stop in backup.peers


def test_model_and_params_reach_all():
    model = FakeModel()
    recorder = Recorder()
    callbacks = CallbackList(recorder, add_history=True, model=model, epochs=2, steps=5)
    assert recorder.model is model and callbacks.model is model
    assert recorder.params == {"epochs": 2, "steps": 5}
    assert model.history is callbacks.history
    late = Recorder()
    callbacks.append(late)
    assert late.model is model and late.params == recorder.params


@pytest.mark.parametrize(
    ("callback", "message"),
    [
        (History, r"Expected callbacks, received the class History. Make one of it: History\(\)\."),
        (3, "Expected callbacks to derive from `deepkit.callbacks.Callback`, received a int"),
    ],
)
def test_only_callbacks_are_taken(callback, message):
    with pytest.raises(ArgumentTypeError, match=message):
        CallbackList([callback])


def test_monitors_are_checked_before_training():
    callbacks = CallbackList(EarlyStopping("val_acc"), add_history=True, add_progbar=True)
    with pytest.raises(UnknownNameError) as info:
        callbacks.check_monitors(["loss", "val_loss", "val_accuracy"])
    assert str(info.value) == (
        "Expected `monitor` of EarlyStopping to be one of the logged names ['learning_rate', "
        "'loss', 'val_accuracy', 'val_loss'], received 'val_acc'. Did you mean 'val_accuracy'?"
    )
    CallbackList(EarlyStopping("val_loss")).check_monitors(["loss", "val_loss"])
    CallbackList(ModelCheckpoint("a.keras", "acc")).check_monitors(["loss"])


def test_monitors_may_be_names_that_callbacks_add():
    added = LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(f=1.0))
    callbacks = CallbackList([added, EarlyStopping("f", mode="max")], model=FakeModel())
    callbacks.check_monitors(["loss"])
    callbacks.on_epoch_end(0, {"loss": 1.0})

    class Adding(Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["f"] = 1.0

    CallbackList([Adding(), EarlyStopping("f")]).check_monitors(["loss"])


def test_history_records_and_starts_its_epochs_again():
    history = History()
    history.set_model(FakeModel())
    for _ in range(2):
        history.on_train_begin()
        history.on_epoch_end(0, {"loss": 1.0})
        history.on_epoch_end(1, {"loss": 0.5, "val_loss": 2.0})
    assert history.epoch == [0, 1]
    assert history.history == {"loss": [1.0, 0.5] * 2, "val_loss": [2.0, 2.0]}
    assert history.model.history is history


@pytest.mark.parametrize("hook", HOOKS)
def test_lambda_callback_takes_each_hook(hook):
    calls = []
    callback = LambdaCallback(**{hook: lambda *arguments: calls.append(arguments)})
    getattr(callback, hook)(1, 2)
    assert calls == [(1, 2)]


@pytest.mark.parametrize(
    ("hooks", "error", "message"),
    [
        (
            {"on_epoch_start": print},
            UnknownNameError,
            "received 'on_epoch_start'. Did you mean 'on",
        ),
        ({"on_epoch_end": 3}, ArgumentTypeError, "`on_epoch_end` to be a function, received a int"),
        ({"on_test_end": 3}, ArgumentTypeError, "`on_test_end` to be a function, received a int"),
    ],
)
def test_lambda_callback_checks_hooks(hooks, error, message):
    with pytest.raises(error) as info:
        LambdaCallback(**hooks)
    assert message in str(info.value)


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), -float("inf")])
def test_terminate_on_nan(loss, capsys):
    model = FakeModel()
    callbacks = CallbackList(TerminateOnNaN(), model=model)
    callbacks.on_train_batch_end(0, {"loss": 1.0})
    callbacks.on_train_batch_end(1, {})
    assert not model.stop_training
    callbacks.on_train_batch_end(2, {"loss": jnp.array(loss)})
    assert model.stop_training
    assert capsys.readouterr().out == f"Batch 2: the loss is {loss}; training stops.\n"


def test_terminate_on_nan_may_raise():
    callbacks = CallbackList(TerminateOnNaN(raise_error=True), model=FakeModel(FakeOptimizer()))
    with pytest.raises(
        StateError, match=r"Expected a finite loss, received nan in batch 4\. Lower"
    ):
        callbacks.on_train_batch_end(4, {"loss": float("nan")})


def test_messages_go_to_the_log_without_interactive_logging(capsys, caplog):
    config.disable_interactive_logging()
    try:
        with caplog.at_level("INFO", "deepkit"):
            callbacks = CallbackList(TerminateOnNaN(), model=FakeModel())
            callbacks.on_train_batch_end(0, {"loss": float("nan")})
    finally:
        config.enable_interactive_logging()
    assert capsys.readouterr().out == ""
    assert caplog.messages == ["Batch 0: the loss is nan; training stops."]
