"""Gradients of stateful code."""

from ._custom_gradient import custom_gradient as custom_gradient
from ._gradient_tape import GradientTape as GradientTape
from ._unconnected_gradients import UnconnectedGradients as UnconnectedGradients
from ._value_and_grad import value_and_grad as value_and_grad
