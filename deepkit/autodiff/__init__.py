"""Gradients of stateful code."""

from ._value_and_grad import value_and_grad as value_and_grad
