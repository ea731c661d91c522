"""The examples run, each in a process of its own, and print what they promise."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent
EXAMPLES = sorted(path.stem for path in (ROOT / "examples").glob("*.py"))


def _run(name, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XLA_FLAGS": "", "COLUMNS": "100"}
    result = subprocess.run(
        [sys.executable, "-W", "error", str(ROOT / "examples" / f"{name}.py"), *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def _numbers(pattern, text):
    """What the groups of a pattern hold wherever it is found, as numbers."""
    found = [tuple(map(float, match.groups())) for match in re.finditer(pattern, text)]
    assert found, text
    return found


def _check_quickstart(text):
    ((accuracy,),) = _numbers(r"in a new process: .*'accuracy': ([\d.]+)", text)
    assert accuracy > 0.97
    assert "First ten digits" in text


def _check_equinox_module(text):
    ((accuracy,),) = _numbers(r"'accuracy': ([\d.]+)", text)
    ((same,),) = _numbers(r"the module itself: ([\d.]+)", text)
    assert accuracy > 0.95 and abs(same - accuracy) < 0.005


def _check_gan(text):
    (near, covered), (later, covered_later) = _numbers(
        r"made to real ([\d.]+), real to made ([\d.]+)", text
    )
    assert later < near / 2 and covered_later < covered / 2


def _check_grad_cam(text):
    ((accuracy,),) = _numbers(r"'accuracy': ([\d.]+)", text)
    ((inside,),) = _numbers(r"in the digit for ([\d.]+)", text)
    # By chance it were one in seven.
    assert accuracy > 0.9 and inside > 0.9


def _check_huber(text):
    assert re.search(r"Before saving: (\{.*\})\nAfter loading: \1\n", text), text


def _check_one_cycle(text):
    accuracies = [accuracy for (accuracy,) in _numbers(r"'accuracy': ([\d.]+)", text)]
    assert len(accuracies) == 2 and min(accuracies) > 0.93


def _check_own_jax_loop(text):
    losses = [loss for (loss,) in _numbers(r"epoch \d+: loss ([\d.]+)", text)]
    ((accuracy,),) = _numbers(r"test accuracy: ([\d.]+)", text)
    assert losses[-1] < losses[0] / 2 and accuracy > 0.93


def _check_own_training_loop(text):
    eager, compiled = text.split("Compiled\n")
    pattern = r"loss ([\d.]+), accuracy ([\d.]+)"
    first, later = _numbers(pattern, eager), _numbers(pattern, compiled)
    assert len(first) == 2 and first == later[:2]
    # Rounding errors, grown over 88 steps.
    ((gap,),) = _numbers(r"difference of a weight: ([\d.e+-]+)", text)
    ((accuracy,),) = _numbers(r"test accuracy: ([\d.]+)", text)
    assert gap < 1e-4 and accuracy > 0.93


def _check_own_train_step(text):
    (clean, attacked), (robust, attacked_robust) = _numbers(
        r"accuracy ([\d.]+), under attack ([\d.]+)", text
    )
    assert min(clean, robust) > 0.93
    assert attacked_robust > attacked + 0.2


def _check_physics_informed(text):
    errors = [error for (error,) in _numbers(r"largest error ([\d.]+)", text)]
    assert errors[0] > 1 and errors[-1] < 0.01


def _check_pytorch_weights(text):
    assert "Loaded 10 of 10 weights" in text and "0.weight" in text
    (first,), (second,) = _numbers(r"'accuracy': ([\d.]+)", text)
    assert first > 0.96 and second > 0.96


def _check_residual_blocks(text):
    changes = _numbers(r"([\d.]+) in the first epoch, ([\d.]+) in the last", text)
    loss, reconstruction, val_loss, _ = changes
    for first, last in (loss, reconstruction, val_loss):
        assert last < first / 3


def _check_vae(text):
    losses = [loss for (loss,) in _numbers(r"'reconstruction': ([\d.]+)", text)]
    ((error, blind),) = _numbers(r"on new digits ([\d.]+), of the mean digit ([\d.]+)", text)
    ((same,),) = _numbers(r"same class ([\d.]+)", text)
    assert losses[-1] < losses[0] - 10 and error < blind - 4 and same > 0.8


def _check_wgan_gp(text):
    (off, _), *_, (end, gap) = _numbers(r"([\d.]+) off the circle, widest gap (\d+)", text)
    assert off > 0.5 and end < 0.1 and gap < 20
    penalties = [penalty for (penalty,) in _numbers(r"penalty ([\d.]+)", text)]
    assert penalties[-1] < 0.1 < penalties[0]


def _check_wide_and_deep_two_optimizers(text):
    ((loss, r2),) = _numbers(r"'loss': ([\d.]+).*'val_r2_score': ([\d.]+)", text)
    ((first, second),) = _numbers(r"sees: ([-\d.]+) and ([-\d.]+)", text)
    assert 0 < loss < 0.1 and r2 > 0.97
    assert abs(first - 1) < 0.1 and abs(second + 2) < 0.1


def _check_wide_and_deep(text):
    ((r2,),) = _numbers(r"'val_output_r2_score': ([\d.]+)", text)
    assert r2 > 0.97


CHECKS = {
    "equinox_module": _check_equinox_module,
    "gan": _check_gan,
    "grad_cam": _check_grad_cam,
    "huber": _check_huber,
    "one_cycle": _check_one_cycle,
    "own_jax_loop": _check_own_jax_loop,
    "own_train_step": _check_own_train_step,
    "own_training_loop": _check_own_training_loop,
    "physics_informed": _check_physics_informed,
    "pytorch_weights": _check_pytorch_weights,
    "quickstart": _check_quickstart,
    "residual_blocks": _check_residual_blocks,
    "vae": _check_vae,
    "wgan_gp": _check_wgan_gp,
    "wide_and_deep": _check_wide_and_deep,
    "wide_and_deep_two_optimizers": _check_wide_and_deep_two_optimizers,
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_example(name, tmp_path):
    folder = tmp_path / "a new one"
    CHECKS[name](_run(name, *([str(folder)] if name == "quickstart" else [])))
    if name == "quickstart":
        assert (folder / "digits.h5").stat().st_size > 10_000
