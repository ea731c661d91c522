"""Writes state dicts of PyTorch modules and what the modules compute, for `test_torch_weights`.

Run by hand where PyTorch and safetensors are: `python tests/saving/make_torch_golden.py`.
"""

import pathlib

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

FOLDER = pathlib.Path(__file__).parent / "torch_files"


class ResidualNet(nn.Module):
    """Two residual blocks after a convolution."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.blocks = nn.ModuleList(Block(4) for _ in range(2))
        self.head = nn.Linear(4, 5)

    def forward(self, x):
        x = torch.relu(self.stem(x))
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean((2, 3)))


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(x + self.bn2(self.conv2(y)))


class Separable(nn.Module):
    def __init__(self):
        super().__init__()
        self.depthwise = nn.Conv2d(3, 6, 3, groups=3, bias=False)
        self.pointwise = nn.Conv2d(6, 4, 1)

    def forward(self, x):
        return self.pointwise(self.depthwise(x))


class LastOutput(nn.Module):
    """A recurrent module that returns its outputs without its state."""

    def __init__(self, module):
        super().__init__()
        self.rnn = module

    def forward(self, x):
        return self.rnn(x)[0]


class Attention(nn.Module):
    def __init__(self, *args, **kwargs):
        super().__init__()
        self.attn = nn.MultiheadAttention(*args, batch_first=True, **kwargs)

    def forward(self, query, key, value):
        return self.attn(query, key, value, need_weights=False)[0]


torch.manual_seed(0)
normal = torch.randn


CASES = {
    "linear": (nn.Linear(4, 3), [normal(2, 4)]),
    "linear_without_bias": (nn.Linear(4, 3, bias=False), [normal(2, 4)]),
    "embedding": (nn.Embedding(7, 3), [torch.tensor([[0, 6], [3, 1]])]),
    "conv1d": (nn.Conv1d(4, 6, 3), [normal(2, 4, 8)]),
    "conv1d_groups": (nn.Conv1d(4, 6, 3, groups=2, stride=2), [normal(2, 4, 9)]),
    "conv2d": (nn.Conv2d(3, 4, (3, 2)), [normal(2, 3, 6, 5)]),
    "conv3d": (nn.Conv3d(2, 3, (2, 3, 2)), [normal(1, 2, 4, 4, 4)]),
    "conv_transpose1d": (nn.ConvTranspose1d(3, 4, 3, stride=2), [normal(2, 3, 5)]),
    "conv_transpose2d": (nn.ConvTranspose2d(3, 4, (3, 2), stride=(2, 1)), [normal(2, 3, 4, 5)]),
    "conv_transpose3d": (nn.ConvTranspose3d(2, 3, 2, stride=2), [normal(1, 2, 3, 3, 2)]),
    "depthwise1d": (nn.Conv1d(3, 6, 3, groups=3), [normal(2, 3, 7)]),
    "depthwise2d": (nn.Conv2d(3, 6, 3, groups=3), [normal(2, 3, 5, 5)]),
    "separable2d": (Separable(), [normal(2, 3, 5, 5)]),
    "batch_norm": (nn.BatchNorm2d(3), [normal(4, 3, 3, 3)]),
    "layer_norm": (nn.LayerNorm(5), [normal(3, 5)]),
    "group_norm": (nn.GroupNorm(2, 4), [normal(2, 4, 3, 3)]),
    "rms_norm": (nn.RMSNorm(5, eps=1e-6), [normal(3, 5)]),
    "prelu": (nn.PReLU(3), [normal(2, 3, 4)]),
    "lstm": (LastOutput(nn.LSTM(3, 4, batch_first=True)), [normal(2, 5, 3)]),
    "lstm_two_layers": (LastOutput(nn.LSTM(3, 4, 2, batch_first=True)), [normal(2, 5, 3)]),
    "lstm_both_ways": (
        LastOutput(nn.LSTM(3, 4, batch_first=True, bidirectional=True)),
        [normal(2, 5, 3)],
    ),
    "gru": (LastOutput(nn.GRU(3, 4, batch_first=True)), [normal(2, 5, 3)]),
    "gru_without_bias": (LastOutput(nn.GRU(3, 4, batch_first=True, bias=False)), [normal(2, 5, 3)]),
    "rnn": (LastOutput(nn.RNN(3, 4, batch_first=True)), [normal(2, 5, 3)]),
    "attention": (Attention(6, 2), [normal(2, 4, 6), normal(2, 5, 6), normal(2, 5, 6)]),
    "attention_of_sizes": (
        Attention(6, 2, kdim=3, vdim=4),
        [normal(2, 4, 6), normal(2, 5, 3), normal(2, 5, 4)],
    ),
    "encoder_layer": (
        nn.TransformerEncoderLayer(6, 2, 8, batch_first=True, dropout=0.0),
        [normal(2, 4, 6)],
    ),
    "residual_net": (ResidualNet(), [normal(2, 3, 6, 6)]),
}


def main():
    """Write a file of weights for each module, and one file of inputs and outputs."""
    FOLDER.mkdir(exist_ok=True)
    examples = {}
    for name, (module, inputs) in CASES.items():
        with torch.no_grad():
            for tensor in module.state_dict().values():
                if tensor.is_floating_point():
                    tensor.copy_(torch.rand_like(tensor) - 0.5)
            for key, tensor in module.state_dict().items():
                if key.endswith("running_var"):
                    tensor.add_(1.0)
            module.eval()
            output = module(*inputs)
        save_file(module.state_dict(), FOLDER / f"{name}.safetensors")
        examples.update({f"{name}/input{i}": x.numpy() for i, x in enumerate(inputs)})
        examples[f"{name}/output"] = output.numpy()
    np.savez(FOLDER / "examples.npz", **examples)


if __name__ == "__main__":
    main()
