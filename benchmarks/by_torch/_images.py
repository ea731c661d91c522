"""Convolutional nets; they take images with channels last."""

from typing import Any

from torch import nn
from torch.nn import functional

from ._losses import Classifier


class Cnn(Classifier):
    """Two convolutions with pooling and dropout on 28×28×1."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 32, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Dropout(0.5),
            nn.Linear(1600, 10),
        )

    def forward(self, x: Any) -> Any:
        return self.layers(x.permute(0, 3, 1, 2))


def _conv(inputs: int, filters: int, size: int, strides: int = 1) -> nn.Module:
    return nn.Conv2d(inputs, filters, size, strides, size // 2, bias=False)


class Convnet(Classifier):
    """A residual net on 32×32×3 with batch normalization, widths 32 to 128."""

    def __init__(self) -> None:
        super().__init__()
        blocks = [_Basic(32, 32, 1), _Basic(32, 64, 2), _Basic(64, 128, 2)]
        self.layers = nn.Sequential(_conv(3, 32, 3), *blocks)
        self.outputs = nn.Linear(128, 10)

    def forward(self, x: Any) -> Any:
        return self.outputs(self.layers(x.permute(0, 3, 1, 2)).mean((2, 3)))


class _Basic(nn.Module):
    def __init__(self, inputs: int, width: int, strides: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            _conv(inputs, width, 3, strides),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            _conv(width, width, 3),
            nn.BatchNorm2d(width),
        )
        same = inputs == width
        self.short = nn.Identity() if same else _conv(inputs, width, 1, strides)

    def forward(self, x: Any) -> Any:
        return functional.relu(self.layers(x) + self.short(x))


class ResNet50(Classifier):
    """ResNet-50 (He et al., 2015), with strides in the 3×3 convolutions."""

    def __init__(
        self, width: int = 64, blocks: tuple[int, ...] = (3, 4, 6, 3), classes: int = 1000
    ) -> None:
        super().__init__()
        layers = [_conv(3, width, 7, 2), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
        channels = width
        for stage, count in enumerate(blocks):
            filters = width * 2**stage
            for block in range(count):
                strides = 2 if stage > 0 and block == 0 else 1
                layers.append(_Bottleneck(channels, filters, strides))
                channels = 4 * filters
        self.layers = nn.Sequential(*layers)
        self.outputs = nn.Linear(channels, classes)

    def forward(self, x: Any) -> Any:
        return self.outputs(self.layers(x.permute(0, 3, 1, 2)).mean((2, 3)))


class _Bottleneck(nn.Module):
    def __init__(self, inputs: int, filters: int, strides: int) -> None:
        super().__init__()
        outputs = 4 * filters
        self.layers = nn.Sequential(
            _conv(inputs, filters, 1),
            nn.BatchNorm2d(filters),
            nn.ReLU(),
            _conv(filters, filters, 3, strides),
            nn.BatchNorm2d(filters),
            nn.ReLU(),
            _conv(filters, outputs, 1),
            nn.BatchNorm2d(outputs),
        )
        self.short = nn.Identity()
        if inputs != outputs:
            self.short = nn.Sequential(_conv(inputs, outputs, 1, strides), nn.BatchNorm2d(outputs))

    def forward(self, x: Any) -> Any:
        return functional.relu(self.layers(x) + self.short(x))
