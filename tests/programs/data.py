"""Small data for the programs."""

import numpy as np


def regression(rows: int = 64, features: int = 8, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Standardized features, and a target of shape (rows, 1) that a small net can learn."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, features))
    y = x @ rng.normal(size=(features, 1)) + np.sin(3 * x[:, :1])
    return x.astype("float32"), y.astype("float32")
