"""Proves of a program that each row of its outputs depends on the same row of its inputs alone.

Such a program can be run with more rows than there are, and the others be cut off. Each value in it
gets a `Dependence`, by the rules of `_shape_rules`, `_sum_rules` and `_control_rules`. What has no
rule is taken to mix the rows.
"""

from . import _control_rules, _shape_rules, _sum_rules
from ._proof import is_row_wise as is_row_wise
