"""`deepkit convert`: what it prints, how it ends, and modules that the user names."""

import sys

import pytest

import deepkit
from deepkit._command import main
from deepkit.saving import load_model
from tests.saving.models import KINDS, assert_equal_values, fill, values

MODULE = """
import deepkit

class Doubled(deepkit.layers.Layer):
    def call(self, x):
        return 2 * x
"""


@pytest.fixture
def path(tmp_path):
    fill(KINDS["chained"](deepkit)).save(tmp_path / "a.keras")
    return tmp_path / "a.keras"


def test_what_was_kept_and_lost_is_printed(path, tmp_path, capsys):
    assert main(["convert", str(path), str(tmp_path / "b.safetensors")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"Wrote '{tmp_path / 'b.safetensors'}' from '{path}', and verified it."
    assert lines[1] == "  kept  weights: 8 arrays, 152 bytes"
    assert lines[2:] == ["  lost  the model: 5 layers", "  lost  seeds: 1 arrays, 8 bytes"]


def test_a_file_that_is_there_is_replaced_on_request(path, tmp_path, capsys):
    target = tmp_path / "b.h5"
    target.write_text("old")
    assert main(["convert", str(path), str(target)]) == 1
    assert "exists" in capsys.readouterr().err and target.read_text() == "old"
    assert main(["convert", str(path), str(target), "--overwrite"]) == 0
    assert_equal_values(values(load_model(target)), values(load_model(path)))


def test_custom_objects_are_in_a_module_that_the_user_names(tmp_path, monkeypatch, capsys):
    (tmp_path / "my_layers_of_a_test.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    objects = {"__name__": "my_layers_of_a_test"}
    exec(MODULE, objects)
    doubled = objects["Doubled"]
    model = fill(deepkit.Sequential([deepkit.Input((3,)), doubled(), deepkit.layers.Dense(2)]))
    model.save(tmp_path / "a.keras")
    assert main(["convert", "a.keras", "b.h5"]) == 1
    shown = capsys.readouterr().err
    assert "Unknown class 'Doubled'" in shown and "--custom-objects MODULE" in shown
    assert "my_layers_of_a_test" not in sys.modules
    command = ["convert", "a.keras", "b.h5", "--custom-objects", "my_layers_of_a_test"]
    assert main(command) == 0
    again = load_model(tmp_path / "b.h5", {"Doubled": doubled})
    assert_equal_values(values(again), values(model))


def test_a_module_that_is_not_there(path, tmp_path, capsys):
    command = ["convert", str(path), str(tmp_path / "b.h5"), "--custom-objects", "no_such_module"]
    assert main(command) == 1
    assert "Expected `--custom-objects` to name a module" in capsys.readouterr().err
