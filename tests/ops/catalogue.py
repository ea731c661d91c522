"""One row for each op: arguments on which it is compared with Keras."""

import dataclasses
from typing import Any

import numpy as np

_RNG = np.random.default_rng(0)


def _normal(*shape: int) -> np.ndarray:
    return _RNG.normal(size=shape).astype("float32")


X = _normal(3, 4)
Y = _normal(3, 4)
POSITIVE = np.abs(X) + 0.5
UNIT = np.tanh(X) * 0.9
ABOVE_ONE = POSITIVE + 1.0
INTEGERS = np.array([[3, -1, 4, 1], [5, 9, -2, 6], [5, 3, 5, 8]], "int32")
COUNTS = np.array([[6, 2, 4, 1], [5, 9, 2, 6], [5, 3, 5, 8]], "int32")
SHIFTS = np.array([[0, 1, 2, 3], [1, 1, 0, 2], [3, 0, 1, 1]], "int32")
BOOLEANS = X > 0
OTHER_BOOLEANS = Y > 0
SPECIAL = np.array([[0.0, -0.0, np.nan, 1.5], [np.inf, -np.inf, 2.5, -3.5], [0.5] * 4], "float32")
GAPS = np.where(BOOLEANS, X, np.nan).astype("float32")
COMPLEX = (X + 1j * Y).astype("complex64")
VECTOR = _normal(4)
OTHER_VECTOR = _normal(4)
SORTED = np.sort(_normal(5))
CUBE = _normal(2, 3, 4)
MATRICES = _normal(2, 3, 3) + 2 * np.eye(3, dtype="float32")
DEFINITE = (MATRICES @ np.swapaxes(MATRICES, 1, 2) + np.eye(3)).astype("float32")
FACTORS = np.linalg.cholesky(DEFINITE).astype("float32")
SIGNAL = _normal(2, 20)
ROWS = np.array([2, 0, 1, 0], "int32")
PLACES = np.array([[0, 1], [2, 0], [0, 1]], "int32")
SPECTRUM = (_normal(2, 4, 5), _normal(2, 4, 5))


@dataclasses.dataclass(frozen=True)
class Row:
    """An op and the arguments to compare it on.

    Args:
        name: the op, with the names of modules in front.
        args: its arguments; those that are arrays may be replaced by symbols.
        kwargs: plain options.
        gradient: whether to compare gradients too, with respect to the float arrays.
        symbolic: whether it can be drawn with `KerasTensor`s.
        eager: whether to run it on variables and lists too.
        unknown: whether first sizes may be unknown then.
        tolerance: relative; float32 has a step of 1.2e-7, and sums of a few steps are common.
    """

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = dataclasses.field(default_factory=dict)
    gradient: bool = True
    symbolic: bool = True
    eager: bool = False
    unknown: bool = True
    tolerance: float = 2e-6

    def __str__(self) -> str:
        options = ",".join(f"{key}={value}" for key, value in self.kwargs.items())
        return f"{self.name}({options})"


def _rows(names: str, *args: Any, **options: Any) -> list[Row]:
    return [Row(name, args, **options) for name in names.split()]


FIXED = {"gradient": False, "symbolic": False}
KNOWN = {"unknown": False}
WHOLE = {"gradient": False}

ELEMENTWISE = [
    *_rows("abs absolute fabs negative square sign exp exp2 expm1 sin cos tan sinh cosh tanh", X),
    *_rows("arctan arcsinh sinc deg2rad rad2deg erf erfc cbrt", X),
    *_rows("real imag conj conjugate angle isreal view_as_real", COMPLEX, gradient=False),
    *_rows("log log10 log1p log2 sqrt rsqrt reciprocal i0", POSITIVE),
    *_rows("arcsin arccos arctanh erfinv", UNIT, tolerance=2e-5),  # erfinv is a long polynomial
    *_rows("arccosh", ABOVE_ONE),
    *_rows(
        "floor ceil trunc round signbit isfinite isinf isnan isneginf isposinf", SPECIAL, **WHOLE
    ),
    *_rows("nan_to_num sign", SPECIAL, **WHOLE),
    *_rows(
        "bitwise_invert bitwise_not abs negative square sqrt exp mean floor sin", INTEGERS, **WHOLE
    ),
    *_rows("logical_not any all logsumexp copy array", X, **WHOLE),
    Row("nan_to_num", (SPECIAL,), {"nan": 1.0, "posinf": 2.0, "neginf": 3.0}),
    Row("round", (X,), {"decimals": 2}, gradient=False),
    Row("round", (INTEGERS * 37,), {"decimals": -1}, gradient=False),
    Row("trunc", (INTEGERS,), gradient=False),
    Row("clip", (X, -0.5, 0.5)),
    Row("clip", (X, UNIT - 1, UNIT)),
    Row("clip", (INTEGERS, 0, 4), gradient=False),
    Row("clip", (BOOLEANS, 0, 1), gradient=False),
    Row("view_as_complex", (CUBE[..., :2],), gradient=False),
    Row("cast", (X, "int32"), gradient=False),
    Row("cast", (X, "float16")),
    Row("saturate_cast", (X * 500, "uint8"), gradient=False),
    Row("saturate_cast", (X * 1e38, "float16"), gradient=False),
    Row("saturate_cast", (X * 1e10, "int32"), gradient=False),
    Row("saturate_cast", (INTEGERS * 1000, "int8"), gradient=False),
    Row("convert_to_tensor", (X,)),
    Row("convert_to_tensor", (X, "bfloat16")),
    Row("view", (X, "int32"), gradient=False),
    Row("view", (X, "int16"), gradient=False),
    Row("stop_gradient", (X,)),
]
PAIRS = [
    *_rows("add subtract multiply divide true_divide maximum minimum fmax fmin", X, Y),
    *_rows("hypot arctan2 logaddexp logaddexp2 divide_no_nan", X, Y),
    *_rows("floor_divide mod fmod", X, Y, **WHOLE),
    *_rows(
        "floor_divide mod fmod gcd lcm bitwise_and bitwise_or bitwise_xor",
        INTEGERS,
        COUNTS,
        **WHOLE,
    ),
    *_rows("add power equal divide maximum", INTEGERS, SHIFTS, **WHOLE),
    *_rows(
        "left_shift bitwise_left_shift right_shift bitwise_right_shift", INTEGERS, SHIFTS, **WHOLE
    ),
    *_rows("equal not_equal greater greater_equal less less_equal isclose", SPECIAL, X, **WHOLE),
    *_rows("equal isclose allclose", X, X, **WHOLE),
    *_rows("logical_and logical_or logical_xor", BOOLEANS, OTHER_BOOLEANS, **WHOLE),
    *_rows("logical_and logical_or logical_xor", SPECIAL, INTEGERS, **WHOLE),
    *_rows("heaviside nextafter", SPECIAL, X, **WHOLE),
    *_rows("maximum minimum fmax fmin", SPECIAL, X, **WHOLE),
    *_rows("add multiply power", X, 2),
    *_rows("subtract divide", 2.5, X),
    *_rows("add multiply", INTEGERS, 1.5, **WHOLE),
    Row("power", (POSITIVE, Y)),
    Row("divide_no_nan", (X, np.where(BOOLEANS, Y, 0).astype("float32"))),
    Row("ldexp", (X, SHIFTS)),
    Row("isclose", (SPECIAL, SPECIAL), {"equal_nan": True}, gradient=False),
    Row("isclose", (X, X + 0.01), {"rtol": 0.0, "atol": 0.02}, gradient=False),
    Row("isin", (INTEGERS, COUNTS), gradient=False),
    Row("isin", (INTEGERS, [3, 5]), {"invert": True}, gradient=False),
]
REDUCTIONS = [
    *_rows("sum prod mean var std max min amax amin ptp logsumexp median average", X),
    *_rows(
        "sum prod mean var std max min amax amin ptp logsumexp median average",
        X,
        kwargs={"axis": 1},
    ),
    *_rows(
        "sum mean max min var std logsumexp amax amin ptp median",
        CUBE,
        kwargs={"axis": (0, -1), "keepdims": True},
    ),
    *_rows("sum max prod any all", INTEGERS, kwargs={"axis": [0, 1]}, **WHOLE),
    *_rows("any all count_nonzero sum", BOOLEANS, kwargs={"axis": 1}, **WHOLE),
    *_rows("count_nonzero argmax argmin", X, **WHOLE),
    *_rows("argmax argmin", INTEGERS, kwargs={"axis": 1, "keepdims": True}, **WHOLE),
    *_rows("max min", X, kwargs={"axis": 0, "initial": 0.25}),
    *_rows("nansum nanprod nanmean nanmax nanmin nanvar nanstd", GAPS, kwargs={"axis": 0}),
    *_rows("nanargmax nanargmin nanmedian nancumsum nancumprod", GAPS, kwargs={"axis": 1}, **WHOLE),
    *_rows("nanquantile quantile", GAPS, 0.3, kwargs={"axis": 0}, **WHOLE),
    *_rows("nanpercentile percentile", GAPS, [20.0, 70.0], kwargs={"axis": 1}, **WHOLE),
    *_rows("quantile", X, [0.25, 0.5], kwargs={"axis": 1, "keepdims": True}),
    *_rows("quantile", X, 0.4, kwargs={"method": "nearest"}),
    *_rows("percentile", INTEGERS, 40, **WHOLE),
    *_rows("median", INTEGERS, kwargs={"axis": [1]}, **WHOLE),
    *_rows("cumsum cumprod", X),
    *_rows("cumsum cumprod", X, kwargs={"axis": 1}),
    *_rows("cumsum cumprod prod", INTEGERS, kwargs={"axis": 0, "dtype": "float32"}, **WHOLE),
    *_rows("diff", X, kwargs={"n": 2, "axis": 1}),
    Row("average", (X, 1, POSITIVE[0]), **KNOWN),
    Row("average", (X, 0, POSITIVE)),
    Row("trapezoid", (X,), {"dx": 0.5}),
    Row("trapezoid", (X, POSITIVE)),
]
SHAPES = [
    *_rows("ravel transpose flip fliplr flipud rot90", X),
    Row("reshape", (X, (-1, 2))),
    Row("reshape", (X, (2, 6)), **KNOWN),
    Row("transpose", (CUBE, [2, 0, 1])),
    Row("swapaxes", (CUBE, 0, 2)),
    Row("moveaxis", (CUBE, 0, 2)),
    Row("moveaxis", (CUBE, [0, 1], [2, 0])),
    Row("expand_dims", (X, 1)),
    Row("expand_dims", (X, [0, -1])),
    Row("squeeze", (X[:, :1],)),
    Row("squeeze", (X[:, None, :1], [1, 2])),
    Row("broadcast_to", (VECTOR, (3, 4)), **KNOWN),
    Row("flip", (CUBE, [0, 2])),
    Row("roll", (X, 2)),
    Row("roll", (X, (1, -1), (0, 1))),
    Row("rot90", (CUBE,), {"k": 3, "axes": (0, 2)}),
    Row("concatenate", ([X, Y],)),
    Row("concatenate", ([X, INTEGERS],), {"axis": 1}),
    Row("stack", ([X, Y],), {"axis": -1}),
    *_rows("append", X, Y),
    Row("append", (X, Y), {"axis": 1}),
    *_rows("hstack vstack dstack", [X, Y]),
    *_rows("hstack vstack dstack", [VECTOR, OTHER_VECTOR]),
    Row("split", (X, 2), {"axis": 1}),
    Row("split", (X, [1, 3]), {"axis": -1}),
    Row("array_split", (X, 3), {"axis": 1}),
    Row("hsplit", (X, 2)),
    Row("vsplit", (X, [1]), **KNOWN),
    Row("dsplit", (CUBE, 2)),
    Row("unstack", (X,), {"axis": 1}),
    Row("tile", (X, [2, 1])),
    Row("tile", (X, 2)),
    Row("repeat", (X, 2)),
    Row("repeat", (X, np.array([1, 0, 2])), {"axis": 0}, symbolic=False),
    Row("pad", (X, 1)),
    Row("pad", (X, ((1, 0), (2, 1))), {"constant_values": 3}),
    Row("pad", (X, ((1, 1), (0, 1))), {"mode": "reflect"}),
    Row("rearrange", (CUBE, "b h w -> w (b h)"), **KNOWN),
    Row("rearrange", (CUBE, "b h (w p) -> b (p h) w"), {"p": 2}, **FIXED),
    *_rows("tril triu", X, kwargs={"k": 1}),
    Row("diag", (VECTOR,), {"k": -1}, **KNOWN),
    Row("diag", (X,), {"k": 1}, **KNOWN),
    Row("diagflat", (VECTOR,), **KNOWN),
    Row("diagonal", (CUBE,), {"offset": 1, "axis1": 1, "axis2": 2}),
    Row("trace", (CUBE,), {"axis1": 1, "axis2": 2}),
    Row("vander", (VECTOR,), {"N": 3, "increasing": True}),
    *_rows("meshgrid", VECTOR, X[0]),
    Row("meshgrid", (VECTOR, X[0]), {"indexing": "ij"}),
]
INDEXING = [
    Row("get_item", (X, (slice(1, None), None, -1))),
    Row("get_item", (X, 1), **KNOWN),
    Row("get_item", (X, Ellipsis)),
    Row("take", (X, ROWS), {"axis": 1}),
    Row("take", (X, [[0, 5], [-1, 3]])),
    Row("take_along_axis", (X, COUNTS % 4), {"axis": 1}),
    Row("where", (BOOLEANS, X, Y)),
    Row("where", (BOOLEANS, X, 0)),
    Row("where", (BOOLEANS, INTEGERS, X)),
    Row("where", (INTEGERS > 3,), **FIXED),
    Row("select", ([BOOLEANS, OTHER_BOOLEANS], [X, Y]), {"default": 2.0}),
    Row("nonzero", (INTEGERS > 3,), **FIXED),
    Row("unravel_index", (COUNTS, (5, 6)), gradient=False),
    Row("slice", (X, [1, 0], [2, 3]), **KNOWN),
    Row("slice", (X, [1, 1], [-1, 2])),
    Row("slice_update", (X, [1, 2], Y[:2, :2]), **KNOWN),
    Row("scatter", (PLACES, VECTOR[:3], (3, 4)), **KNOWN),
    Row("scatter", (PLACES[:, :1], X, (5, 4)), **KNOWN),
    *[
        Row("scatter_update", (X, [[0], [2]], Y[:2]), {"reduction": how}, **KNOWN)
        for how in (None, "add", "max", "min")
    ],
    Row("scatter_update", (X, [[0], [2]], Y[:2]), {"reduction": "mul"}, gradient=False, **KNOWN),
    *_rows("sort", X),
    *_rows("sort", X, kwargs={"axis": None}),
    *_rows("argsort", COUNTS, kwargs={"axis": 0}, **WHOLE),
    *_rows("argsort", np.array(2.0, "float32"), **WHOLE),
    Row("argpartition", (X[0], 2), **FIXED),
    Row("argpartition", (X, 5), {"axis": None}, **FIXED),
    *_rows("searchsorted", SORTED, X, **WHOLE),
    Row("searchsorted", (SORTED, SORTED), {"side": "right"}, gradient=False),
    *_rows("digitize", X, SORTED, gradient=False, **KNOWN),
    *_rows("top_k", X, 2),
    Row("top_k", (INTEGERS, 3, False), gradient=False),
    Row("in_top_k", (np.array([0, 1, 2], "int32"), X, 2), gradient=False),
    *_rows("unique", INTEGERS, **FIXED),
    Row(
        "unique",
        (INTEGERS,),
        {"return_index": True, "return_inverse": True, "return_counts": True},
        **FIXED,
    ),
    Row("unique", (INTEGERS,), {"size": 12, "fill_value": -7}, gradient=False),
    *[
        Row(f"segment_{how}", (X.T, ROWS), {"num_segments": 4}, **KNOWN)
        for how in ("sum", "max", "min")
    ],
    Row("segment_prod", (X.T, ROWS), {"num_segments": 4}, gradient=False, **KNOWN),
    Row("segment_sum", (VECTOR, np.sort(ROWS)), {"num_segments": 3, "sorted": True}, **KNOWN),
]
PRODUCTS = [
    *_rows("dot vdot inner outer kron", VECTOR, OTHER_VECTOR, **KNOWN),
    *_rows("matmul dot", X, Y.T, **KNOWN),
    *_rows("matmul", CUBE, VECTOR, **KNOWN),
    *_rows("matmul", INTEGERS.astype("int8"), COUNTS.T.astype("int8"), gradient=False, **KNOWN),
    *_rows("kron outer", X, VECTOR),
    *_rows("inner", CUBE, X, **KNOWN),
    *_rows("cross", X[:, :3], Y[:, :3]),
    Row("cross", (X[:3].T, Y[:3]), {"axisa": 1, "axisb": 0, "axisc": 0}, **KNOWN),
    *_rows("tensordot", CUBE, X, kwargs={"axes": 2}, **KNOWN),
    Row("tensordot", (CUBE, X), {"axes": [[1, 2], [0, 1]]}, **KNOWN),
    Row("einsum", ("bij,ij->bi", CUBE, X), **KNOWN),
    Row("einsum", ("...i,i", CUBE, VECTOR), **KNOWN),
    Row("correlate", (SIGNAL[0], VECTOR), {"mode": "same"}, **KNOWN),
    Row("correlate", (SIGNAL[0], VECTOR), **KNOWN),
    *_rows("corrcoef", X, tolerance=1e-5, **KNOWN),  # a ratio of small differences
    *_rows("cdist", CUBE, X, **KNOWN),
    *_rows("bincount", COUNTS[0], **FIXED),
    Row("bincount", (COUNTS[0],), {"weights": POSITIVE[0], "minlength": 12}, **FIXED),
    Row("bincount", (COUNTS,), {"minlength": 12}, **FIXED),
    Row("histogram", (X[0],), {"bins": 5}, gradient=False),
    Row("histogram", (X[0],), {"bins": 4, "range": (-1.0, 1.0)}, gradient=False),
]
# Factors and solutions of these well-conditioned 3 × 3 matrices lose about one digit.
LOSSY = {"tolerance": 2e-5}
LINALG = [
    *_rows("cholesky linalg.cholesky", DEFINITE, **LOSSY),
    *_rows("cholesky", DEFINITE, kwargs={"upper": True}, **LOSSY),
    *_rows("cholesky_inverse linalg.cholesky_inverse", FACTORS[0], **LOSSY, **KNOWN),
    *_rows("cholesky_inverse", FACTORS[0].T, kwargs={"upper": True}, **LOSSY, **KNOWN),
    *_rows("det linalg.det slogdet inv linalg.inv", MATRICES, **LOSSY),
    *_rows("logdet", DEFINITE, **LOSSY),
    *_rows("eigh linalg.eigh", DEFINITE, gradient=False, **LOSSY),
    *_rows("eig linalg.eig", MATRICES, gradient=False, **LOSSY),
    *_rows("lu_factor linalg.lu_factor", MATRICES, gradient=False, **LOSSY),
    *_rows("qr linalg.qr svd linalg.svd", MATRICES, gradient=False, **LOSSY),
    *_rows("qr", CUBE, kwargs={"mode": "complete"}, gradient=False, **LOSSY),
    *_rows("svd", CUBE, kwargs={"full_matrices": False}, gradient=False, **LOSSY),
    *_rows("svd", CUBE, kwargs={"compute_uv": False}, **LOSSY),
    *_rows("solve linalg.solve", MATRICES, CUBE[..., :2], **LOSSY),
    *_rows(
        "solve solve_triangular linalg.solve_triangular", MATRICES[0], VECTOR[:3], **LOSSY, **KNOWN
    ),
    Row("solve_triangular", (MATRICES, CUBE), {"lower": True}, **LOSSY),
    *_rows("lstsq linalg.lstsq", X.T, VECTOR, gradient=False, **LOSSY, **KNOWN),
    *_rows("pinv linalg.pinv", X, **LOSSY, **KNOWN),
    *_rows("matrix_rank linalg.matrix_rank", CUBE, gradient=False),
    *_rows("norm linalg.norm", X),
    *[
        Row("norm", (X,), {"ord": ord, "axis": axis})
        for ord, axis in ((1, 1), (3, 0), (np.inf, 1), ("fro", (0, 1)), (1, (0, 1)), (2, (0, 1)))
    ],
    Row("norm", (INTEGERS,), {"axis": 1, "keepdims": True}, gradient=False),
]
# Sums of twenty values of size one, in another order.
SUMMED = {"tolerance": 1e-5}
FOURIER = [
    *_rows("fft fft2 ifft2 irfft", (X, Y), **SUMMED, **KNOWN),
    *_rows("rfft", SIGNAL, **SUMMED),
    *_rows("rfft", SIGNAL, 16, **SUMMED),
    Row("irfft", ((X, Y), 5), **SUMMED),
    *_rows("extract_sequences", SIGNAL, 6, 3),
    *_rows("stft", SIGNAL, 8, 4, 8, **SUMMED),
    Row("stft", (SIGNAL, 6, 3, 8), {"window": "hamming", "center": False}, **SUMMED),
    Row("stft", (SIGNAL, 8, 4, 8), {"window": VECTOR.repeat(2)}, **SUMMED),
    Row("stft", (SIGNAL, 8, 4, 8), {"window": None}, **SUMMED),
    Row("istft", (SPECTRUM, 8, 4, 8), **SUMMED, **KNOWN),
    Row("istft", (SPECTRUM, 6, 3, 8), {"length": 10, "window": "hamming"}, **SUMMED, **KNOWN),
]
EAGER = [
    *_rows("exp sum sort cumsum ravel negative norm", X, eager=True),
    *_rows("add divide maximum power arctan2", POSITIVE, Y, eager=True),
    *_rows("concatenate stack vstack", [X, INTEGERS], eager=True),
    Row("where", (BOOLEANS, X, INTEGERS), eager=True),
    Row("take", (X, ROWS), {"axis": 1}, eager=True),
    Row("matmul", (X, Y.T), eager=True, **KNOWN),
    Row("fft", ((X, Y),), eager=True, **SUMMED, **KNOWN),
    Row("segment_sum", (VECTOR, ROWS), {"num_segments": 3}, eager=True, **KNOWN),
    Row("scatter_update", (X, PLACES[:2], VECTOR[:2]), eager=True, **KNOWN),
]
CREATION = [
    *_rows("zeros ones", (2, 3), **FIXED),
    *_rows("zeros ones", 3, "int32", **FIXED),
    Row("full", ((2, 2), 7.0), **FIXED),
    Row("full", ((2,), 7, "int8"), **FIXED),
    *_rows("zeros_like ones_like", X, **WHOLE),
    *_rows("zeros_like ones_like", X, "int32", **WHOLE),
    *_rows("full_like", X, 2, **WHOLE),
    *_rows("eye identity tri", 3, **FIXED),
    *_rows("eye tri", 3, 4, 1, "int32", **FIXED),
    *_rows("arange", 5, **FIXED),
    *_rows("arange", 1, 7, 2, **FIXED),
    *_rows("arange", 0.0, 1.0, 0.25, **FIXED),
    Row("arange", (5,), {"dtype": "float16"}, **FIXED),
    *_rows("linspace", 0, 5, kwargs={"num": 7}, **FIXED),
    Row("linspace", (VECTOR, OTHER_VECTOR), {"num": 3, "endpoint": False, "axis": 1}),
    Row("linspace", (0.0, 2.0), {"num": 5, "retstep": True}, **FIXED),
    *_rows("logspace", 0.0, 2.0, kwargs={"num": 5}, tolerance=1e-5, **FIXED),
    *_rows("geomspace", 1.0, 16.0, kwargs={"num": 5}, tolerance=1e-5, **FIXED),
    *_rows("bartlett blackman hamming hanning", 6, tolerance=1e-5, **FIXED),
    Row("kaiser", (6, 8.0), tolerance=1e-5, **FIXED),
]
IMAGES = _RNG.uniform(size=(2, 6, 5, 3)).astype("float32")
IMAGE = IMAGES[0]
FIRST = np.moveaxis(IMAGES, -1, 1)
BYTES = (IMAGES * 255).astype("uint8")
VOLUMES = _normal(2, 4, 5, 4, 2)
BENT = np.array([0.9, 0.2, 0.3, -0.1, 1.1, 0.4, 0.0, 0.0], "float32")
CORNERS = np.array([[0, 0], [4, 0], [0, 5], [4, 5]], "float32")
MOVED = CORNERS + _normal(4, 2) / 4
CHANNELS_FIRST = {"data_format": "channels_first"}
# Coordinates are sums of products of numbers up to 6, interpolation multiplies what they lack.
BENDING = {"tolerance": 2e-5, "unknown": False}
IMAGE_OPS = [
    *_rows("image.rgb_to_grayscale", IMAGES),
    *_rows("image.rgb_to_grayscale", FIRST, kwargs=CHANNELS_FIRST),
    *_rows("image.rgb_to_grayscale", BYTES, gradient=False),
    *_rows("image.rgb_to_grayscale", IMAGE[..., :1]),
    *_rows("image.rgb_to_hsv image.hsv_to_rgb", IMAGES, tolerance=1e-5),
    *_rows("image.rgb_to_hsv image.hsv_to_rgb", FIRST, kwargs=CHANNELS_FIRST, tolerance=1e-5),
    *[
        Row("image.resize", (IMAGES, (4, 7)), {"interpolation": how}, tolerance=1e-5)
        for how in ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5")
    ],
    Row("image.resize", (IMAGE, (3, 3)), {"antialias": True}, **KNOWN),
    Row("image.resize", (BYTES, (4, 7)), gradient=False),
    Row("image.resize", (FIRST, (4, 7)), {"crop_to_aspect_ratio": True, **CHANNELS_FIRST}),
    Row("image.resize", (IMAGES, (4, 9)), {"pad_to_aspect_ratio": True, "fill_value": 0.5}),
    Row("image.resize", (FIRST, (9, 4)), {"pad_to_aspect_ratio": True, **CHANNELS_FIRST}),
    Row(
        "image.scale_and_translate",
        (IMAGE, (4, 4, 3), np.array([0.7, 0.8], "float32"), np.array([0.5, -0.2], "float32")),
        {"spatial_dims": (0, 1), "method": "linear"},
        **BENDING,
    ),
    Row("image.pad_images", (IMAGES, 1, None, 2, 3, None, 9)),
    Row("image.pad_images", (FIRST[0], None, 1, 2, 3, 9), CHANNELS_FIRST, **KNOWN),
    Row("image.crop_images", (IMAGES, 1, None, 2, 1, None, 3)),
    Row("image.crop_images", (FIRST, None, 1, 2, 3, 3), CHANNELS_FIRST),
    *_rows("image.extract_patches", IMAGES, 2),
    *_rows("image.extract_patches", IMAGE, (3, 2), 1, **KNOWN),
    Row("image.extract_patches", (IMAGES, (2, 3), (2, 1)), {"padding": "same"}),
    Row("image.extract_patches", (FIRST, 2), {"strides": 1, "dilation_rate": 2, **CHANNELS_FIRST}),
    *_rows("image.extract_patches image.extract_patches_3d", VOLUMES, (2, 2, 3)),
    Row("image.extract_patches_3d", (VOLUMES, 3), {"strides": 2, "padding": "same"}),
    Row("image.map_coordinates", (X, np.abs(_normal(2, 5)) * 2), {"order": 1}, **BENDING),
    *[
        Row(
            "image.map_coordinates",
            (X, _normal(2, 5) * 4),
            {"order": 0, "fill_mode": mode},
            **BENDING,
        )
        for mode in ("constant", "nearest", "wrap", "mirror", "reflect")
    ],
    Row(
        "image.affine_transform", (IMAGES, np.stack([BENT, BENT * 0.9])), gradient=False, **BENDING
    ),
    Row("image.affine_transform", (IMAGE, BENT.tolist()), {"fill_mode": "nearest"}, **BENDING),
    Row(
        "image.affine_transform",
        (BYTES[0], BENT),
        {"interpolation": "nearest"},
        gradient=False,
        **KNOWN,
    ),
    Row(
        "image.perspective_transform",
        (IMAGES, np.stack([CORNERS, MOVED]), np.stack([MOVED, CORNERS])),
        gradient=False,
        **BENDING,
    ),
    Row(
        "image.perspective_transform",
        (FIRST[0], CORNERS, MOVED),
        CHANNELS_FIRST,
        gradient=False,
        **BENDING,
    ),
    *_rows("image.gaussian_blur", IMAGES, kwargs={"data_format": "channels_last"}),
    Row("image.gaussian_blur", (FIRST, (5, 3), (0.5, 2.0)), CHANNELS_FIRST),
    *_rows("image.sobel_edges", IMAGES, tolerance=1e-5),
    Row("image.sobel_edges", (FIRST,), CHANNELS_FIRST, tolerance=1e-5),
    Row("image.ssim", (IMAGES, IMAGES**2), {"filter_size": 5}, tolerance=1e-5),
    Row("image.ssim", (FIRST[0], FIRST[1]), {"filter_size": 3, **CHANNELS_FIRST}, tolerance=1e-4),
]
FAMILIES = [
    ELEMENTWISE,
    PAIRS,
    REDUCTIONS,
    SHAPES,
    INDEXING,
    PRODUCTS,
    LINALG,
    FOURIER,
    CREATION,
    IMAGE_OPS,
]
ROWS_OF_ALL = [row for family in (*FAMILIES, EAGER) for row in family]
