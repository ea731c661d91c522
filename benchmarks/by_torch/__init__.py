"""The nets of the benchmarks in PyTorch, as its users write them.

The work is that of `fit`: Adam (the fused one), the same loss and metrics for every batch, and
all rows in a new order each epoch, gathered from tensors that lie on the device. Nets run eagerly
on CPU, and by `torch.compile` on a GPU. Images have their channels last in memory, as PyTorch
advises. Differences that cannot be helped: an LSTM has two biases, windows are padded evenly.

This package needs neither JAX nor deepkit, so that PyTorch may live in an interpreter of its own.
"""

from ._measure import measure as measure
