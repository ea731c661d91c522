"""The metrics that `compile` was given, for one output or for many, as one metric."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from deepkit.core import naming, tree, user_code
from deepkit.core.errors import ArgumentError, NotBuiltError
from deepkit.metrics import Metric

from ._compile_loss import CompileLoss
from ._outputs import Outputs
from ._resolve_metrics import check_metric, resolve_metric
from ._structures import Path, is_container, single_values


@dataclasses.dataclass(frozen=True)
class _Entry:
    """A metric, the path of its output, what comes before its name, and whether it is weighted."""

    metric: Metric
    path: Path
    prefix: str
    is_weighted: bool


class CompileMetrics(Metric):
    """The metrics of a model's outputs.

    Metrics and targets are found for the outputs as `Outputs` says; a single output takes all
    metrics, and one of several takes one metric or a list. Results are named after the metrics,
    with the names of the outputs before them if there are several. A name that is taken gets
    `weighted_` before it if the metric is weighted, and a number otherwise.

    Args:
        metrics: a list of names, functions, metrics, classes or configs; or lists, tuples and
            dicts of these in the form of the outputs, with `None` for an output without metrics.
        weighted_metrics: the same, for metrics that get the sample weights.
        name: the name of this metric, which results do not show.
        output_names: the names of the flat outputs, where they are known.
        loss: the compiled loss. Targets that are given for those outputs alone that have a loss
            are paired with these; without it, with the outputs that have metrics.

    Raises:
        ArgumentError: metrics are given alone and not in a list, tuple or dict.
        UnknownNameError: no metric has a name that is given.

    Example:
        >>> import numpy as np
        >>> from deepkit.training._compile_metrics import CompileMetrics
        >>> metrics = CompileMetrics({"a": ["mse", "mae"], "b": "mae"}, None)
        >>> y_true = {"a": np.zeros((2, 1)), "b": np.zeros((2, 1))}
        >>> y_pred = {"a": np.full((2, 1), 3.0), "b": np.full((2, 1), 2.0)}
        >>> metrics.update_state(y_true, y_pred)
        >>> {name: float(value) for name, value in metrics.result().items()}
        {'a_mse': 9.0, 'a_mae': 3.0, 'b_mae': 2.0}
    """

    def __init__(
        self,
        metrics: Any,
        weighted_metrics: Any,
        name: str = "compile_metrics",
        output_names: Sequence[str] | None = None,
        loss: CompileLoss | None = None,
    ) -> None:
        super().__init__(name=name)
        _check(metrics, "metrics")
        _check(weighted_metrics, "weighted_metrics")
        self._given = (("metrics", metrics, False), ("weighted_metrics", weighted_metrics, True))
        self._output_names, self._loss = output_names, loss
        self._outputs: Outputs
        self._entries: tuple[_Entry, ...] = ()
        # Tracked as it is, empty; `build` fills it.
        self._inner: list[Metric] = []
        self.built = False

    @property
    def metrics(self) -> list[Metric]:
        """The metrics of all outputs; none before `build`."""
        return list(self._inner)

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Find the metrics of the outputs.

        Args:
            y_true: targets, of which the form and the shapes matter.
            y_pred: outputs, likewise.

        Raises:
            ArgumentError: metrics do not have the form of the outputs, or one serves twice.
            UnknownNameError: a key names no output.
            DataError: targets do not have the form of the outputs, or one is missing.
        """
        outputs = Outputs(y_pred, self._output_names)
        chosen = [
            (path, identifier, is_weighted)
            for argument, given, is_weighted in self._given
            for path, identifier in _choose(given, argument, outputs)
        ]
        targets = self._targets(y_true, y_pred, outputs, [path for path, _, _ in chosen])
        predictions = outputs.place_values(y_pred, "y_pred")
        entries = []
        for path, identifier, is_weighted in chosen:
            with outputs.noting("the metrics", path):
                metric = resolve_metric(identifier, targets[path], predictions[path])
            prefix = outputs.name_of(path) if len(outputs.paths) > 1 else None
            entries.append(_Entry(metric, path, f"{prefix}_" if prefix else "", is_weighted))
        _check_distinct([entry.metric for entry in entries])
        self._outputs, self._entries = outputs, tuple(entries)
        self._inner[:] = [entry.metric for entry in entries]
        self.built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch to all metrics.

        Args:
            y_true: targets in the form of the outputs.
            y_pred: outputs.
            sample_weight: weights for all outputs, or weights in the form of the targets; only
                the weighted metrics get them.

        Raises:
            DataError: targets or weights do not fit the outputs, or a target is missing.
        """
        if not self.built:
            self.build(y_true, y_pred)
        outputs, paths = self._outputs, [entry.path for entry in self._entries]
        targets = self._targets(y_true, y_pred, outputs, paths)
        predictions = outputs.place_values(y_pred, "y_pred")
        weights = self._sample_weights(sample_weight, y_true, y_pred)
        for entry in self._entries:
            weight = weights.get(entry.path) if entry.is_weighted else None
            options = {} if weight is None else {"sample_weight": weight}
            with outputs.noting(f"the metric '{entry.metric.name}'", entry.path):
                update_state = user_code.prepared(entry.metric.update_state)
                update_state(targets[entry.path], predictions[entry.path], **options)

    def sample_values(self, y_true: Any, y_pred: Any) -> list[Any] | None:
        """The values of single samples of all metrics; see `Metric`."""
        outputs = self._outputs
        targets = self._targets(y_true, y_pred, outputs, [entry.path for entry in self._entries])
        predictions = outputs.place_values(y_pred, "y_pred")
        found: list[Any] = []
        for entry in self._entries:
            values = entry.metric.sample_values(targets[entry.path], predictions[entry.path])
            if values is None:
                return None
            found.extend(values)
        return found

    def result(self) -> dict[str, Any]:
        """The results of all metrics by name.

        Raises:
            NotBuiltError: no batch was seen yet.
        """
        if not self.built:
            raise NotBuiltError(
                "The compiled metrics have no results, as they have seen no batch. Call "
                "`compute_metrics` or `update_state` first."
            )
        results: dict[str, Any] = {}
        for entry in self._entries:
            name = f"{entry.prefix}{entry.metric.name}"
            if entry.is_weighted and name in results:
                name = f"{entry.prefix}weighted_{entry.metric.name}"
            results[naming.unique_name(name, results)] = entry.metric.result()
        return results

    def _targets(
        self, y_true: Any, y_pred: Any, outputs: Outputs, paths: list[Path]
    ) -> dict[Path, Any]:
        """The target of each output; all those at `paths` are there."""
        if not paths:
            return {}
        targets = outputs.place_values(y_true, "y", self._needed(y_true, y_pred, outputs, paths))
        for path in paths:
            if path not in targets:
                why = f"There is no target for {outputs.describe(path)}, which has metrics."
                raise outputs.mismatch(y_true, "y", (), why)
        return targets

    def _needed(
        self, y_true: Any, y_pred: Any, outputs: Outputs, paths: list[Path]
    ) -> Callable[[], list[Path]]:
        """What gives the paths of the outputs whose targets are given where some are left out."""

        def needed() -> list[Path]:
            if self._loss is None:
                return [path for path in outputs.paths if path in paths]
            if not self._loss.built:
                self._loss.build(y_true, y_pred)
            return self._loss.target_paths

        return needed

    def _sample_weights(self, given: Any, y_true: Any, y_pred: Any) -> dict[Path, Any]:
        """The weights of each output with weighted metrics."""
        paths = [entry.path for entry in self._entries if entry.is_weighted]
        if not paths or not tree.is_nested(given):
            return dict.fromkeys(paths, given)
        needed = self._needed(y_true, y_pred, self._outputs, paths)
        return self._outputs.place_values(given, "sample_weight", needed)


def _check(metrics: Any, argument: str) -> None:
    if metrics is not None and not is_container(metrics):
        raise ArgumentError(
            f"Expected `{argument}` to be a list, tuple or dict, received {metrics!r}. Put a "
            f"single metric into a list: `{argument}=[...]`."
        )
    for identifier in single_values(metrics):
        if identifier is not None:
            check_metric(identifier)


def _choose(given: Any, argument: str, outputs: Outputs) -> list[tuple[Path, Any]]:
    """Each metric with the path of its output."""
    if not given:
        return []
    is_single = len(outputs.paths) == 1

    def ends(value: Any, form: Any) -> bool:
        if isinstance(value, list | tuple):
            return is_single or not tree.is_nested(form)
        return not is_container(value)

    placed = outputs.place(given, argument, ends)
    for path in placed:
        if path not in outputs.paths:
            count = len(outputs.below(path))
            raise outputs.mismatch(
                given, argument, path, f"This is one metric for {count} outputs."
            )
    return [
        (path, identifier)
        for path in outputs.paths
        for identifier in single_values(placed.get(path))
        if identifier is not None
    ]


def _check_distinct(metrics: list[Metric]) -> None:
    seen: set[int] = set()
    for metric in metrics:
        if id(metric) in seen:
            raise ArgumentError(
                f"Expected each metric to serve one output once, received the metric "
                f"'{metric.name}' twice, so that its state would mix. Make another one with the "
                f"same arguments."
            )
        seen.add(id(metric))
