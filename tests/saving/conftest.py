"""What tests of saving share."""

import pytest

from deepkit.saving import get_custom_objects


@pytest.fixture
def registry():
    """The classes and functions that are registered, which a test may change."""
    before = dict(get_custom_objects())
    yield get_custom_objects()
    get_custom_objects().clear()
    get_custom_objects().update(before)
