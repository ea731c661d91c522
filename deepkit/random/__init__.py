"""Random tensors: pure functions of a shape, parameters and a seed."""

from deepkit.tensors import SeedGenerator as SeedGenerator

from ._discrete import binomial as binomial
from ._discrete import categorical as categorical
from ._dropout import dropout as dropout
from ._gamma import beta as beta
from ._gamma import gamma as gamma
from ._normal import normal as normal
from ._normal import truncated_normal as truncated_normal
from ._shuffle import shuffle as shuffle
from ._uniform import randint as randint
from ._uniform import uniform as uniform
