"""Callbacks: what may act at the moments of fit, evaluate and predict."""

from ._backup_and_restore import BackupAndRestore as BackupAndRestore
from ._callback import Callback as Callback
from ._callback_list import CallbackList as CallbackList
from ._csv_logger import CSVLogger as CSVLogger
from ._early_stopping import EarlyStopping as EarlyStopping
from ._history import History as History
from ._lambda_callback import LambdaCallback as LambdaCallback
from ._learning_rate_scheduler import LearningRateScheduler as LearningRateScheduler
from ._model_checkpoint import ModelCheckpoint as ModelCheckpoint
from ._monitor_callback import MonitorCallback as MonitorCallback
from ._orbax_checkpoint import OrbaxCheckpoint as OrbaxCheckpoint
from ._progbar import Progbar as Progbar
from ._progbar_logger import ProgbarLogger as ProgbarLogger
from ._reduce_lr_on_plateau import ReduceLROnPlateau as ReduceLROnPlateau
from ._resume_point import ResumePoint as ResumePoint
from ._resume_point import RunState as RunState
from ._swap_ema_weights import SwapEMAWeights as SwapEMAWeights
from ._terminate_on_nan import TerminateOnNaN as TerminateOnNaN
