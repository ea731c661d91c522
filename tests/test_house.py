"""The rules of the house: floors, style, and what importing deepkit does to the process."""

import ast
import importlib.util
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent
SOURCES = sorted((ROOT / "deepkit").rglob("*.py"))


def _run(*command, **environment):
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def test_packages_import_from_lower_floors_only():
    code = "from importlinter.cli import lint_imports; import sys; sys.exit(lint_imports())"
    result = _run("-c", code)
    assert "1 kept, 0 broken" in result.stdout, result.stdout + result.stderr


@pytest.mark.parametrize("command", [("check", "."), ("format", "--check", ".")], ids=str)
def test_ruff_is_content(command):
    if importlib.util.find_spec("ruff") is None:
        pytest.fail("ruff is not installed; install the test extras.")
    result = _run("-m", "ruff", *command)
    assert result.returncode == 0, result.stdout + result.stderr


def _imports_inside_functions(tree):
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.ImportFrom) and (
                    node.level or (node.module or "").startswith("deepkit")
                ):
                    yield function.name


def test_no_function_imports_from_deepkit():
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in SOURCES
        for name in _imports_inside_functions(ast.parse(path.read_text()))
    ]
    assert found == []


def test_private_jax_is_left_alone():
    private = "jax." + "_src"
    assert [path for path in SOURCES if private in path.read_text()] == []


def test_importing_starts_no_device_and_changes_no_setting():
    code = """
import jax
before = dict(jax.config.values)
import deepkit
for name in deepkit.__all__:
    getattr(deepkit, name)
assert dict(jax.config.values) == before
"""
    # A platform that does not exist makes any start of a device fail.
    result = _run("-c", code, JAX_PLATFORMS="none_such")
    assert result.returncode == 0, result.stderr


def test_importing_loads_no_part_before_it_is_used():
    code = "import deepkit, sys; print([m for m in sys.modules if m.startswith('deepkit.layers')])"
    assert _run("-c", code).stdout.strip() == "[]"
