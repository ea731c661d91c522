"""Helpers around data, progress, configs, seeds and serialization."""

from deepkit.callbacks import Progbar as Progbar
from deepkit.core.config import disable_interactive_logging as disable_interactive_logging
from deepkit.core.config import enable_interactive_logging as enable_interactive_logging
from deepkit.core.config import is_interactive_logging_enabled as is_interactive_logging_enabled
from deepkit.core.dtypes import standardize_dtype as standardize_dtype
from deepkit.core.registry import CustomObjectScope as CustomObjectScope
from deepkit.core.registry import custom_object_scope as custom_object_scope
from deepkit.core.registry import get_custom_objects as get_custom_objects
from deepkit.core.registry import get_registered_name as get_registered_name
from deepkit.core.registry import get_registered_object as get_registered_object
from deepkit.core.registry import register_keras_serializable as register_keras_serializable
from deepkit.core.serialization import deserialize_keras_object as deserialize_keras_object
from deepkit.core.serialization import serialize_keras_object as serialize_keras_object
from deepkit.data import PyDataset as PyDataset
from deepkit.data import get_file as get_file
from deepkit.data import normalize as normalize
from deepkit.data import pack_x_y_sample_weight as pack_x_y_sample_weight
from deepkit.data import pad_sequences as pad_sequences
from deepkit.data import to_categorical as to_categorical
from deepkit.data import unpack_x_y_sample_weight as unpack_x_y_sample_weight
from deepkit.tensors import is_symbolic as is_keras_tensor
from deepkit.tensors import set_random_seed as set_random_seed

from ._config import Config as Config

Sequence = PyDataset
