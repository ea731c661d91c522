"""Losses with their metrics."""

from typing import Any

from torch import nn
from torch.nn import functional


class Classifier(nn.Module):
    """A net whose outputs are logits, the classes last."""

    def loss(self, logits: Any, y: Any) -> tuple[Any, Any]:
        """The crossentropy, and the accuracy."""
        logits, y = logits.flatten(0, -2), y.flatten()
        accuracy = (logits.detach().argmax(-1) == y).float().mean()
        return functional.cross_entropy(logits, y), accuracy
