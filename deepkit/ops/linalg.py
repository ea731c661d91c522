"""Linear algebra."""

from ._factorizations import cholesky as cholesky
from ._factorizations import cholesky_inverse as cholesky_inverse
from ._factorizations import eig as eig
from ._factorizations import eigh as eigh
from ._factorizations import lu_factor as lu_factor
from ._factorizations import qr as qr
from ._factorizations import svd as svd
from ._gradients import jvp as jvp
from ._linear_systems import det as det
from ._linear_systems import inv as inv
from ._linear_systems import lstsq as lstsq
from ._linear_systems import matrix_rank as matrix_rank
from ._linear_systems import norm as norm
from ._linear_systems import pinv as pinv
from ._linear_systems import solve as solve
from ._linear_systems import solve_triangular as solve_triangular
