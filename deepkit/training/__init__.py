"""Training, evaluation and prediction as functions over a trainable model."""

from ._evaluate import evaluate as evaluate
from ._fit import fit as fit
from ._on_batch import predict_on_batch as predict_on_batch
from ._on_batch import test_on_batch as test_on_batch
from ._on_batch import train_on_batch as train_on_batch
from ._predict import predict as predict
from ._steps import metrics_results as metrics_results
from ._steps import predict_step as predict_step
from ._steps import test_step as test_step
from ._steps import train_step as train_step
from ._trainer import Trainer as Trainer
