"""What the tests of this folder share."""

import importlib

import pytest

from deepkit.saving import inspect_file, load_model
from tests.saving.safety.entries import small_model


@pytest.fixture
def small():
    return small_model()


@pytest.fixture(scope="session", autouse=True)
def _warmed_up(tmp_path_factory):
    """Everything that loading needs is imported before it is watched."""
    importlib.import_module("deepkit.saving._inspector._judge")
    model = small_model()
    for ending in (".keras", ".h5"):
        path = tmp_path_factory.mktemp("warm") / f"model{ending}"
        model.save(path)
        load_model(path)
        inspect_file(path)
