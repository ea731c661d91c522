"""Callbacks go on from what they told a backup."""

import pathlib
import re

import numpy as np
import pytest

import deepkit
from deepkit.callbacks import CallbackList, CSVLogger, LambdaCallback, SwapEMAWeights
from deepkit.tensors import Variable
from tests.callbacks.fakes import EmaOptimizer, FakeModel

PAGE = pathlib.Path(__file__).parent.parent.parent / "docs" / "design" / "resume.md"


def test_the_page_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL):
        exec(compile(block, str(PAGE), "exec"), names)
    assert capsys.readouterr().out == "10 epochs\n"
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]
    assert names["step"] == 1


def rows(callback, losses, first=0):
    for epoch, loss in enumerate(losses, first):
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, {"loss": loss})


@pytest.mark.parametrize("append", [False, True])
def test_csv_goes_on_without_repeats(append, tmp_path):
    path = tmp_path / "log.csv"
    if append:
        path.write_text("epoch,loss,val_loss\n7,9.0,NA\n")
    first = CSVLogger(path, append=append)
    first.on_train_begin()
    rows(first, [3.0, 2.0])
    state = first.get_backup_state()
    expected = path.read_text()
    rows(first, [1.0], first=2)  # after the backup, and before the end
    first.on_train_error(KeyboardInterrupt())

    second = CSVLogger(path, append=append)
    second.on_train_begin()
    second.set_backup_state(state)
    rows(second, [1.5], first=2)
    second.on_train_end()
    assert path.read_text().replace("\r", "") == expected.replace("\r", "") + "2,1.5,NA\n"


def test_csv_of_a_finished_run_stays(tmp_path):
    path = tmp_path / "log.csv"
    first = CSVLogger(path)
    first.on_train_begin()
    rows(first, [3.0, 2.0])
    expected, state = path.read_text(), first.get_backup_state()
    first.on_train_error(KeyboardInterrupt())
    second = CSVLogger(path)
    second.on_train_begin()
    second.set_backup_state(state)
    second.on_train_end()
    assert path.read_text() == expected


def test_csv_that_lacks_rows_says_so(tmp_path):
    path = tmp_path / "log.csv"
    first = CSVLogger(path)
    first.on_train_begin()
    rows(first, [3.0, 2.0])
    state = first.get_backup_state()
    first.on_train_error(KeyboardInterrupt())
    path.write_text("")
    second = CSVLogger(path)
    second.on_train_begin()
    second.set_backup_state(state)
    with pytest.warns(UserWarning, match="log.csv' lacks rows of the epochs before the run"):
        second.on_epoch_begin(2)
    rows(second, [1.0], first=2)
    second.on_train_end()
    assert path.read_text().split() == ["epoch,loss,val_loss", "2,1.0,NA"]


def test_weights_that_were_put_aside_come_back():
    def make():
        variable = Variable([1.0, 2.0])
        callback = SwapEMAWeights(swap_on_epoch=True)
        callback.set_model(FakeModel(EmaOptimizer([variable])))
        return variable, callback

    variable, callback = make()
    callback.on_epoch_end(0)
    state = callback.get_backup_state()
    other, again = make()
    other.assign(variable.value)  # as the file of the weights has it
    again.set_backup_state(state)
    again.on_epoch_begin(1)
    assert other.numpy().tolist() == [1.0, 2.0]
    again.set_backup_state({"put_aside": None})
    assert again.get_backup_state() == {"put_aside": None}


def test_callbacks_hear_of_an_error():
    heard = []
    callbacks = CallbackList(
        [
            LambdaCallback(on_train_error=lambda error: heard.append(str(error))),
            LambdaCallback(on_train_error=lambda error: 1 / 0),
            LambdaCallback(on_train_error=lambda error: heard.append("and this one")),
        ]
    )
    error = ValueError("of the user")
    callbacks.on_train_error(error)
    assert heard == ["of the user", "and this one"]
    assert error.__notes__ == ["And LambdaCallback raised, as it ended: division by zero"]


def test_backups_of_epochs_leave_stretches_whole(tmp_path, monkeypatch):
    calls, real = [], deepkit.training._program.Binding._call

    def call(self, kind, *args, **kwargs):
        calls.append(kind)
        return real(self, kind, *args, **kwargs)

    monkeypatch.setattr(deepkit.training._program.Binding, "_call", call)
    model = deepkit.Sequential([deepkit.Input((2,)), deepkit.layers.Dense(1)])
    model.compile("sgd", loss="mse")
    x = np.ones((400, 2), "float32")
    model.fit(x, x[:, :1], batch_size=4, epochs=4, verbose=0, resume=tmp_path)
    assert len(calls) < 4 * 100 / 5
