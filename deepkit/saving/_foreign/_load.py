"""load_weights_from: weights from a state dict of PyTorch, or from any mapping of arrays."""

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from deepkit.core.messages import say
from deepkit.saving._foreign._layouts import Rule
from deepkit.saving._foreign._renaming import rename_all
from deepkit.saving._foreign._report import Match, Mismatch, WeightsReport
from deepkit.saving._foreign._sources import Source, opened
from deepkit.saving._foreign._targets import Target, Targets
from deepkit.saving._formats import _dtypes
from deepkit.saving._saveable import check_built

# No way to make a variable takes an array that is more than four times as large.
_MOST_TIMES = 4


def load_weights_from(
    model: Any,
    mapping: Any,
    rename: Any = None,
    layout: str | None = None,
    strict: bool = True,
    verbose: bool = True,
) -> WeightsReport:
    """Take weights from a state dict of PyTorch, or from any mapping of arrays.

    An array belongs to the layer at whose attributes its name begins: `encoder.blocks.0.weight`
    to `model.encoder.blocks[0]`; or at the layer's own name, if only one layer has it. `rename`
    makes other names so. After that comes the name of the variable: `kernel`, or with
    `layout="torch"` what PyTorch calls it: `weight`, `running_mean`, `weight_ih_l0`.

    Args:
        model: the model or layer, built.
        mapping: arrays by name, also nested, of PyTorch, NumPy, JAX or anything that turns into
            NumPy's; a module with `state_dict`; or the path of a `.safetensors` or `.npz` file.
        rename: a function from a name to the one that it has in the model, or to `None` to leave
            the array out; or a dict. Its keys are whole names, beginnings of names up to a dot, or
            patterns of `re.compile`; its values what stands instead, or `None`.
        layout: `"torch"` if the arrays lie as in PyTorch: kernels are transposed, gates put in
            order, and biases added up, as the class of each layer asks for. `None` if they lie as
            they do here.
        strict: whether all arrays and all weights of the model must fit each other; otherwise what
            fits is loaded.
        verbose: whether a table of what was found is printed.

    Returns:
        A report, whose text is the table.

    Raises:
        WeightMismatchError: something does not fit; the message lists what on both sides, and no
            weight is changed.
        ArgumentError: the file is of another kind, or two arrays get the same name.
        NotBuiltError: the model has no weights yet.

    Example:
        >>> import deepkit, numpy as np
        >>> model = deepkit.Sequential([deepkit.Input((3,)), deepkit.layers.Dense(2, name="fc")])
        >>> state = {"fc.weight": np.ones((2, 3)), "fc.bias": np.zeros(2)}
        >>> report = deepkit.saving.load_weights_from(model, state, layout="torch")
        Loaded 2 of 2 weights of 'sequential...' from the mapping:
          array      shape   weight           shape
          fc.weight  (2, 3)  sequential.../fc/kernel  (3, 2)
          fc.bias    (2,)    sequential.../fc/bias    (2,)
    """
    check_built(model, "loaded")
    targets = Targets(model, layout)
    with opened(mapping) as (origin, sources):
        by_name = {source.name: source for source in sources}
        renamed = rename_all(list(by_name), rename)
        work = _Work(targets)
        for new, old in renamed.items():
            work.place(new, by_name[old])
        values = list(work.values())
        report = WeightsReport(
            origin=origin,
            model=model.name,
            matched=tuple(match for _, _, match in values),
            unused=tuple(work.unused),
            missing=tuple(work.missing),
            mismatched=tuple(work.mismatched),
        )
        if strict:
            report.check()
    for variable, value, _ in values:
        variable.assign(value)
    if verbose:
        say(str(report))
    return report


class _Work:
    """Arrays that find their places in a model.

    Args:
        targets: the objects of the model.
    """

    def __init__(self, targets: Targets) -> None:
        self._targets = targets
        self._placed: dict[int, dict[str, Source]] = {}
        self.unused: list[tuple[str, tuple[int, ...]]] = []
        self.missing: list[tuple[str, tuple[int, ...]]] = []
        self.mismatched: list[Mismatch] = []

    def place(self, name: str, source: Source) -> None:
        """Find the object that an array belongs to."""
        if name != source.name:  # the caller knows better whose it is
            source = dataclasses.replace(source, owner=None)
        found = self._targets.find(name)
        if found is None:
            self.unused.append((source.name, source.shape))
        elif found[1] in self._placed.setdefault(id(found[0]), {}):
            # The object has several paths, and another array came by one of them.
            self.unused.append((source.name, source.shape))
        else:
            self._placed[id(found[0])][found[1]] = source

    def values(self) -> Iterator[tuple[Any, np.ndarray, Match]]:
        """The values of variables; what does not fit is noted."""
        done: set[int] = set()
        for target in self._targets.all:
            placed = self._placed.get(id(target), {})
            used = set(target.layout.ignored)
            for rule in target.layout.rules:
                if id(rule.variable) in done:
                    # Shared with a layer before: the arrays are the same.
                    used.update(source for way in rule.ways for source in way.sources)
                    continue
                done.add(id(rule.variable))
                found = self._value(target, rule, placed, used)
                if found is not None:
                    yield found
            for name, source in placed.items():
                if name not in used:
                    self.unused.append((source.name, source.shape))

    def _value(
        self, target: Target, rule: Rule, placed: dict[str, Source], used: set[str]
    ) -> tuple[Any, np.ndarray, Match] | None:
        variable = rule.variable
        shape = tuple(variable.shape)
        way = next((way for way in rule.ways if placed.keys() >= set(way.sources)), None)
        if way is None:
            self.missing.append((variable.path, shape))
            return None
        used.update(way.sources)
        sources = [placed[name] for name in way.sources]
        names = tuple(source.name for source in sources)
        shapes = tuple(source.shape for source in sources)
        value, reason = None, self._targets.moved(target, [source.owner for source in sources])
        if reason is None and all(math.prod(s) <= _MOST_TIMES * math.prod(shape) for s in shapes):
            value, reason = _converted(sources, way.convert, shape, np.dtype(variable.dtype))
        if value is None:
            self.mismatched.append(Mismatch(names, shapes, variable.path, shape, reason))
            return None
        return variable, value, Match(names, shapes, variable.path, shape)


def _converted(
    sources: list[Source], convert: Any, shape: tuple[int, ...], dtype: np.dtype
) -> tuple[np.ndarray | None, str | None]:
    """The value for a variable, or why there is none, if it is not for its shape."""
    arrays = [source.read() for source in sources]
    for array in arrays:
        if _dtypes.family(array.dtype) != _dtypes.family(dtype):
            return None, f"dtype {array.dtype} where the model has {dtype}"
    try:
        value = np.asarray(convert(*arrays))
    except (ValueError, IndexError):
        # The arrays have other axes than this way takes.
        return None, None
    if value.shape != shape:
        return None, None
    if not _dtypes.keeps_values(value, dtype):
        return None, f"numbers too large for {dtype}"
    return np.ascontiguousarray(value), None
