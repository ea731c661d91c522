"""Optimizers: how gradients change the weights of a model."""

from . import schedules as schedules
from ._adadelta import Adadelta as Adadelta
from ._adafactor import Adafactor as Adafactor
from ._adagrad import Adagrad as Adagrad
from ._adam import Adam as Adam
from ._adamax import Adamax as Adamax
from ._adamw import AdamW as AdamW
from ._ftrl import Ftrl as Ftrl
from ._lamb import Lamb as Lamb
from ._lion import Lion as Lion
from ._lookup import deserialize as deserialize
from ._lookup import get as get
from ._lookup import serialize as serialize
from ._loss_scale_optimizer import LossScaleOptimizer as LossScaleOptimizer
from ._multi_optimizer import MultiOptimizer as MultiOptimizer
from ._muon import Muon as Muon
from ._nadam import Nadam as Nadam
from ._optax_optimizer import OptaxOptimizer as OptaxOptimizer
from ._optimizer import Optimizer as Optimizer
from ._optimizer_map import OptimizerMap as OptimizerMap
from ._rmsprop import RMSprop as RMSprop
from ._schedule_free_adamw import ScheduleFreeAdamW as ScheduleFreeAdamW
from ._sgd import SGD as SGD
