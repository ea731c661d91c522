"""Loss functions, loss classes, and how they are found by name."""

from ._binary_crossentropy import BinaryCrossentropy as BinaryCrossentropy
from ._binary_crossentropy import binary_crossentropy as binary_crossentropy
from ._binary_focal_crossentropy import BinaryFocalCrossentropy as BinaryFocalCrossentropy
from ._binary_focal_crossentropy import binary_focal_crossentropy as binary_focal_crossentropy
from ._categorical_crossentropy import CategoricalCrossentropy as CategoricalCrossentropy
from ._categorical_crossentropy import categorical_crossentropy as categorical_crossentropy
from ._categorical_focal_crossentropy import (
    CategoricalFocalCrossentropy as CategoricalFocalCrossentropy,
)
from ._categorical_focal_crossentropy import (
    categorical_focal_crossentropy as categorical_focal_crossentropy,
)
from ._categorical_generalized_cross_entropy import (
    CategoricalGeneralizedCrossEntropy as CategoricalGeneralizedCrossEntropy,
)
from ._categorical_generalized_cross_entropy import (
    categorical_generalized_cross_entropy as categorical_generalized_cross_entropy,
)
from ._categorical_hinge import CategoricalHinge as CategoricalHinge
from ._categorical_hinge import categorical_hinge as categorical_hinge
from ._circle import Circle as Circle
from ._circle import circle as circle
from ._cosine_similarity import CosineSimilarity as CosineSimilarity
from ._cosine_similarity import cosine_similarity as cosine_similarity
from ._ctc import CTC as CTC
from ._ctc import ctc as ctc
from ._dice import Dice as Dice
from ._dice import dice as dice
from ._hinge import Hinge as Hinge
from ._hinge import SquaredHinge as SquaredHinge
from ._hinge import hinge as hinge
from ._hinge import squared_hinge as squared_hinge
from ._huber import Huber as Huber
from ._huber import huber as huber
from ._kl_divergence import KLDivergence as KLDivergence
from ._kl_divergence import kl_divergence as kl_divergence
from ._log_cosh import LogCosh as LogCosh
from ._log_cosh import log_cosh as log_cosh
from ._lookup import deserialize as deserialize
from ._lookup import get as get
from ._lookup import serialize as serialize
from ._loss import Loss as Loss
from ._mean_absolute_error import MeanAbsoluteError as MeanAbsoluteError
from ._mean_absolute_error import mean_absolute_error as mean_absolute_error
from ._mean_absolute_percentage_error import (
    MeanAbsolutePercentageError as MeanAbsolutePercentageError,
)
from ._mean_absolute_percentage_error import (
    mean_absolute_percentage_error as mean_absolute_percentage_error,
)
from ._mean_squared_error import MeanSquaredError as MeanSquaredError
from ._mean_squared_error import mean_squared_error as mean_squared_error
from ._mean_squared_logarithmic_error import (
    MeanSquaredLogarithmicError as MeanSquaredLogarithmicError,
)
from ._mean_squared_logarithmic_error import (
    mean_squared_logarithmic_error as mean_squared_logarithmic_error,
)
from ._poisson import Poisson as Poisson
from ._poisson import poisson as poisson
from ._reduction import Reduction as Reduction
from ._sparse_categorical_crossentropy import (
    SparseCategoricalCrossentropy as SparseCategoricalCrossentropy,
)
from ._sparse_categorical_crossentropy import (
    sparse_categorical_crossentropy as sparse_categorical_crossentropy,
)
from ._tversky import Tversky as Tversky
from ._tversky import tversky as tversky
from ._wrapper import LossFunctionWrapper as LossFunctionWrapper

bce = binary_crossentropy
BCE = binary_crossentropy
kld = kl_divergence
KLD = kl_divergence
kullback_leibler_divergence = kl_divergence
logcosh = log_cosh
mae = mean_absolute_error
MAE = mean_absolute_error
mape = mean_absolute_percentage_error
MAPE = mean_absolute_percentage_error
mse = mean_squared_error
MSE = mean_squared_error
msle = mean_squared_logarithmic_error
MSLE = mean_squared_logarithmic_error
