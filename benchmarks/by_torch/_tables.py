"""The small dense nets."""

from typing import Any

from torch import nn
from torch.nn import functional

from ._losses import Classifier


class Tab(nn.Module):
    """8 → 30 → 1 with the mean squared error, and the mean absolute one as metric."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(8, 30), nn.ReLU(), nn.Linear(30, 1))

    def forward(self, x: Any) -> Any:
        return self.layers(x)

    def loss(self, outputs: Any, y: Any) -> tuple[Any, Any]:
        """The mean squared error and the mean absolute one."""
        return functional.mse_loss(outputs, y), (outputs.detach() - y).abs().mean()


class Mlp(Classifier):
    """784 → 128 → 10 with accuracy."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))

    def forward(self, x: Any) -> Any:
        return self.layers(x)
