"""The commands and the code of the README are those that run."""

import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text()


def test_the_page_of_code_runs(tmp_path):
    code = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)[0]
    script = tmp_path / "page.py"
    script.write_text(code)
    result = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "XLA_FLAGS": ""},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    accuracy = float(re.search(r"'accuracy': ([0-9.]+)", result.stdout).group(1))
    assert accuracy > 0.95
    assert 'Model: "classifier"' in result.stdout


def test_ci_runs_the_second_command():
    command = next(line for line in TEXT.splitlines() if "-m pytest" in line)
    install_and_test = command.split("&&", 1)[1].strip()
    assert install_and_test in (ROOT / ".ci/run").read_text()


def test_the_pages_that_the_readme_names_exist():
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        assert (ROOT / target).exists(), target
