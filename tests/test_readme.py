"""The commands and the code of the README are those that run."""

import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


def _run(code, folder):
    script = folder / "page.py"
    script.write_text(code)
    result = subprocess.run(
        [sys.executable, str(script)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "XLA_FLAGS": ""},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_page_of_code_runs(tmp_path):
    printed = _run(BLOCKS[0], tmp_path)
    accuracy = float(re.search(r"'accuracy': ([0-9.]+)", printed).group(1))
    assert accuracy > 0.95
    assert 'Model: "classifier"' in printed


def test_the_loop_by_hand_runs(tmp_path):
    (code,) = (block for block in BLOCKS if "GradientTape" in block)
    printed = _run(code, tmp_path)
    accuracies = [float(found) for found in re.findall(r"accuracy ([0-9.]+)", printed)]
    assert len(accuracies) == 20 and accuracies[0] < 0.9 < 0.98 < accuracies[-1]


def test_ci_runs_the_second_command():
    command = next(line for line in TEXT.splitlines() if "-m pytest" in line)
    install_and_test = command.split("&&", 1)[1].strip()
    assert install_and_test in (ROOT / ".ci/run").read_text()


def test_the_pages_that_the_readme_names_exist():
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        assert (ROOT / target).exists(), target
