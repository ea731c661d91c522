"""Times and memory of deepkit beside Keras on JAX, JAX by hand and PyTorch.

    python benchmarks/run.py [--quick] [--rounds N] [--only NAME ...] [--write]
    python benchmarks/run.py --torch PYTHON     an interpreter that has PyTorch
    python benchmarks/run.py --gpu              on JAX's default device, with large nets too
    python benchmarks/run.py --gpu --tiny       all of it in small sizes, to see that it runs

Each figure comes from a process of its own, and the frameworks take turns. `--write` puts the
medians into results.json beside this file, and the table of all that was ever written there into
RESULTS.md. `by_hand`, `by_torch` and `large.py` say what work is compared.
"""

import argparse
import compileall
import datetime
import importlib.util
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from typing import Any

import table
from scenarios import LARGE, QUICK, scenarios

HERE = pathlib.Path(__file__).parent


def figure(name: str, who: str, arguments: Any, cache: pathlib.Path) -> float:
    """A figure from a process of its own."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "jax"}
    # What runs before left behind would make a first step a warm one.
    environment["DEEPKIT_COMPILATION_CACHE"] = "off"
    if not arguments.gpu:
        environment["JAX_PLATFORMS"] = "cpu"
        environment["CUDA_VISIBLE_DEVICES"] = ""
    python = arguments.torch if who == "torch" else sys.executable
    command = [python, __file__, "--measure", name, who, *(["--tiny"] * arguments.tiny)]
    if name == "import":
        module = {"hand": "jax"}.get(who, who)
        command = [python, "-c", f"import jax, {module}"]
    if name == "first_step_warm":
        del environment["DEEPKIT_COMPILATION_CACHE"]
        environment["JAX_COMPILATION_CACHE_DIR"] = str(cache / who)
        environment["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
        environment["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "0"
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    seconds = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"{name} of {who} failed:\n{done.stderr[-2000:]}")
    if scenarios(arguments.device)[name].whole_process:
        return seconds
    return json.loads(done.stdout.splitlines()[-1])


def row(name: str, rounds: int, arguments: Any, cache: pathlib.Path) -> dict[str, Any]:
    """The medians of a scenario, and where they come from."""
    scenario = scenarios(arguments.device)[name]
    frameworks = ["keras"]
    frameworks += ["hand"] * scenario.by_hand
    frameworks += ["torch"] * (scenario.by_torch and arguments.torch is not None)
    frameworks += ["deepkit"]
    found: dict[str, list[float]] = {who: [] for who in frameworks}
    # Files must be in memory, and a cache be filled.
    warm_up = 1 if name in ("import", "first_step_warm") else 0
    for turn in range(rounds + warm_up):
        # Turned around every other time, so that none always comes first.
        for who in frameworks if turn % 2 == 0 else reversed(frameworks):
            value = figure(name, who, arguments, cache)
            if turn >= warm_up:
                found[who].append(value)
    made = {
        "figures": {who: statistics.median(values) for who, values in found.items()},
        "rounds": rounds,
        "date": datetime.date.today().isoformat(),
        "with": machine(arguments),
    }
    if name in LARGE:
        made["flops"] = figure(name, "flops", arguments, cache)
    return made


def machine(arguments: Any) -> str:
    """Where and with what figures are measured."""
    names = ("jax", "jaxlib", "keras", "numpy")
    packages = ", ".join(f"{name} {version(name)}" for name in names)
    if arguments.torch:
        code = "import torch; print(torch.__version__)"
        packages += f", torch {_printed(arguments.torch, code)}"
    return f"{os.cpu_count()} cores of {_cpu()}, Python {platform.python_version()}, {packages}"


def _cpu() -> str:
    path = pathlib.Path("/proc/cpuinfo")
    for line in path.read_text().splitlines() if path.exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def compile_as_installed() -> None:
    """Write deepkit's bytecode, as installing it does, and as all others have theirs."""
    spec = importlib.util.find_spec("deepkit")
    compileall.compile_dir(pathlib.Path(spec.origin).parent, quiet=2)


def default_device() -> str:
    """The name of JAX's default device, `"cpu"` for a processor."""
    return _printed(sys.executable, "import jax; print(jax.devices()[0].device_kind)")


def _printed(python: str, code: str) -> str:
    done = subprocess.run([python, "-c", code], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


def measure_here(name: str, who: str, tiny: bool) -> float:
    """A figure from this process; PyTorch's interpreter may have no JAX."""
    if who == "torch":
        import by_torch

        return by_torch.measure(name, tiny)
    if who == "flops":
        import large

        return large.flops(name, tiny)
    import measure

    return measure.measure(name, who, tiny)


def parse() -> Any:
    """The arguments, with the name of the device among them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--measure", nargs=2, metavar=("NAME", "FRAMEWORK"), help="one figure")
    parser.add_argument("--quick", action="store_true", help="a part within two minutes")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--only", nargs="+", metavar="NAME")
    parser.add_argument("--gpu", action="store_true", help="JAX's default device, large nets too")
    parser.add_argument("--tiny", action="store_true", help="small sizes; figures mean nothing")
    parser.add_argument("--torch", metavar="PYTHON", help="an interpreter that has PyTorch")
    parser.add_argument("--write", action="store_true", help="keep the results")
    arguments = parser.parse_args()
    if arguments.torch is None and importlib.util.find_spec("torch"):
        arguments.torch = sys.executable
    if arguments.write and arguments.tiny:
        parser.error("Figures of tiny sizes are not written.")
    if not arguments.measure:
        arguments.device = default_device() if arguments.gpu else "cpu"
        if arguments.gpu and arguments.device == "cpu":
            if not arguments.tiny:
                parser.error("JAX finds no GPU. `--gpu --tiny` runs small sizes on CPU.")
            arguments.device = "a GPU's scenarios on CPU"
        unknown = set(arguments.only or ()) - set(scenarios(arguments.device))
        if unknown:
            parser.error(f"unknown scenarios {sorted(unknown)}")
    return arguments


def main() -> None:
    """Measure, print, and perhaps write."""
    arguments = parse()
    if arguments.measure:
        print(json.dumps(measure_here(*arguments.measure, arguments.tiny)))
        return
    compile_as_installed()
    device = arguments.device
    quick = QUICK["cpu" if device == "cpu" else "gpu"]
    names = arguments.only or (quick if arguments.quick else list(scenarios(device)))
    rounds = arguments.rounds or (1 if arguments.quick or arguments.tiny else 5)
    rows: dict[str, Any] = {}
    path = HERE / "results.json"
    with tempfile.TemporaryDirectory() as cache:
        for name in names:
            rows[name] = row(name, rounds, arguments, pathlib.Path(cache))
            print(table.table(device, {name: rows[name]}).splitlines()[-1], file=sys.stderr)
            if arguments.write:
                results = table.merge(table.load(path), device, {name: rows[name]})
                table.save(results, path)
                (HERE / "RESULTS.md").write_text(table.markdown(results))
    print(table.markdown({device: rows}))


if __name__ == "__main__":
    main()
