"""Initializers: the first values of weights, and how they are found by name."""

from ._base import Initializer as Initializer
from ._constant import Constant as Constant
from ._constant import Ones as Ones
from ._constant import Zeros as Zeros
from ._glorot import GlorotNormal as GlorotNormal
from ._glorot import GlorotUniform as GlorotUniform
from ._he import HeNormal as HeNormal
from ._he import HeUniform as HeUniform
from ._identity import Identity as Identity
from ._lecun import LecunNormal as LecunNormal
from ._lecun import LecunUniform as LecunUniform
from ._lookup import deserialize as deserialize
from ._lookup import get as get
from ._lookup import serialize as serialize
from ._normal import RandomNormal as RandomNormal
from ._normal import TruncatedNormal as TruncatedNormal
from ._orthogonal import Orthogonal as Orthogonal
from ._stft import STFT as STFT
from ._uniform import RandomUniform as RandomUniform
from ._variance_scaling import VarianceScaling as VarianceScaling

IdentityInitializer = Identity
OrthogonalInitializer = Orthogonal
STFTInitializer = STFT
constant = Constant
glorot_normal = GlorotNormal
glorot_uniform = GlorotUniform
he_normal = HeNormal
he_uniform = HeUniform
identity = Identity
lecun_normal = LecunNormal
lecun_uniform = LecunUniform
ones = Ones
orthogonal = Orthogonal
random_normal = RandomNormal
random_uniform = RandomUniform
stft = STFT
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling
zeros = Zeros
