"""Configs of Keras 1 and 2 (alone, in TensorFlow, tf_keras) in the form that is read today.

They stay plain data here: names and arguments are changed by fixed tables, nothing is looked up by
a name in a file but in these tables and the registry, nothing is imported, nothing is made.
"""

from ._models import modern_config as modern_config
from ._training import modern_training_config as modern_training_config
