"""Objects to plain JSON-able dicts in Keras 3's form, and back.

A config is data: a class or function is looked up among the custom objects, the registry and
deepkit's own public modules, and nowhere else. No module that a config names is imported.
"""

from ._context import disable_unsafe_deserialization as disable_unsafe_deserialization
from ._context import enable_unsafe_deserialization as enable_unsafe_deserialization
from ._context import in_safe_mode as in_safe_mode
from ._context import load_scope as load_scope
from ._context import sharing_scope as sharing_scope
from ._context import without_compile as without_compile
from ._deserialize import deserialize_keras_object as deserialize_keras_object
from ._find import find_object as find_object
from ._refusals import refusing as refusing
from ._resolve import resolve as resolve
from ._serialize import serialize_keras_object as serialize_keras_object
