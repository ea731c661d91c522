"""Trains a small convolutional net on handwritten digits in PyTorch, and writes its state dict.

Run where PyTorch and safetensors are; what it writes is what `examples/pytorch_weights.py` loads.
"""

import pathlib

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

FOLDER = pathlib.Path(__file__).parent
DIGITS = FOLDER.parent.parent / "deepkit" / "datasets" / "data" / "digits.npz"

torch.manual_seed(0)
with np.load(DIGITS, allow_pickle=False) as stored:
    x = torch.tensor(stored["x_train"][:, None] / 16, dtype=torch.float32)
    y = torch.tensor(stored["y_train"], dtype=torch.int64)

model = nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1),
    nn.BatchNorm2d(8),
    nn.ReLU(),
    nn.Conv2d(8, 16, 3, stride=2),
    nn.ReLU(),
    nn.Flatten(),
    nn.Linear(16 * 3 * 3, 10),
)
optimizer = torch.optim.Adam(model.parameters(), 0.003)
for _ in range(15):
    for rows in torch.randperm(len(x)).split(32):
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
save_file(model.state_dict(), FOLDER / "pytorch_digits.safetensors")
