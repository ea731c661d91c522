"""The large nets: batches made on the device, mixed precision, and the FLOPs of a step.

Steps are those of `fit`, of the hand-written epoch or of PyTorch: forward, backward, Adam, loss and
accuracy, on random batches that lie on the device. In float32 products are what the frameworks
make of them by default, which is TF32 on NVIDIA's GPUs; the peak is that of bfloat16.
"""

import time
from collections.abc import Iterator
from typing import Any

import by_hand
import jax
import models
import numpy as np
from scenarios import LARGE, fit_sizes


def device_data(name: str, tiny: bool) -> tuple[jax.Array, jax.Array, int, int]:
    """Inputs and targets on the device, rows of a batch, and timed epochs."""
    needs_gpu(tiny)
    fit = fit_sizes(name, tiny)
    batch, sizes = LARGE[name].sizes(tiny)
    rows = fit.rows * batch
    keys = jax.random.split(jax.random.key(0))
    if LARGE[name].net == "decoder":
        tokens = jax.random.randint(keys[0], (rows, sizes["tokens"] + 1), 0, sizes["vocabulary"])
        return tokens[:, :-1], tokens[:, 1:], batch, fit.epochs
    x = jax.random.normal(keys[0], (rows, sizes["size"], sizes["size"], 3))
    y = jax.random.randint(keys[1], (rows,), 0, sizes["classes"])
    return x, y, batch, fit.epochs


def needs_gpu(tiny: bool) -> None:
    """Stop where the full size would take hours."""
    if not tiny and jax.default_backend() == "cpu":
        raise SystemExit("The large nets need a GPU. `--tiny` runs them in small sizes on CPU.")


def model(k: Any, name: str, tiny: bool) -> Any:
    """The net in its precision."""
    net = LARGE[name]
    before = k.config.dtype_policy()
    k.config.set_dtype_policy(net.policy)
    try:
        return getattr(models, net.net)(k, **net.sizes(tiny)[1])
    finally:
        k.config.set_dtype_policy(before)


def fit_seconds(k: Any, name: str, tiny: bool) -> float:
    """The time of a step of `fit`, after an epoch to warm up.

    deepkit gets the arrays, of which it gathers batches in a new order. Keras would bring them back
    to the host, so it gets a generator of ready batches.
    """
    x, y, batch, epochs = device_data(name, tiny)
    steps = len(x) // batch
    net = model(k, name, tiny)
    if k.__name__ == "deepkit":
        what = {"x": x, "y": y, "batch_size": batch}
    else:
        what = {"x": _repeated(x, y, batch), "steps_per_epoch": steps}
    net.fit(**what, epochs=1, verbose=0)
    start = time.perf_counter()
    net.fit(**what, epochs=epochs, verbose=0)
    return (time.perf_counter() - start) / (epochs * steps)


def _repeated(x: Any, y: Any, batch: int) -> Iterator[tuple[Any, Any]]:
    batches = [(x[i : i + batch], y[i : i + batch]) for i in range(0, len(x), batch)]
    jax.block_until_ready(batches)
    while True:
        yield from batches


def net_by_hand(name: str, tiny: bool) -> Any:
    """The hand-written net; on a GPU with cuDNN's attention where it takes the dtype."""
    net = LARGE[name]
    dtype = net.policy.removeprefix("mixed_")
    _, sizes = net.sizes(tiny)
    if net.net == "decoder" and dtype == "bfloat16" and jax.default_backend() == "gpu":
        sizes["attention"] = "cudnn"
    return getattr(by_hand, net.net)(**sizes, dtype=dtype)


def seconds_by_hand(name: str, tiny: bool) -> float:
    """The time of a step by hand."""
    x, y, batch, epochs = device_data(name, tiny)
    return by_hand.seconds_a_step(net_by_hand(name, tiny), x, y, batch, epochs, warm_up=1)


def flops(name: str, tiny: bool) -> float:
    """The FLOPs of a step: XLA's count for the hand-written one as it is before optimization.

    It holds both directions, the whole of the masked scores, and the few of the optimizer. It does
    not depend on the device, nor on the kernels that are chosen.
    """
    batch, sizes = LARGE[name].sizes(tiny)
    if LARGE[name].net == "decoder":
        x = y = jax.ShapeDtypeStruct((batch, sizes["tokens"]), np.int32)
    else:
        x = jax.ShapeDtypeStruct((batch, sizes["size"], sizes["size"], 3), np.float32)
        y = jax.ShapeDtypeStruct((batch,), np.int32)
    net = getattr(by_hand, LARGE[name].net)(**sizes)
    state = jax.eval_shape(lambda: by_hand.begin(net))
    lowered = jax.jit(by_hand.step, static_argnums=0).lower(net, state, x, y)
    return lowered.cost_analysis()["flops"]
