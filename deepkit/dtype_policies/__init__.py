"""Dtype policies."""

from deepkit.tensors._dtype_policy import DTypePolicy as DTypePolicy
from deepkit.tensors._dtype_policy import DTypePolicyMap as DTypePolicyMap
from deepkit.tensors._dtype_policy import FloatDTypePolicy as FloatDTypePolicy
from deepkit.tensors._dtype_policy import deserialize as deserialize
from deepkit.tensors._dtype_policy import get as get
from deepkit.tensors._dtype_policy import serialize as serialize
