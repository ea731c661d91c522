"""Time of convolution and pooling on CPU: XLA's own forms beside deepkit's, in turn.

    python benchmarks/convolution.py [--rounds N] [--only TEXT] [--cpu-time]

For each shape the forward pass, both gradients and a step with all of them, in milliseconds: first
called by itself, then inside of a `lax.scan`, where epochs of training run. The forms are called in
turn; a figure is the median over rounds, and the ratio that of the medians, native over deepkit.
On a busy machine `--cpu-time` is the steadier figure: the time of all cores that the process used.
"""

import argparse
import functools
import statistics
import time

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from deepkit.ops import _conv_native, _conv_primitives, _pool_native, _pool_primitives
from deepkit.ops._conv_geometry import ConvGeometry, same_padding
from deepkit.ops._pool_geometry import PoolGeometry

STEPS = 2


def conv_geometry(size, kernel, stride=1, dilation=1, groups=1, first=False):
    extents = [(k - 1) * dilation + 1 for k in kernel]
    padding = tuple(same_padding(n, e, stride) for n, e in zip(size, extents))
    rank = len(size)
    return ConvGeometry(size, kernel, (stride,) * rank, padding, (dilation,) * rank, groups, first)


# Name: geometry, batch, channels, filters, dtype.
CONVOLUTIONS = {
    "28² 1→32, 3x3, batch 64": (conv_geometry((28, 28), (3, 3)), 64, 1, 32),
    "13² 32→64, 3x3, batch 64": (conv_geometry((13, 13), (3, 3)), 64, 32, 64),
    "32² 3→16, 3x3, batch 32": (conv_geometry((32, 32), (3, 3)), 32, 3, 16),
    "32² 32→32, 3x3, batch 32": (conv_geometry((32, 32), (3, 3)), 32, 32, 32),
    "56² 64→64, 3x3, batch 8": (conv_geometry((56, 56), (3, 3)), 8, 64, 64),
    "14² 256→256, 3x3, batch 8": (conv_geometry((14, 14), (3, 3)), 8, 256, 256),
    "7² 512→512, 3x3, batch 8": (conv_geometry((7, 7), (3, 3)), 8, 512, 512),
    "28² 64→64, 3x3, stride 2, batch 16": (conv_geometry((28, 28), (3, 3), 2), 16, 64, 64),
    "64² 3→32, 7x7, stride 2, batch 16": (conv_geometry((64, 64), (7, 7), 2), 16, 3, 32),
    "28² 16→16, 5x5, batch 32": (conv_geometry((28, 28), (5, 5)), 32, 16, 16),
    "28² 32→32, 3x3, dilation 2, batch 16": (conv_geometry((28, 28), (3, 3), 1, 2), 16, 32, 32),
    "14² 64→128, 1x1, batch 32": (conv_geometry((14, 14), (1, 1)), 32, 64, 128),
    "28² 64, depthwise 3x3, batch 16": (conv_geometry((28, 28), (3, 3), groups=64), 16, 64, 64),
    "28² 64→64, 3x3, 4 groups, batch 16": (conv_geometry((28, 28), (3, 3), groups=4), 16, 64, 64),
    "28² 32→32, 3x3, channels first, batch 16": (
        conv_geometry((28, 28), (3, 3), first=True), 16, 32, 32,
    ),
    "28² 32→32, 3x3, bfloat16, batch 16": (
        conv_geometry((28, 28), (3, 3)), 16, 32, 32, "bfloat16",
    ),
    "128 steps 64→64, 5, batch 32": (conv_geometry((128,), (5,)), 32, 64, 64),
    "16³ 16→16, 3x3x3, batch 4": (conv_geometry((16, 16, 16), (3, 3, 3)), 4, 16, 16),
}  # fmt: skip
NONE = (0, 0)
POOLS = {
    "26² 32, 2x2, batch 64": (PoolGeometry((26, 26, 32), (2, 2, 1), (2, 2, 1), (NONE,) * 3), 64),
    "11² 64, 2x2, batch 64": (PoolGeometry((11, 11, 64), (2, 2, 1), (2, 2, 1), (NONE,) * 3), 64),
    "56² 64, 3x3, stride 2, batch 16": (
        PoolGeometry((56, 56, 64), (3, 3, 1), (2, 2, 1), ((0, 1), (0, 1), NONE)), 16,
    ),
    "28² 64, 3x3, stride 1, batch 16": (
        PoolGeometry((28, 28, 64), (3, 3, 1), (1, 1, 1), ((1, 1), (1, 1), NONE)), 16,
    ),
}  # fmt: skip


def convolution_parts(module, geometry):
    """Functions of the inputs, the kernel and the outputs' gradient."""
    named = {
        name: functools.partial(getattr(module, name), geometry=geometry)
        for name in ("convolve", "input_gradient", "kernel_gradient")
    }
    return {
        "forward": lambda x, k, y: named["convolve"](x, k),
        "input gradient": lambda x, k, y: named["input_gradient"](y, k),
        "kernel gradient": lambda x, k, y: named["kernel_gradient"](x, y),
        "all": lambda x, k, y: (
            named["convolve"](x, k), named["input_gradient"](y, k), named["kernel_gradient"](x, y),
        ),
    }  # fmt: skip


def pooling_parts(module, geometry):
    """Functions of the inputs and the outputs' gradient."""

    def step(name):
        function = functools.partial(getattr(module, name), geometry=geometry)

        def run(x, y):
            value, pull = jax.vjp(function, x)
            return value, pull(y)[0]

        return run

    return {
        "max, forward": lambda x, y: module.max_pool(x, geometry=geometry),
        "max, all": step("max_pool"),
        "average, all": step("sum_pool"),
    }


def in_a_loop(function):
    """A few calls, each of which waits for the one before; nothing can be hoisted out."""

    def run(*arrays):
        def step(before, _):
            results = function(*[x + before.astype(x.dtype) for x in arrays])
            last = sum(jnp.sum(jnp.abs(x.astype(jnp.float32))) for x in jax.tree.leaves(results))
            return 1e-30 * last, None

        return lax.scan(step, jnp.float32(0), length=STEPS)[0]

    return run


def network_step(conv, pool):
    """A step of plain gradient descent of two convolutions, two pools and a dense layer."""
    first, second = (conv_geometry((n, n), (3, 3)).replace(padding=(NONE, NONE)) for n in (28, 13))
    pools = [
        PoolGeometry((n, n, c), (2, 2, 1), (2, 2, 1), (NONE,) * 3) for n, c in ((26, 32), (11, 64))
    ]

    def loss(weights, images):
        for kernel, geometry, window in zip(weights, (first, second), pools):
            images = jax.nn.relu(conv.convolve(images, kernel, geometry=geometry))
            images = pool.max_pool(images, geometry=window)
        logits = images.reshape(images.shape[0], -1) @ weights[-1]
        return -jnp.mean(jax.nn.log_softmax(logits)[:, 0])

    def step(images, *weights):
        slopes = jax.grad(loss)(weights, images)
        return [w - 0.01 * slope for w, slope in zip(weights, slopes)]

    return {"a step": step}


def medians(functions, arrays, rounds, clock=time.perf_counter):
    for function in functions:
        jax.block_until_ready(function(*arrays))
    times = [[] for _ in functions]
    for _ in range(rounds):
        for function, spent in zip(functions, times):
            start = clock()
            jax.block_until_ready(function(*arrays))
            spent.append(1e3 * (clock() - start))
    return [statistics.median(spent) for spent in times]


def compare(title, native, ours, arrays, rounds, clock):
    for part in native:
        alone = medians([jax.jit(native[part]), jax.jit(ours[part])], arrays, rounds, clock)
        pair = [jax.jit(in_a_loop(f[part])) for f in (native, ours)]
        looped = [t / STEPS for t in medians(pair, arrays, max(rounds // 3, 3), clock)]
        figures = [f"{a:.2f} / {b:.2f} | {a / b:.1f}x" for a, b in (alone, looped)]
        print(f"| {title} | {part} | {figures[0]} | {figures[1]} |", flush=True)
        title = ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", default="", help="a part of the names of the shapes to run")
    parser.add_argument("--cpu-time", action="store_true", help="time of all cores, not of the day")
    options = parser.parse_args()
    clock = time.process_time if options.cpu_time else time.perf_counter
    generator = np.random.default_rng(0)

    def normal(shape, dtype="float32"):
        return jnp.asarray(generator.normal(size=shape), dtype)

    print("| shape | what | alone: native / deepkit, ms | ratio | in a scan, ms | ratio |")
    print("|---|---|---|---|---|---|")
    for title, (geometry, batch, channels, filters, *dtype) in CONVOLUTIONS.items():
        if options.only not in title:
            continue
        shapes = (
            geometry.input_shape(batch, channels),
            geometry.kernel_shape(channels, filters),
            geometry.output_shape(batch, filters),
        )
        arrays = [normal(shape, *dtype) for shape in shapes]
        native = convolution_parts(_conv_native, geometry)
        ours = convolution_parts(_conv_primitives, geometry)
        compare(title, native, ours, arrays, options.rounds, clock)
    for title, (geometry, batch) in POOLS.items():
        title = f"pool {title}"
        if options.only not in title:
            continue
        arrays = [normal((batch, *geometry.input_size)), normal((batch, *geometry.output_size))]
        native = pooling_parts(_pool_native, geometry)
        ours = pooling_parts(_pool_primitives, geometry)
        compare(title, native, ours, arrays, options.rounds, clock)
    if options.only in "network":
        shapes = ((64, 28, 28, 1), (3, 3, 1, 32), (3, 3, 32, 64), (1600, 10))
        native = network_step(_conv_native, _pool_native)
        ours = network_step(_conv_primitives, _pool_primitives)
        compare(
            "network",
            native,
            ours,
            [0.1 * normal(shape) for shape in shapes],
            options.rounds,
            clock,
        )


if __name__ == "__main__":
    main()
