"""The errors that deepkit raises."""

from deepkit.core.errors import ArgumentError as ArgumentError
from deepkit.core.errors import ArgumentTypeError as ArgumentTypeError
from deepkit.core.errors import ConfigError as ConfigError
from deepkit.core.errors import CorruptFileError as CorruptFileError
from deepkit.core.errors import DataError as DataError
from deepkit.core.errors import DeepkitError as DeepkitError
from deepkit.core.errors import DownloadError as DownloadError
from deepkit.core.errors import DTypeError as DTypeError
from deepkit.core.errors import GradientError as GradientError
from deepkit.core.errors import NotBuiltError as NotBuiltError
from deepkit.core.errors import NotCompiledError as NotCompiledError
from deepkit.core.errors import SerializationError as SerializationError
from deepkit.core.errors import ShapeError as ShapeError
from deepkit.core.errors import SignatureError as SignatureError
from deepkit.core.errors import StateError as StateError
from deepkit.core.errors import UnboundVariableError as UnboundVariableError
from deepkit.core.errors import UnknownNameError as UnknownNameError
from deepkit.core.errors import UnsafeFileError as UnsafeFileError
from deepkit.core.errors import WeightMismatchError as WeightMismatchError
