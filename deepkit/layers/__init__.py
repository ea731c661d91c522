"""Layers: the building blocks of models."""

from ._dense import Dense as Dense
from ._input_layer import Input as Input
from ._input_layer import InputLayer as InputLayer
from ._input_spec import InputSpec as InputSpec
from ._layer import Layer as Layer
