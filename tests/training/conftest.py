"""What several tests of training look at."""

import pytest

from deepkit.training import _program


@pytest.fixture
def dispatches(monkeypatch):
    """The kinds of the calls of compiled programs, as they come."""
    calls = []
    original = _program.Binding._call

    def call(self, kind, *args, **kwargs):
        calls.append(kind)
        return original(self, kind, *args, **kwargs)

    monkeypatch.setattr(_program.Binding, "_call", call)
    return calls
