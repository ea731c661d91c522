"""Results on disk, and the table that is drawn from them."""

import json
import pathlib
from collections.abc import Mapping
from typing import Any

from scenarios import FRAMEWORKS, LARGE, Scenario, Target, peak, scenarios

# By device and scenario: {"figures": {framework: median}, "rounds", "date", "with", "flops"}.
Results = dict[str, dict[str, Any]]

RATIOS = {
    "keras": "Keras / deepkit",
    "hand": "deepkit / by hand",
    "torch": "PyTorch / deepkit",
}


def load(path: pathlib.Path) -> Results:
    """Results that were written before."""
    return json.loads(path.read_text()) if path.exists() else {}


def merge(results: Results, device: str, rows: Mapping[str, Any]) -> Results:
    """Results with new rows; what was measured of other scenarios stays."""
    return {**results, device: {**results.get(device, {}), **rows}}


def save(results: Results, path: pathlib.Path) -> None:
    """Write results, in a form whose changes are easy to read."""
    path.write_text(json.dumps(results, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


def markdown(results: Results) -> str:
    """Tables of all devices."""
    parts = ["# Results of `python benchmarks/run.py`\n", _LEGEND]
    for device, rows in results.items():
        title = "CPU" if device == "cpu" else device
        parts.append(f"## {title}\n\n{table(device, rows)}\n\n{_origins(rows)}\n")
    return "\n".join(parts)


_LEGEND = """\
Medians over rounds, in which the frameworks take turns, each in a process of its own; ratios are
those of the medians. For `import`, "by hand" is `import jax`. What is compared is said in
`by_hand/__init__.py`, `by_torch/__init__.py` and `large.py`. What limits the rows that miss their
target is in `docs/design/speed_limits.md`.
"""


def table(device: str, rows: Mapping[str, Any]) -> str:
    """The rows of a device, in the order of the scenarios."""
    known = scenarios(device)
    columns = [who for who in FRAMEWORKS if any(who in row["figures"] for row in rows.values())]
    ratios = [RATIOS[who] for who in columns]
    heads = ["", *(FRAMEWORKS[who] for who in columns), "deepkit", *ratios, "target", "met", "date"]
    lines = [_line(heads), "|---" * len(heads) + "|"]
    ours = {name: row["figures"]["deepkit"] for name, row in rows.items()}
    for name in known:
        if name in rows:
            lines.append(_line(_cells(name, known[name], device, rows[name], columns, ours)))
    return "\n".join(lines)


def _line(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(
    name: str,
    scenario: Scenario,
    device: str,
    row: Mapping[str, Any],
    columns: list[str],
    ours: Mapping[str, float],
) -> list[str]:
    figures = row["figures"]

    def show(who: str) -> str:
        if who not in figures:
            return ""
        if name in LARGE:
            return rate(figures[who], row.get("flops"), peak(device))
        return mebibytes(figures[who]) if scenario.unit == "bytes" else duration(figures[who])

    shown = [show(who) for who in (*columns, "deepkit")]
    mine = figures["deepkit"]
    ratios = [ratio(who, figures) for who in columns]
    goal, met = "", None
    if scenario.target is not None:
        goal = describe(scenario.target, scenario.unit)
        met = scenario.target.met(mine, {**ours, **figures})
    verdict = {True: "yes", False: "no", None: ""}[met]
    return [scenario.title, *shown, *ratios, goal, verdict, row["date"]]


def ratio(who: str, figures: Mapping[str, float]) -> str:
    """The figure of a framework over deepkit's; by hand the other way round."""
    if who not in figures:
        return ""
    quotient = figures[who] / figures["deepkit"]
    return f"{1 / quotient if who == 'hand' else quotient:.2f}"


def describe(target: Target, unit: str = "seconds") -> str:
    """A target in words."""
    if not target.against:
        return f"≤ {mebibytes(target.limit) if unit == 'bytes' else duration(target.limit)}"
    against = {"hand": "by hand", "keras": "Keras"}.get(target.against, f"`{target.against}`")
    return f"{'≥' if target.faster else '≤'} {target.limit:.3g} times {against}"


def duration(seconds: float) -> str:
    """A time in a unit that suits it."""
    for unit, scale in (("s", 1.0), ("ms", 1e3)):
        if seconds * scale >= 1:
            return f"{seconds * scale:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def mebibytes(count: float) -> str:
    """A size in MiB."""
    return f"{count / 2**20:.0f} MiB"


def rate(seconds: float, flops: float | None, peak: float | None) -> str:
    """Steps in a second, and the part of the peak that they use."""
    steps = f"{1 / seconds:.3g} steps/s"
    return steps if not flops or not peak else f"{steps}, {flops / seconds / peak:.0%} of peak"


def _origins(rows: Mapping[str, Any]) -> str:
    origins = sorted({(row["date"], row["rounds"], row["with"]) for row in rows.values()})
    return "\n".join(
        f"- {date}, medians of {count} rounds: {using}." for date, count, using in origins
    )
