"""Constraints: projections of weights after each update, and how they are found by name."""

from ._base import Constraint as Constraint
from ._lookup import deserialize as deserialize
from ._lookup import get as get
from ._lookup import serialize as serialize
from ._non_neg import NonNeg as NonNeg
from ._norms import MaxNorm as MaxNorm
from ._norms import MinMaxNorm as MinMaxNorm
from ._norms import UnitNorm as UnitNorm

max_norm = MaxNorm
min_max_norm = MinMaxNorm
non_neg = NonNeg
unit_norm = UnitNorm
