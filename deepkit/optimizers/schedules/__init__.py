"""Schedules: learning rates that change with the steps."""

from ._cosine_decay import CosineDecay as CosineDecay
from ._cosine_decay_restarts import CosineDecayRestarts as CosineDecayRestarts
from ._exponential_decay import ExponentialDecay as ExponentialDecay
from ._inverse_time_decay import InverseTimeDecay as InverseTimeDecay
from ._learning_rate_schedule import LearningRateSchedule as LearningRateSchedule
from ._lookup import deserialize as deserialize
from ._lookup import serialize as serialize
from ._piecewise_constant_decay import PiecewiseConstantDecay as PiecewiseConstantDecay
from ._polynomial_decay import PolynomialDecay as PolynomialDecay
