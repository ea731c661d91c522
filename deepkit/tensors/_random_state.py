"""The states of all global random generators, so that a run can go on with the same numbers."""

import random
from typing import Any

import numpy as np

from deepkit.tensors._seeds import global_seed_generator


def get_random_state() -> dict[str, Any]:
    """The states of the generators of Python, NumPy and deepkit, as JSON can hold them."""
    seeds = global_seed_generator()  # first: when it is made it draws from Python's generator
    kind, keys, position, has_gauss, gauss = np.random.get_state(legacy=True)
    return {
        "python": random.getstate(),
        "numpy": [kind, keys.tolist(), position, has_gauss, gauss],
        "deepkit": np.asarray(seeds.state.value).tolist(),
    }


def set_random_state(state: dict[str, Any]) -> None:
    """Set the generators to states that `get_random_state` returned, also by way of JSON."""
    global_seed_generator().state.assign(np.array(state["deepkit"], "uint32"))
    set_host_random_state(state)


def set_host_random_state(state: dict[str, Any]) -> None:
    """Set the generators of Python and NumPy alone."""
    version, keys, gauss = state["python"]
    random.setstate((version, tuple(keys), gauss))
    np.random.set_state(tuple(state["numpy"]))
