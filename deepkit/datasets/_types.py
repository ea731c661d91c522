"""What all `load_data` functions return."""

import numpy as np

Part = tuple[np.ndarray, np.ndarray]
Splits = tuple[Part, Part]
