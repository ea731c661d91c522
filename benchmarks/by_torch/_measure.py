"""Epochs of training, timed."""

import time
from typing import Any

import models
import torch
from scenarios import LARGE, fit_sizes

from . import _images, _sequences, _tables

NETS = {
    "tab": _tables.Tab,
    "mlp": _tables.Mlp,
    "cnn": _images.Cnn,
    "convnet": _images.Convnet,
    "resnet50": _images.ResNet50,
    "lstm": _sequences.Lstm,
    "transformer": _sequences.Transformer,
    "decoder": _sequences.Decoder,
}
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def measure(name: str, tiny: bool = False) -> float:
    """The time of a step, after two epochs to warm up."""
    # What JAX does by default.
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    if name in LARGE:
        return _large_seconds(name, tiny)
    fit = fit_sizes(name, tiny)
    x, y = (torch.from_numpy(array).to(DEVICE) for array in models.data(name, fit.rows))
    y = y if y.is_floating_point() else y.long()
    return seconds_a_step(NETS[name](), x, y, fit.batch, fit.epochs)


def _large_seconds(name: str, tiny: bool) -> float:
    if not tiny and DEVICE == "cpu":
        raise SystemExit("The large nets need a GPU. `--tiny` runs them in small sizes on CPU.")
    large, fit = LARGE[name], fit_sizes(name, tiny)
    batch, sizes = large.sizes(tiny)
    rows = fit.rows * batch
    if large.net == "decoder":
        shape = rows, sizes["tokens"] + 1
        tokens = torch.randint(sizes["vocabulary"], shape, device=DEVICE)
        x, y = tokens[:, :-1], tokens[:, 1:]
    else:
        size = sizes.pop("size")
        x = torch.randn(rows, size, size, 3, device=DEVICE)
        y = torch.randint(sizes["classes"], (rows,), device=DEVICE)
    half = large.policy == "mixed_bfloat16"
    return seconds_a_step(NETS[large.net](**sizes), x, y, batch, fit.epochs, half, 1)


def seconds_a_step(
    net: Any, x: Any, y: Any, batch: int, epochs: int, half: bool = False, warm_up: int = 2
) -> float:
    """The time of a step."""
    net = net.to(DEVICE, memory_format=torch.channels_last)
    run = torch.compile(net) if DEVICE == "cuda" else net
    optimizer = torch.optim.Adam(net.parameters(), eps=1e-7, fused=True)
    start = 0.0
    for epoch in range(warm_up + epochs):
        if epoch == warm_up:
            start = time.perf_counter()
        totals = 0
        for rows in torch.randperm(len(x), device=DEVICE).split(batch):
            optimizer.zero_grad()
            with torch.autocast(DEVICE, torch.bfloat16, enabled=half):
                outputs = run(x[rows])
            loss, *metrics = net.loss(outputs.float(), y[rows])
            loss.backward()
            optimizer.step()
            totals = totals + torch.stack([loss.detach(), *metrics])
        totals.tolist()
    return (time.perf_counter() - start) / (epochs * (len(x) // batch))
