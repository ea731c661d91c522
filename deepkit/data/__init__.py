"""Input pipelines: checked data as batches, reading ahead, and what prepares and fetches data."""

from ._arguments import check_positive_int as check_positive_int
from ._array_data import ArrayData as ArrayData
from ._blocks import Block as Block
from ._blocks import BlockShelf as BlockShelf
from ._blocks import aligned_array as aligned_array
from ._blocks import private_batches as private_batches
from ._checks import check_data as check_data
from ._checks import check_finite as check_finite
from ._class_weight import class_weight_to_sample_weight as class_weight_to_sample_weight
from ._data import Data as Data
from ._epoch_feed import EpochFeed as EpochFeed
from ._get_file import get_file as get_file
from ._make_data import make_data as make_data
from ._normalize import normalize as normalize
from ._packing import pack_x_y_sample_weight as pack_x_y_sample_weight
from ._packing import unpack_x_y_sample_weight as unpack_x_y_sample_weight
from ._pad_sequences import pad_sequences as pad_sequences
from ._prefetch import prefetch as prefetch
from ._py_dataset import PyDataset as PyDataset
from ._py_dataset_data import PyDatasetData as PyDatasetData
from ._splitting import train_validation_split as train_validation_split
from ._stream_data import GeneratorData as GeneratorData
from ._stream_data import IterableData as IterableData
from ._to_categorical import to_categorical as to_categorical
