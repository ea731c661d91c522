"""Reads the learning rates of a model's optimizer, or of the several inside it."""

from typing import Any

import numpy as np

from deepkit.core.errors import ArgumentError


def optimizers_of(model: Any) -> list[tuple[str, Any]]:
    """The optimizer that is set, or those that it is made of, with names; one alone has none.

    Raises:
        ArgumentError: the model has no optimizer with a learning rate.
    """
    optimizer = getattr(model, "optimizer", None)
    # Of one that scales the loss.
    several = getattr(getattr(optimizer, "inner_optimizer", optimizer), "optimizers", None)
    named = [(inner.name, inner) for inner in several] if several else [("", optimizer)]
    for _, inner in named:
        if not hasattr(inner, "learning_rate"):
            raise ArgumentError(
                f"Expected an optimizer with a `learning_rate`, received a {type(inner).__name__}. "
                f"Compile the model with an optimizer."
            )
    return named


def read_rate(optimizer: Any) -> float:
    """The learning rate now."""
    return float(np.asarray(optimizer.learning_rate))


def log_rates(model: Any, logs: dict[str, Any]) -> None:
    """Add the learning rates to the logs, as `learning_rate` or `learning_rate_<name>`."""
    for name, optimizer in optimizers_of(model):
        key = f"learning_rate_{name}" if name else "learning_rate"
        logs[key] = read_rate(optimizer)
