"""`deepkit inspect`: what it prints, how it ends, and how much it loads for that."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

import deepkit
from deepkit._command import main
from tests.saving.models import KINDS, fill

ROOT = pathlib.Path(__file__).parent.parent.parent


@pytest.fixture
def path(tmp_path):
    fill(KINDS["chained"](deepkit)).save(tmp_path / "model.keras")
    return tmp_path / "model.keras"


def _process(*arguments, **environment):
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
    )


def test_the_tables_are_printed(path, capsys):
    assert main(["inspect", str(path)]) == 0
    shown = capsys.readouterr()
    assert shown.out == f"{deepkit.saving.inspect_file(path)}\n" and shown.err == ""


def test_json_for_machines(path, capsys):
    assert main(["inspect", str(path), "--json"]) == 0
    expected = deepkit.saving.inspect_file(path).to_dict()
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(expected))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a model"], ids=repr)
def test_a_file_that_is_none_takes_a_line_and_code_1(content, tmp_path, capsys):
    (tmp_path / "a.keras").write_bytes(content)
    assert main(["inspect", str(tmp_path / "a.keras")]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and len(shown.err.splitlines()) == 1
    assert shown.err.startswith("deepkit: '") and "a.keras" in shown.err


def test_damage_takes_code_1_unless_it_is_not_looked_for(path, capsys):
    deepkit.saving.load_model(path).save(path.with_suffix(".h5"))
    content = bytearray(path.with_suffix(".h5").read_bytes())
    kernel = deepkit.saving.load_model(path).layers[0].kernel.numpy().tobytes()
    content[content.find(kernel)] ^= 1
    path.with_suffix(".h5").write_bytes(content)
    assert main(["inspect", str(path.with_suffix(".h5"))]) == 1
    assert "the numbers at" in capsys.readouterr().err
    assert main(["inspect", "--no-verify", str(path.with_suffix(".h5"))]) == 0


def test_wrong_usage_takes_code_2(capsys):
    for arguments in ([], ["inspect"], ["polish", "a.keras"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2
    assert "usage: deepkit" in capsys.readouterr().err


def test_the_version_and_the_commands_are_told(capsys):
    for arguments, text in ((["--version"], deepkit.__version__), (["--help"], "inspect")):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 0 and text in capsys.readouterr().out


def test_it_is_run_by_python_m(path):
    result = _process("-m", "deepkit", "inspect", str(path), PYTHONIOENCODING="ascii")
    assert result.returncode == 0, result.stderr
    assert result.stdout == f"{deepkit.saving.inspect_file(path)}\n"
    result = _process("-m", "deepkit", "inspect", str(path) + "x.keras")
    assert result.returncode == 1
    assert result.stderr == f"deepkit: There is no file '{path}x.keras'.\n"


def test_a_reader_that_has_seen_enough_is_no_error(path):
    command = f"{sys.executable} -m deepkit inspect {path} | true; exit ${{PIPESTATUS[0]}}"
    result = subprocess.run(
        ["bash", "-c", command],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert result.stderr == "" and result.returncode in (0, 1)


@pytest.mark.parametrize("ending", [".keras", ".h5", ".weights.h5", ".safetensors"])
def test_files_are_looked_into_without_jax(ending, path):
    model = deepkit.saving.load_model(path)
    model.compile(optimizer="adam", loss="mse")
    file = path.with_name(f"other{ending}")
    (model.save if ending in (".keras", ".h5") else model.save_weights)(file)
    code = f"""
import sys
from deepkit._command import main
assert main(["inspect", {str(file)!r}]) == 0
assert "jax" not in sys.modules and "deepkit.layers" not in sys.modules
"""
    result = _process("-c", code)
    assert result.returncode == 0, result.stdout + result.stderr
