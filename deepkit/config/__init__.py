"""Settings of the process."""

from deepkit.core.compilation_cache import compilation_cache_dir as compilation_cache_dir
from deepkit.core.compilation_cache import (
    set_compilation_cache_dir as set_compilation_cache_dir,
)
from deepkit.core.config import backend as backend
from deepkit.core.config import disable_flash_attention as disable_flash_attention
from deepkit.core.config import disable_interactive_logging as disable_interactive_logging
from deepkit.core.config import disable_traceback_filtering as disable_traceback_filtering
from deepkit.core.config import dtype_promotion as dtype_promotion
from deepkit.core.config import enable_flash_attention as enable_flash_attention
from deepkit.core.config import enable_interactive_logging as enable_interactive_logging
from deepkit.core.config import enable_traceback_filtering as enable_traceback_filtering
from deepkit.core.config import epsilon as epsilon
from deepkit.core.config import floatx as floatx
from deepkit.core.config import image_data_format as image_data_format
from deepkit.core.config import is_flash_attention_enabled as is_flash_attention_enabled
from deepkit.core.config import is_interactive_logging_enabled as is_interactive_logging_enabled
from deepkit.core.config import is_nnx_enabled as is_nnx_enabled
from deepkit.core.config import is_traceback_filtering_enabled as is_traceback_filtering_enabled
from deepkit.core.config import max_epochs as max_epochs
from deepkit.core.config import max_steps_per_epoch as max_steps_per_epoch
from deepkit.core.config import set_backend as set_backend
from deepkit.core.config import set_dtype_promotion as set_dtype_promotion
from deepkit.core.config import set_epsilon as set_epsilon
from deepkit.core.config import set_floatx as set_floatx
from deepkit.core.config import set_image_data_format as set_image_data_format
from deepkit.core.config import set_max_epochs as set_max_epochs
from deepkit.core.config import set_max_steps_per_epoch as set_max_steps_per_epoch
from deepkit.core.serialization import (
    enable_unsafe_deserialization as enable_unsafe_deserialization,
)
from deepkit.functions import functions_run_eagerly as functions_run_eagerly
from deepkit.functions import run_functions_eagerly as run_functions_eagerly
from deepkit.tensors._dtype_policy import dtype_policy as dtype_policy
from deepkit.tensors._dtype_policy import set_dtype_policy as set_dtype_policy
