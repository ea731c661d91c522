"""What XLA compiles, as tests count it."""

import contextlib
import logging

import jax


@contextlib.contextmanager
def compilations():
    """The names of what XLA compiles."""
    names = []

    class Handler(logging.Handler):
        def emit(self, record):
            text = record.getMessage()
            if "Finished XLA compilation" in text:
                names.append(text)

    logger, handler = logging.getLogger("jax"), Handler()
    logger.addHandler(handler)
    propagates, logger.propagate = logger.propagate, False
    try:
        with jax.log_compiles():
            yield names
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagates
