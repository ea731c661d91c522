"""Time of `import deepkit` beside that of `import jax`, each in processes of their own, in turn.

python benchmarks/import_time.py [--rounds N]
"""

import argparse
import statistics
import subprocess
import sys
import time

STATEMENTS = {
    "import jax": "import jax",
    "import deepkit": "import jax, deepkit",
    "import deepkit, all parts": (
        "import jax, deepkit; [getattr(deepkit, name) for name in deepkit.__all__]"
    ),
}


def seconds(statement):
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    times = {name: [] for name in STATEMENTS}
    for statement in STATEMENTS.values():
        seconds(statement)
    for _ in range(rounds):
        for name, statement in STATEMENTS.items():
            times[name].append(seconds(statement))
    base = times["import jax"]
    print("| statement | seconds | ratio |\n|---|---|---|")
    for name, values in times.items():
        ratio = statistics.median(v / b for v, b in zip(values, base))
        print(f"| {name} | {statistics.median(values):.2f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
