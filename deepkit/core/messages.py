"""Messages to the user, where the settings of logging want them."""

import logging

from deepkit.core import config

_LOGGER = logging.getLogger("deepkit")


def say(message: str) -> None:
    """Print a line, or log it where interactive logging is off."""
    if config.is_interactive_logging_enabled():
        print(message, flush=True)
    else:
        _LOGGER.info(message)
