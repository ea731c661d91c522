"""Nested structures."""

from deepkit.core.shapes import map_shapes as map_shape_structure
from deepkit.core.tree import MAP_TO_NONE as MAP_TO_NONE
from deepkit.core.tree import assert_same_paths as assert_same_paths
from deepkit.core.tree import assert_same_structure as assert_same_structure
from deepkit.core.tree import flatten as flatten
from deepkit.core.tree import flatten_with_path as flatten_with_path
from deepkit.core.tree import is_nested as is_nested
from deepkit.core.tree import lists_to_tuples as lists_to_tuples
from deepkit.core.tree import map_structure as map_structure
from deepkit.core.tree import map_structure_up_to as map_structure_up_to
from deepkit.core.tree import pack_sequence_as as pack_sequence_as
from deepkit.core.tree import traverse as traverse
