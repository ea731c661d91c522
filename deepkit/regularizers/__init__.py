"""Regularizers: penalties on weights and activities, and how they are found by name."""

from ._base import Regularizer as Regularizer
from ._l1_l2 import L1 as L1
from ._l1_l2 import L1L2 as L1L2
from ._l1_l2 import L2 as L2
from ._lookup import deserialize as deserialize
from ._lookup import get as get
from ._lookup import serialize as serialize
from ._orthogonal import OrthogonalRegularizer as OrthogonalRegularizer

l1 = L1
l1_l2 = L1L2
l2 = L2
orthogonal_regularizer = OrthogonalRegularizer
