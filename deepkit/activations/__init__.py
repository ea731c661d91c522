"""Activation functions, and how they are found by name."""

from ._exponential import celu as celu
from ._exponential import elu as elu
from ._exponential import exponential as exponential
from ._exponential import selu as selu
from ._gated import gelu as gelu
from ._gated import glu as glu
from ._gated import hard_silu as hard_silu
from ._gated import mish as mish
from ._gated import silu as silu
from ._linear import linear as linear
from ._lookup import deserialize as deserialize
from ._lookup import get as get
from ._lookup import serialize as serialize
from ._relu import leaky_relu as leaky_relu
from ._relu import relu as relu
from ._relu import relu6 as relu6
from ._shrink import hard_shrink as hard_shrink
from ._shrink import soft_shrink as soft_shrink
from ._shrink import tanh_shrink as tanh_shrink
from ._shrink import threshold as threshold
from ._sigmoid import hard_sigmoid as hard_sigmoid
from ._sigmoid import hard_sigmoid_of_keras_2 as hard_sigmoid_of_keras_2
from ._sigmoid import log_sigmoid as log_sigmoid
from ._sigmoid import sigmoid as sigmoid
from ._sigmoid import sparse_sigmoid as sparse_sigmoid
from ._softmax import log_softmax as log_softmax
from ._softmax import softmax as softmax
from ._softplus import softplus as softplus
from ._softplus import sparse_plus as sparse_plus
from ._softplus import squareplus as squareplus
from ._sparsemax import sparsemax as sparsemax
from ._tanh import hard_tanh as hard_tanh
from ._tanh import softsign as softsign
from ._tanh import tanh as tanh

hard_swish = hard_silu
swish = silu
