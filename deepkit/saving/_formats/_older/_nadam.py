"""The product of momenta by which Nadam corrects its means, as Keras 1 and 2 had it.

Some of their files have it, and for the others it follows from the number of steps. Up to
TensorFlow 2.10 the momentum grew by `schedule_decay`, which is in the config. From 2.11 on it grew
as today, but the product was not in files, and a training step that was compiled into a graph
multiplied it once for each variable instead of once for all.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from deepkit.saving._formats._state_reader import SavedArray
from deepkit.saving._formats._taken import Taken

# Of the momentum today. Another one is that of the config of an older file.
_SCHEDULE_DECAY = 1.0
# A product less than this changes no step in float32.
_NOTHING = 1e-7


def is_nadam(optimizer: Any) -> bool:
    """Whether an optimizer is a Nadam."""
    return type(optimizer).__name__ == "Nadam"


def product_of_momenta(
    optimizer: Any,
    header: Sequence[SavedArray],
    count: Callable[[Any], int],
    file: str,
    grouped: bool,
) -> Taken:
    """What the product takes from a file.

    Args:
        optimizer: a Nadam, built.
        header: the number of steps, and the product where the file has it.
        count: makes the number of steps of its array.
        file: how messages name the file.
        grouped: whether it is a file of Keras 1, or 2 before TensorFlow 2.11.
    """
    [(product, after)] = optimizer.state_after_steps()
    if not grouped:
        variables = len(optimizer.updated_variables)

        def in_graph(array: Any) -> float:
            steps = count(array)
            _warn_if_it_matters(file, after(steps))
            return _once_for_each(after, steps, variables)

        return Taken(product, header[:1], in_graph)
    if optimizer.schedule_decay == _SCHEDULE_DECAY:
        _warn_of_schedule(file)
    elif len(header) > 1:
        return Taken(product, header[1:])
    return Taken(product, header[:1], lambda array: after(count(array)))


def _once_for_each(after: Callable[[int], float], steps: int, variables: int) -> float:
    """The product when each variable multiplies it in each step.

    Those after the first took it as it was in one step each, one after the other, as the counter
    that should say that it was multiplied already stood still in the graph.
    """
    once = after(steps)
    if steps < variables:
        return once ** (variables - 1)
    return once**variables / after(variables - 1) if once > 0 else 0.0


def _warn_if_it_matters(file: str, product: float) -> None:
    if product > _NOTHING:
        warnings.warn(
            f"'{file}' has the state of a Nadam of TensorFlow's Keras after few steps, and not the "
            f"product of momenta that corrects them, which is taken to be that of a model that was "
            f"trained by `fit` in one go. The next steps differ a little if it was trained with "
            f"`run_eagerly=True`, or loaded in between.",
            stacklevel=2,
        )


def _warn_of_schedule(file: str) -> None:
    warnings.warn(
        f"'{file}' has the state of a Nadam of Keras 1 or 2, whose momentum grew in another way "
        f"than that of the Nadam of the model. Its state was loaded, and the next steps differ. "
        f"Compile the model with `Nadam(..., schedule_decay=0.004)` to go on as it was.",
        stacklevel=2,
    )
