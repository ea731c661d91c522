"""The LSTM and causal transformers."""

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from ._losses import Classifier


class Lstm(nn.Module):
    """64 steps of 32 numbers into an LSTM of 64 units."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(32, 64, batch_first=True)
        self.outputs = nn.Linear(64, 1)

    def forward(self, x: Any) -> Any:
        return self.outputs(self.lstm(x)[0][:, -1])

    def loss(self, outputs: Any, y: Any) -> tuple[Any]:
        """The mean squared error."""
        return (functional.mse_loss(outputs, y),)


class Transformer(Classifier):
    """Two causal blocks of width 128 over 64 tokens of 1000 kinds."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Embedding(1000, 128), _Block(128, 4), _Block(128, 4))
        self.outputs = nn.Linear(128, 1000)

    def forward(self, x: Any) -> Any:
        return self.outputs(self.layers(x))


class Decoder(Classifier):
    """The decoder of GPT-2's size (Radford et al., 2019): one table embeds and gives logits."""

    def __init__(
        self,
        depth: int = 12,
        width: int = 768,
        heads: int = 12,
        vocabulary: int = 50304,
        tokens: int = 1024,
    ) -> None:
        super().__init__()
        self.table = nn.Parameter(0.02 * torch.randn(vocabulary, width))
        self.places = nn.Parameter(0.02 * torch.randn(tokens, width))
        self.blocks = nn.Sequential(*[_Block(width, heads) for _ in range(depth)])
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Any) -> Any:
        x = functional.embedding(x, self.table) + self.places
        return functional.linear(self.norm(self.blocks(x)), self.table)


class _Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.projection = nn.Linear(width, 3 * width)
        self.attention_outputs = nn.Linear(width, width)
        self.hidden = nn.Linear(width, 4 * width)
        self.outputs = nn.Linear(4 * width, width)

    def forward(self, x: Any) -> Any:
        x = x + self.attention_outputs(self._attend(self.projection(self.norm1(x))))
        return x + self.outputs(functional.gelu(self.hidden(self.norm2(x))))

    def _attend(self, projected: Any) -> Any:
        batch, tokens, _ = projected.shape
        heads = projected.view(batch, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        attended = functional.scaled_dot_product_attention(*heads, is_causal=True)
        return attended.transpose(1, 2).reshape(batch, tokens, -1)
