"""What is measured, in which sizes, and what deepkit aims at."""

import dataclasses
from collections.abc import Mapping
from typing import Any

# Frameworks in the order of the columns. "hand" is JAX by hand; for `import` it is JAX itself.
FRAMEWORKS = {"keras": "Keras on JAX", "hand": "JAX by hand", "torch": "PyTorch"}


@dataclasses.dataclass(frozen=True)
class Target:
    """What deepkit's figure should be.

    Attributes:
        limit: the largest figure, in seconds or bytes; with `against`, the largest multiple of
            another figure, or, where `faster`, the least multiple of its speed.
        against: a framework, or the name of another scenario of deepkit's.
    """

    limit: float
    against: str = ""
    faster: bool = False

    def met(self, ours: float, figures: Mapping[str, float]) -> bool | None:
        """Whether it is met, by the figures of frameworks and scenarios; `None`: not known."""
        if not self.against:
            return ours <= self.limit
        if self.against not in figures:
            return None
        other = figures[self.against]
        return other / ours >= self.limit if self.faster else ours <= self.limit * other


@dataclasses.dataclass(frozen=True)
class Scenario:
    """A row of the table."""

    title: str
    target: Target | None = None
    by_hand: bool = False
    by_torch: bool = False
    whole_process: bool = False
    unit: str = "seconds"


@dataclasses.dataclass(frozen=True)
class Fit:
    """Sizes of a training."""

    rows: int
    batch: int
    epochs: int


FITS = {
    "tab": Fit(12_800, 32, 10),
    "mlp": Fit(60_000, 32, 2),
    "cnn": Fit(1_280, 64, 2),
    "convnet": Fit(320, 32, 2),
    "lstm": Fit(1_280, 64, 3),
    "transformer": Fit(320, 32, 2),
}


@dataclasses.dataclass(frozen=True)
class Large:
    """A net for which a GPU is needed; its batches lie on the device."""

    net: str
    batch: int
    policy: str
    full: Mapping[str, Any]
    tiny: Mapping[str, Any]

    def sizes(self, tiny: bool) -> tuple[int, dict[str, Any]]:
        """Rows of a batch, and the arguments of the net."""
        return (2, dict(self.tiny)) if tiny else (self.batch, dict(self.full))


_RESNET = (
    {"size": 224, "classes": 1000},
    {"size": 32, "width": 8, "blocks": (1, 2), "classes": 7},
)
_DECODER = (
    {"vocabulary": 50304, "tokens": 1024},
    {"depth": 2, "width": 16, "heads": 2, "vocabulary": 50, "tokens": 8},
)
LARGE = {
    "resnet50": Large("resnet50", 128, "float32", *_RESNET),
    "resnet50_bf16": Large("resnet50", 128, "mixed_bfloat16", *_RESNET),
    "decoder": Large("decoder", 16, "float32", *_DECODER),
    "decoder_bf16": Large("decoder", 16, "mixed_bfloat16", *_DECODER),
}
LARGE_FIT = Fit(16, 1, 2)  # Rows and batch in batches.


# Dense matrix products in bfloat16, in FLOP/s, by a part of the device's name.
PEAKS = {"H100": 989e12, "H200": 989e12}


def peak(device: str) -> float | None:
    """The peak of a device, or `None` for an unknown one."""
    return next((flops for name, flops in PEAKS.items() if name in device), None)


def fit_sizes(name: str, tiny: bool) -> Fit:
    """The sizes of a training; tiny ones are two steps."""
    fit = LARGE_FIT if name in LARGE else FITS[name]
    return Fit(2 * fit.batch, fit.batch, 1) if tiny else fit


def _fit(title: str, target: Target) -> Scenario:
    return Scenario(f"`fit`, {title}, a step", target, by_hand=True, by_torch=True)


_CALLS = {
    "predict": Scenario("`predict` of one row, 8→30→1", Target(60e-6)),
    "call": Scenario("`model(x)` of one row, 8→30→1", Target(0.12e-3)),
    "call_lstm": Scenario("`model(x)` of one row, LSTM", Target(0.5e-3)),
    "call_transformer": Scenario("`model(x)` of one row, transformer", Target(2e-3)),
}
CPU = {
    "tab": _fit("8→30→1, batch 32", Target(1.15, "hand")),
    "mlp": _fit("784→128→10, batch 32", Target(1.10, "hand")),
    "cnn": _fit("two convolutions on 28x28, batch 64", Target(4.5, "keras", faster=True)),
    "convnet": _fit("residual net on 32x32x3, batch 32", Target(2.9, "keras", faster=True)),
    "lstm": _fit("LSTM 64 over 64 steps of 32, batch 64", Target(1.7, "keras", faster=True)),
    "transformer": _fit(
        "two causal blocks of width 128 over 64 tokens, batch 32",
        Target(2.2, "keras", faster=True),
    ),
    "stream": Scenario("`fit`, 784→128→10 from a generator, batch 32, a step", Target(1.1, "mlp")),
    **_CALLS,
    "first_step": Scenario(
        "from the start of the process to the end of the first step, 24 convolutions",
        Target(3.0),
        whole_process=True,
    ),
    "first_step_warm": Scenario(
        "the first step with a warm compilation cache", Target(1.6), whole_process=True
    ),
    "save": Scenario("save 25 million weights, `.keras`", Target(0.25)),
    "load": Scenario("load 25 million weights, `.keras`", Target(0.12)),
    "memory": Scenario("peak memory of `fit`, 784→128→10", Target(420 * 2**20), unit="bytes"),
    "import": Scenario(
        "import, beside `import jax`", Target(1.25, "hand"), by_hand=True, whole_process=True
    ),
}
_AS_FAST_AS_BY_HAND = Target(1 / 0.97, "hand")
GPU = {
    "tab": dataclasses.replace(CPU["tab"], target=Target(5, "keras", faster=True)),
    **{
        name: dataclasses.replace(CPU[name], target=None)
        for name in ("mlp", "cnn", "convnet", "lstm", "transformer", "stream", *_CALLS)
    },
    "resnet50": _fit("ResNet-50 on 224x224, batch 128, float32", _AS_FAST_AS_BY_HAND),
    "resnet50_bf16": _fit("ResNet-50 on 224x224, batch 128, mixed bfloat16", _AS_FAST_AS_BY_HAND),
    "decoder": _fit("decoder of 124 million weights, batch 16, float32", _AS_FAST_AS_BY_HAND),
    "decoder_bf16": _fit(
        "decoder of 124 million weights, batch 16, mixed bfloat16", _AS_FAST_AS_BY_HAND
    ),
}
QUICK = {"cpu": ("tab", "lstm", "predict", "call", "import"), "gpu": ("tab", "decoder_bf16")}


def scenarios(device: str) -> dict[str, Scenario]:
    """The rows for a device."""
    return CPU if device == "cpu" else GPU
