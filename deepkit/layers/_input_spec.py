"""InputSpec: what a layer accepts, checked before it computes."""

from typing import Any

from deepkit.core import dtypes, tree
from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.core.shapes import standardize_shape


class InputSpec:
    """Rank, sizes and dtype that a layer expects of an input.

    Args:
        dtype: the expected dtype, or `None`.
        shape: the expected shape; `None` for sizes that may be any.
        ndim: the expected rank.
        max_ndim: the greatest rank.
        min_ndim: the least rank.
        axes: sizes that certain axes must have.
        allow_last_axis_squeeze: whether a last axis of size 1 may be missing or too many.
        name: the key of the input, where inputs come in a dict.
        optional: whether the input may be `None`.

    Example:
        >>> import deepkit
        >>> deepkit.InputSpec(min_ndim=2, axes={-1: 8})
        InputSpec(min_ndim=2, axes={-1: 8})
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Any = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype = None if dtype is None else dtypes.standardize_dtype(dtype)
        self.shape = None if shape is None else standardize_shape(shape)
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim, self.min_ndim = max_ndim, min_ndim
        self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name = name
        self.optional = optional
        highest = self.ndim if self.ndim is not None else self.max_ndim
        if highest is not None and self.axes and max(self.axes) >= highest:
            raise ArgumentError(
                f"Expected axes below {highest} in `axes`, received {max(self.axes)}."
            )

    def __repr__(self) -> str:
        parts = [f"dtype={self.dtype!r}"] if self.dtype else []
        if self.shape is not None:
            parts.append(f"shape={tuple(self.shape)}")
        parts += [
            f"{name}={getattr(self, name)!r}"
            for name in ("ndim", "max_ndim", "min_ndim", "axes")
            if getattr(self, name) and not (name == "ndim" and self.shape is not None)
        ]
        return f"InputSpec({', '.join(parts)})"

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "dtype": self.dtype,
            "shape": self.shape,
            "ndim": self.ndim,
            "max_ndim": self.max_ndim,
            "min_ndim": self.min_ndim,
            "axes": self.axes,
            "optional": self.optional,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "InputSpec":
        """A spec from what `get_config` returned."""
        return cls(**config)


def check_inputs(specs: Any, inputs: Any, owner: str) -> None:
    """Compare inputs with the specs of a layer.

    Args:
        specs: an `InputSpec`, or nested ones in the form of the inputs.
        inputs: nested tensors.
        owner: names the layer in messages.

    Raises:
        ShapeError: the number of inputs, a rank or a size differs.
    """
    flat_specs = tree.flatten(specs)
    if isinstance(inputs, dict) and any(spec.name for spec in flat_specs):
        missing = [s.name for s in flat_specs if s.name not in inputs and not s.optional]
        if missing:
            raise ShapeError(
                f"{owner} expects the inputs {[s.name for s in flat_specs]}, but {missing} "
                f"is missing in the dict it received, which has the keys {list(inputs)}."
            )
        values = [inputs.get(spec.name) for spec in flat_specs]
    else:
        values = tree.flatten(inputs)
    if len(values) != len(flat_specs):
        raise ShapeError(
            f"{owner} expects {len(flat_specs)} input{'s' * (len(flat_specs) != 1)}, "
            f"but received {len(values)}."
        )
    for spec, value in zip(flat_specs, values):
        if spec is not None and not (value is None and spec.optional):
            _check_one(spec, value, owner)


def _check_one(spec: InputSpec, value: Any, owner: str) -> None:
    shape = tuple(value.shape)
    rank = len(shape)

    def refuse(expected: str) -> None:
        name = f" '{spec.name}'" if spec.name else ""
        raise ShapeError(f"{owner} expects an input{name} {expected}, received shape {shape}.")

    if spec.ndim is not None and rank != spec.ndim and not _squeezes(spec, shape):
        wanted = "" if spec.shape is None else f" and shape {tuple(spec.shape)}"
        refuse(f"of rank {spec.ndim}{wanted}")
    if spec.max_ndim is not None and rank > spec.max_ndim:
        refuse(f"of rank {spec.max_ndim} at most")
    if spec.min_ndim is not None and rank < spec.min_ndim:
        refuse(f"of rank {spec.min_ndim} at least")
    for axis, size in spec.axes.items():
        if size is not None and (not -rank <= axis < rank or shape[axis] not in (size, None)):
            refuse(f"with size {size} on axis {axis}")
    if spec.shape is not None and rank == len(spec.shape):
        for wanted, size in zip(spec.shape, shape):
            if wanted is not None and size is not None and wanted != size:
                refuse(f"of shape {tuple(spec.shape)}")


def _squeezes(spec: InputSpec, shape: tuple[int | None, ...]) -> bool:
    """Whether only a last axis of size 1 is missing or too many."""
    if not spec.allow_last_axis_squeeze or spec.shape is None:
        return False
    if len(shape) == len(spec.shape) + 1:
        return shape[-1] == 1
    return len(shape) == len(spec.shape) - 1 and spec.shape[-1] == 1
