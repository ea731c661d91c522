"""Metrics: what is reported about a model, over any stream of batches."""

from deepkit.losses import binary_crossentropy as binary_crossentropy
from deepkit.losses import binary_focal_crossentropy as binary_focal_crossentropy
from deepkit.losses import categorical_crossentropy as categorical_crossentropy
from deepkit.losses import categorical_focal_crossentropy as categorical_focal_crossentropy
from deepkit.losses import categorical_hinge as categorical_hinge
from deepkit.losses import hinge as hinge
from deepkit.losses import huber as huber
from deepkit.losses import kl_divergence as kl_divergence
from deepkit.losses import log_cosh as log_cosh
from deepkit.losses import mean_absolute_error as mean_absolute_error
from deepkit.losses import mean_absolute_percentage_error as mean_absolute_percentage_error
from deepkit.losses import mean_squared_error as mean_squared_error
from deepkit.losses import mean_squared_logarithmic_error as mean_squared_logarithmic_error
from deepkit.losses import poisson as poisson
from deepkit.losses import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from deepkit.losses import squared_hinge as squared_hinge

from ._accuracy import Accuracy as Accuracy
from ._auc import AUC as AUC
from ._binary_accuracy import BinaryAccuracy as BinaryAccuracy
from ._binary_accuracy import binary_accuracy as binary_accuracy
from ._binary_crossentropy import BinaryCrossentropy as BinaryCrossentropy
from ._binary_iou import BinaryIoU as BinaryIoU
from ._categorical_accuracy import CategoricalAccuracy as CategoricalAccuracy
from ._categorical_accuracy import categorical_accuracy as categorical_accuracy
from ._categorical_crossentropy import CategoricalCrossentropy as CategoricalCrossentropy
from ._categorical_hinge import CategoricalHinge as CategoricalHinge
from ._concordance_correlation import ConcordanceCorrelation as ConcordanceCorrelation
from ._concordance_correlation import concordance_correlation as concordance_correlation
from ._cosine_similarity import CosineSimilarity as CosineSimilarity
from ._f1_score import F1Score as F1Score
from ._false_negatives import FalseNegatives as FalseNegatives
from ._false_positives import FalsePositives as FalsePositives
from ._fbeta_score import FBetaScore as FBetaScore
from ._hinge import Hinge as Hinge
from ._iou import IoU as IoU
from ._kl_divergence import KLDivergence as KLDivergence
from ._log_cosh_error import LogCoshError as LogCoshError
from ._lookup import deserialize as deserialize
from ._lookup import get as get
from ._lookup import serialize as serialize
from ._mean import Mean as Mean
from ._mean_absolute_error import MeanAbsoluteError as MeanAbsoluteError
from ._mean_absolute_percentage_error import (
    MeanAbsolutePercentageError as MeanAbsolutePercentageError,
)
from ._mean_iou import MeanIoU as MeanIoU
from ._mean_metric_wrapper import MeanMetricWrapper as MeanMetricWrapper
from ._mean_squared_error import MeanSquaredError as MeanSquaredError
from ._mean_squared_logarithmic_error import (
    MeanSquaredLogarithmicError as MeanSquaredLogarithmicError,
)
from ._metric import Metric as Metric
from ._one_hot_iou import OneHotIoU as OneHotIoU
from ._one_hot_mean_iou import OneHotMeanIoU as OneHotMeanIoU
from ._pearson_correlation import PearsonCorrelation as PearsonCorrelation
from ._pearson_correlation import pearson_correlation as pearson_correlation
from ._poisson import Poisson as Poisson
from ._precision import Precision as Precision
from ._precision_at_recall import PrecisionAtRecall as PrecisionAtRecall
from ._r2_score import R2Score as R2Score
from ._recall import Recall as Recall
from ._recall_at_precision import RecallAtPrecision as RecallAtPrecision
from ._root_mean_squared_error import RootMeanSquaredError as RootMeanSquaredError
from ._sensitivity_at_specificity import SensitivityAtSpecificity as SensitivityAtSpecificity
from ._sparse_categorical_accuracy import SparseCategoricalAccuracy as SparseCategoricalAccuracy
from ._sparse_categorical_accuracy import sparse_categorical_accuracy as sparse_categorical_accuracy
from ._sparse_categorical_crossentropy import (
    SparseCategoricalCrossentropy as SparseCategoricalCrossentropy,
)
from ._sparse_top_k_categorical_accuracy import (
    SparseTopKCategoricalAccuracy as SparseTopKCategoricalAccuracy,
)
from ._sparse_top_k_categorical_accuracy import (
    sparse_top_k_categorical_accuracy as sparse_top_k_categorical_accuracy,
)
from ._specificity_at_sensitivity import SpecificityAtSensitivity as SpecificityAtSensitivity
from ._squared_hinge import SquaredHinge as SquaredHinge
from ._sum import Sum as Sum
from ._top_k_categorical_accuracy import TopKCategoricalAccuracy as TopKCategoricalAccuracy
from ._top_k_categorical_accuracy import top_k_categorical_accuracy as top_k_categorical_accuracy
from ._true_negatives import TrueNegatives as TrueNegatives
from ._true_positives import TruePositives as TruePositives
