"""A report as text: tables of layers and arrays, in plain columns."""

from collections.abc import Iterable, Sequence
from typing import Any

from deepkit.saving._plain_text import columns, plain

_MOST_LINES = 1001  # with the heading
_MOST_LETTERS = 100
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")
_HEADINGS = {"weights": "Weights", "optimizer": "State of the optimizer", "seeds": "Seeds"}


def report_text(report: Any) -> str:
    """The text of a `FileReport`."""
    lines = [f"{plain(report.file)}: {report.format}, {byte_text(report.nbytes)}", *_facts(report)]
    if report.layers:
        count = sum(layer.depth > 0 for layer in report.layers)
        lines += ["", f"Model: {count} layers", *_layer_table(report.layers)]
    for kind, heading in _HEADINGS.items():
        arrays = report.of_kind(kind)
        if arrays:
            lines += ["", f"{heading}: {_sum_text(arrays)}", *_array_table(arrays)]
    lines += ["", f"All arrays: {_sum_text(report.arrays)}"]
    if report.refusals:
        lines += ["", "Loading it refuses, as it is:", *(f"  {line}" for line in report.refusals)]
    return "\n".join(lines)


def byte_text(count: int) -> str:
    """A number of bytes in a unit that suits it."""
    size, unit = float(count), 0
    while size >= 1024 and unit < len(_UNITS) - 1:
        size, unit = size / 1024, unit + 1
    return f"{count} bytes" if unit == 0 else f"{size:,.1f} {_UNITS[unit]}"


def shape_text(shape: Any) -> str:
    """A shape, or lists and dicts of shapes, as plain tuples."""
    if isinstance(shape, dict):
        return "{" + ", ".join(f"{plain(k)}: {shape_text(v)}" for k, v in shape.items()) + "}"
    if not isinstance(shape, list | tuple):
        return plain(shape)
    inner = ", ".join(map(shape_text, shape))
    is_shape = all(isinstance(length, int | None) for length in shape)
    return f"({inner}{',' * (len(shape) == 1)})" if is_shape else f"[{inner}]"


def _facts(report: Any) -> list[str]:
    facts = [(key.replace("_", " "), plain(value)) for key, value in report.writer.items()]
    facts.append(("manifest", report.manifest))
    for key, value in (report.compiled or {}).items():
        facts.append((key.replace("_", " "), _value_text(value)))
    width = max(len(name) for name, _ in facts)
    return [f"  {name:<{width}}  {value}" for name, value in facts]


def _value_text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{plain(key)}: {_value_text(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return ", ".join(map(_value_text, value))
    return plain(value)


def _layer_table(layers: Sequence[Any]) -> list[str]:
    rows = [
        [
            "  " * min(layer.depth, 20) + plain(layer.name),
            plain(layer.class_name),
            "" if layer.shape is None else shape_text(layer.shape)[:_MOST_LETTERS],
            ", ".join(f"{key}={plain(value)}" for key, value in layer.settings.items()),
        ]
        for layer in layers
    ]
    return columns([["name", "class", "built for", "settings"], *rows], _MOST_LINES)


def _array_table(arrays: Sequence[Any]) -> list[str]:
    rows = [
        [
            plain(array.path),
            shape_text(array.shape),
            array.dtype or "no numbers",
            f"{array.nbytes:,}" if array.same_as is None else f"same as {plain(array.same_as)}",
        ]
        for array in arrays
    ]
    return columns([["path", "shape", "dtype", "bytes"], *rows], _MOST_LINES)


def _sum_text(arrays: Iterable[Any]) -> str:
    stored = [array for array in arrays if array.same_as is None]
    return f"{len(stored):,} arrays, {byte_text(sum(array.nbytes for array in stored))}"
