"""Messages are printed, or logged where interactive logging is off."""

import logging

import pytest

from deepkit.core import config
from deepkit.core.messages import say


@pytest.fixture
def quiet():
    config.disable_interactive_logging()
    yield
    config.enable_interactive_logging()


def test_messages_are_printed(capsys):
    say("a line")
    assert capsys.readouterr().out == "a line\n"


def test_messages_are_logged_where_nobody_looks(quiet, capsys, caplog):
    with caplog.at_level(logging.INFO, logger="deepkit"):
        say("a line")
    assert capsys.readouterr().out == "" and caplog.messages == ["a line"]
