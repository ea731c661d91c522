"""deepkit: a Keras-style deep learning framework on JAX."""

from deepkit._version import __version__ as __version__
