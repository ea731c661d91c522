"""What a tape and `deepkit.function` cost, beside what they stand for, in one process.

    python benchmarks/tape.py [--rounds N] [--calls N] [--tiny] [--write]

Three tables: gradients by an eager tape beside the forward pass of the same net; a call of a
`deepkit.function` beside one of a `jax.jit` whose state is passed and donated by hand; a compiled
training step with a tape beside the same with `jax.value_and_grad`. What is compared is called in
turn; figures are medians over rounds of many calls, and ratios those of the medians.
"""

import argparse
import datetime
import pathlib
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import models
import numpy as np

import deepkit
from deepkit import ops
from deepkit.core.compiler_options import jit

HERE = pathlib.Path(__file__).parent
# A net of the third table; the rows of a batch; of 50 calls of a round, how many are made.
STEPS = {"mlp": (32, 1.0), "lstm": (64, 0.1), "transformer": (32, 0.02)}


def medians(
    functions: Mapping[str, Callable[[], Any]], rounds: int, calls: int
) -> dict[str, float]:
    """Seconds of a call of each function, called in turn."""
    for function in functions.values():
        for _ in range(3):
            jax.block_until_ready(function())
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            start = time.perf_counter()
            for _ in range(calls):
                jax.block_until_ready(function())
            times[name].append((time.perf_counter() - start) / calls)
    return {name: statistics.median(spent) for name, spent in times.items()}


class Subclassed(deepkit.Model):
    """8 → 30 → 1."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = deepkit.layers.Dense(30, "relu")
        self.last = deepkit.layers.Dense(1)

    def call(self, x: Any) -> Any:
        """The outputs."""
        return self.last(self.hidden(x))


def eager_nets() -> dict[str, tuple[Callable[..., Any], Callable[..., Any], list[Any]]]:
    """Nets of 8 → 30 → 1 by name, their losses, and their weights."""
    subclassed, sequential = Subclassed(), models.tab(deepkit)
    subclassed(jnp.ones((1, 8)))
    weights = [deepkit.Variable(w.value) for w in sequential.trainable_variables]
    mean_squared_error = deepkit.losses.MeanSquaredError()

    def by_jnp(x: Any) -> Any:
        kernel, bias, last, shift = (weight.value for weight in weights)
        return jax.nn.relu(x @ kernel + bias) @ last + shift

    def error(y: Any, outputs: Any) -> Any:
        return jnp.mean((outputs - y) ** 2)

    return {
        "a subclassed model": (subclassed, mean_squared_error, subclassed.trainable_variables),
        "a `Sequential` model": (sequential, mean_squared_error, sequential.trainable_variables),
        "`jnp`": (by_jnp, error, weights),
    }


def eager_table(rounds: int, calls: int) -> list[list[str]]:
    """The forward pass with its loss, and the same with gradients by all weights."""
    generator = np.random.default_rng(0)
    x, y = (jnp.asarray(generator.random((32, size), "float32")) for size in (8, 1))
    rows = []
    for name, (net, loss_function, weights) in eager_nets().items():

        def forward(net: Any = net, loss_function: Any = loss_function) -> Any:
            return loss_function(y, net(x))

        def step(forward: Any = forward, weights: Any = weights) -> Any:
            with deepkit.GradientTape() as tape:
                loss = forward()
            return tape.gradient(loss, weights)

        found = medians({"forward": forward, "step": step}, rounds, calls)
        ratio = found["step"] / found["forward"]
        shown = [f"{1e6 * seconds:.0f} µs" for seconds in found.values()]
        rows.append([name, *shown, f"{ratio:.2f}", "≤ 3", _is_met(ratio <= 3)])
    return rows


def call_table(rounds: int, calls: int, count: int = 30) -> list[list[str]]:
    """Calls of a program that changes some variables."""
    variables = [deepkit.Variable(np.ones(8, "float32")) for _ in range(count)]
    state = [jnp.ones(8) for _ in range(count)]
    x = jnp.ones(8)

    @deepkit.function
    def function(x: Any) -> Any:
        for variable in variables:
            variable.assign_add(x)
        return variables[0] * 1.0

    def pure(state: Sequence[Any], x: Any) -> Any:
        changed = [value + x for value in state]
        return changed[0] * 1.0, changed

    jitted = jax.jit(pure, donate_argnums=0)

    def by_hand() -> Any:
        nonlocal state
        result, state = jitted(state, x)
        return result

    found = medians({"hand": by_hand, "function": lambda: function(x)}, rounds, calls)
    over = 1e6 * (found["function"] - found["hand"])
    shown = [f"{1e6 * seconds:.1f} µs" for seconds in found.values()]
    return [[f"{count} variables", *shown, f"{over:.1f} µs", "≤ 25 µs", _is_met(over <= 25)]]


class TrainingStep:
    """A training step of a net, with a tape and with `jax.value_and_grad`.

    Args:
        name: the net, of `models`.
        rows: rows of the batch.
    """

    def __init__(self, name: str, rows: int) -> None:
        self.batch = tuple(jnp.asarray(part) for part in models.data(name, rows))
        self.model = getattr(models, name)(deepkit)
        self.loss_function = self.model.loss
        self.optimizer = deepkit.optimizers.Adam()
        self.optimizer.build(self.model.trainable_variables)
        self.by_tape = deepkit.function(self._taped)
        self._jitted = {
            "hand": jax.jit(self._pure, donate_argnums=0),
            "options": jit(self._pure, donate_argnums=0),
        }
        self._state = [[jnp.copy(v.value) for v in group] for group in self._groups()]

    def _groups(self) -> tuple[list[Any], list[Any], list[Any]]:
        model = self.model
        return model.trainable_variables, model.non_trainable_variables, self.optimizer.variables

    def _loss(self, y: Any, outputs: Any) -> Any:
        loss_function = deepkit.losses.get(self.loss_function)
        return ops.mean(loss_function(y, outputs))

    def _taped(self, x: Any, y: Any) -> Any:
        with deepkit.GradientTape() as tape:
            loss = self._loss(y, self.model(x, training=True))
        variables = self.model.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        return loss

    def _pure(self, state: Any, x: Any, y: Any) -> Any:
        trainable, others, slots = state

        def loss_of(trainable: Any) -> Any:
            outputs, changed = self.model.stateless_call(trainable, others, x, training=True)
            return self._loss(y, outputs), changed

        (loss, others), gradients = jax.value_and_grad(loss_of, has_aux=True)(trainable)
        trainable, slots = self.optimizer.stateless_apply(slots, gradients, trainable)
        return loss, [trainable, others, slots]

    def by_hand(self, way: str) -> Any:
        """A step with `jax.value_and_grad`, on a state of its own."""
        loss, self._state = self._jitted[way](self._state, *self.batch)
        return loss

    def products(self) -> tuple[int, int]:
        """Matrix products in the compiled programs by hand and by tape, those in loops once."""
        flat = [variable for group in self._groups() for variable in group]

        def taped(values: Any, x: Any, y: Any) -> Any:
            with deepkit.StatelessScope(zip(flat, values)) as scope:
                loss = self._taped(x, y)
                return loss, [scope.get_current_value(variable) for variable in flat]

        values = [value for group in self._state for value in group]
        return (
            _products(self._pure, self._state, *self.batch),
            _products(taped, values, *self.batch),
        )


def _products(function: Callable[..., Any], *args: Any) -> int:
    text = jax.jit(function).lower(*args).compile().as_text()
    return text.count(" dot(") + text.count("__onednn$matmul")


def step_table(rounds: int, calls: int, names: Sequence[str]) -> list[list[str]]:
    """Compiled steps, and the matrix products in them."""
    rows = []
    for name in names:
        size, part = STEPS[name]
        step = TrainingStep(name, size)
        ways = {
            "hand": lambda step=step: step.by_hand("hand"),
            "options": lambda step=step: step.by_hand("options"),
            "tape": lambda step=step: step.by_tape(*step.batch),
        }
        found = medians(ways, rounds, max(1, int(calls * part)))
        by_hand, by_tape = step.products()
        ratio = found["tape"] / found["options"]
        shown = [f"{1e3 * seconds:.3f} ms" for seconds in found.values()]
        rows.append([f"`{name}`, batch {size}", *shown, f"{ratio:.2f}", str(by_hand), str(by_tape)])
    return rows


def _is_met(met: bool) -> str:
    return "yes" if met else "no"


def markdown(rounds: int, calls: int, tiny: bool) -> str:
    """The tables as text."""
    names = ["mlp"] if tiny else list(STEPS)
    today = datetime.date.today().isoformat()
    return "\n".join(
        [
            "# Results of `python benchmarks/tape.py`\n",
            f"Medians of {rounds} rounds in one process, in which what is compared takes turns "
            f"({today}, jax {jax.__version__}).\n",
            "## Eager gradients beside the forward pass, 8→30→1, batch 32\n",
            _table(["net", "forward", "with gradients", "ratio", "target", "met"],
                   eager_table(rounds, calls)),
            "## A call of `deepkit.function` beside `jax.jit` with donated state\n",
            _table(["state", "`jax.jit`", "`deepkit.function`", "more", "target", "met"],
                   call_table(rounds, calls)),
            "## A compiled training step by Adam\n",
            "The ratio is that to the same options of XLA, which deepkit chooses for loops.\n",
            _table(["net", "`jax.value_and_grad` in `jax.jit`", "with deepkit's options of XLA",
                    "tape in `deepkit.function`", "ratio", "products by hand", "with a tape"],
                   step_table(rounds, calls, names)),
        ]
    )  # fmt: skip


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [" | ".join(heads), " | ".join(["---"] * len(heads)), *(" | ".join(r) for r in rows)]
    return "\n".join(f"| {line} |" for line in lines) + "\n"


def main() -> None:
    """Measure, print, and perhaps write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--calls", type=int, default=200, help="calls of a round")
    parser.add_argument("--tiny", action="store_true", help="a few calls; figures mean nothing")
    parser.add_argument("--write", action="store_true", help="keep the results in TAPE.md")
    options = parser.parse_args()
    if options.tiny and options.write:
        parser.error("Figures of tiny sizes are not written.")
    rounds, calls = (1, 2) if options.tiny else (options.rounds, options.calls)
    text = markdown(rounds, calls, options.tiny)
    print(text)
    if options.write:
        (HERE / "TAPE.md").write_text(text)


if __name__ == "__main__":
    main()
