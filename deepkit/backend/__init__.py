"""The names that Keras keeps under `backend`."""

import gc

import jax

from deepkit.core import naming
from deepkit.core.config import backend as backend
from deepkit.core.config import epsilon as epsilon
from deepkit.core.config import floatx as floatx
from deepkit.core.config import image_data_format as image_data_format
from deepkit.core.config import set_epsilon as set_epsilon
from deepkit.core.config import set_floatx as set_floatx
from deepkit.core.config import set_image_data_format as set_image_data_format
from deepkit.core.dtypes import is_float as is_float_dtype
from deepkit.core.dtypes import is_int as is_int_dtype
from deepkit.core.dtypes import result_type as result_type
from deepkit.core.dtypes import standardize_dtype as standardize_dtype
from deepkit.core.naming import get_uid as get_uid
from deepkit.tensors import is_symbolic as is_keras_tensor
from deepkit.tensors._dtype_policy import reset_dtype_policy


def clear_session(free_memory: bool = True) -> None:
    """Start automatic names again, forget the global dtype policy, let go of compiled programs.

    Args:
        free_memory: whether to collect garbage and drop JAX's compiled programs.
    """
    naming.reset_names()
    reset_dtype_policy()
    if free_memory:
        jax.clear_caches()
        gc.collect()
