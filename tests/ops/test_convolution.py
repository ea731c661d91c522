"""Convolution for CPU against XLA's own, forward and backward, and under transforms."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deepkit import ops
from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.ops import _conv_native as native
from deepkit.ops import _conv_primitives as primitives
from deepkit.ops._conv_geometry import ConvGeometry, same_padding

# float32 sums of up to a few hundred products of size one, in another order.
CLOSE = {"rtol": 1e-5, "atol": 2e-5}


def normal(*shape, dtype="float32"):
    return jnp.asarray(np.random.default_rng(sum(shape)).normal(size=shape), dtype)


def geometry_of(size, kernel, stride=1, dilation=1, padding="same", groups=1, first=False):
    rank = len(size)
    extents = [(k - 1) * dilation + 1 for k in kernel]
    pairs = {
        "same": tuple(same_padding(n, e, stride) for n, e in zip(size, extents)),
        "valid": ((0, 0),) * rank,
        "cut": ((2, -1),) * rank,
        "wide": ((4, 3),) * rank,
    }
    return ConvGeometry(
        size, kernel, (stride,) * rank, pairs[padding], (dilation,) * rank, groups, first
    )


GEOMETRIES = [
    # Everything in two dimensions, which is most of what runs.
    *[
        geometry_of((7, 8), (3, 2), stride, dilation, padding)
        for stride, dilation, padding in itertools.product((1, 2), (1, 2), ("same", "valid", "cut"))
    ],
    geometry_of((7, 8), (3, 2), stride=3, padding="valid"),
    geometry_of((7, 8), (3, 2), first=True),
    geometry_of((7, 8), (3, 2), stride=2, groups=2),
    geometry_of((7, 8), (3, 2), groups=2, first=True),
    geometry_of((7, 8), (3, 2), groups=4),
    geometry_of((7, 8), (3, 2), stride=2, dilation=1, groups=4, first=True),
    geometry_of((7, 8), (1, 1)),
    geometry_of((7, 8), (1, 1), stride=2),
    geometry_of((7, 8), (2, 2), stride=2, padding="wide"),
    geometry_of((9,), (3,), stride=2),
    geometry_of((9,), (3,), dilation=2, padding="valid", first=True),
    geometry_of((9,), (3,), groups=4),
    geometry_of((5, 6, 4), (2, 3, 2)),
    geometry_of((5, 6, 4), (2, 3, 2), stride=2, groups=2),
    geometry_of((5, 6, 4), (2, 3, 2), dilation=2, padding="valid"),
    geometry_of((5, 6, 4), (2, 3, 2), padding="cut", first=True),
    geometry_of((5, 6, 4), (1, 1, 1)),
    geometry_of((5, 6, 4), (2, 3, 2), groups=4),
]


def operands(geometry, batch=2, channels=4, filters=8, dtype="float32"):
    return (
        normal(*geometry.input_shape(batch, channels), dtype=dtype),
        normal(*geometry.kernel_shape(channels, filters), dtype=dtype),
        normal(*geometry.output_shape(batch, filters), dtype=dtype),
    )


def three(module, geometry, x, k, y):
    return (
        module.convolve(x, k, geometry=geometry),
        module.input_gradient(y, k, geometry=geometry),
        module.kernel_gradient(x, y, geometry=geometry),
    )


# With eight channels kernels have too many entries to be gone through one by one.
@pytest.mark.parametrize("channels", [4, 8])
@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_equals_lax_forward_and_backward(geometry, channels):
    values = operands(geometry, channels=channels)
    actual = jax.jit(lambda *v: three(primitives, geometry, *v))(*values)
    expected = jax.jit(lambda *v: three(native, geometry, *v))(*values)
    for a, e in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, e, **CLOSE)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision(dtype):
    geometry = geometry_of((7, 8), (3, 2), stride=2)
    values = [jnp.round(4 * x) / 4 for x in operands(geometry)]
    actual = three(primitives, geometry, *[x.astype(dtype) for x in values])
    expected = three(native, geometry, *values)
    # Quarters up to 4: products and sums are exact in float32 and are rounded once, at the end.
    tolerance = {"float16": 2**-11, "bfloat16": 2**-8}[dtype]
    for a, e in zip(actual, expected, strict=True):
        assert a.dtype == dtype
        np.testing.assert_allclose(a.astype("float32"), e, rtol=tolerance)


def test_integers_are_convolved_as_they_are():
    x, k = np.arange(5).reshape(1, 5, 1), np.array([1, -2]).reshape(2, 1, 1)
    y = ops.conv(x, k)
    assert y.dtype == "int32"
    assert y.ravel().tolist() == [-2, -3, -4, -5]
    assert ops.conv_transpose(x, k).ravel().tolist() == [0, 1, 0, -1, -2, -8]


def test_large_batches_go_through_the_kernel_gradient_in_parts():
    geometry = geometry_of((32, 32), (3, 3))
    x, _, y = operands(geometry, batch=20, channels=64, filters=17)
    actual = primitives.kernel_gradient(x, y, geometry=geometry)
    expected = native.kernel_gradient(x, y, geometry=geometry)
    # Sums of 20 480 products of size one have an error of about 1e-7 * 20480 ** 0.5 * 10.
    np.testing.assert_allclose(actual, expected, atol=2e-3)
    jaxpr = str(
        jax.make_jaxpr(lambda x, y: primitives.cpu.kernel_gradient(x, y, geometry=geometry))(x, y)
    )
    assert "scan" in jaxpr


@pytest.mark.parametrize(
    "geometry",
    [
        geometry_of((4, 3), (2, 2)),
        geometry_of((4, 3), (2, 2), stride=2, groups=2, first=True),
        geometry_of((4, 3), (2, 2), groups=2),
    ],
    ids=str,
)
@pytest.mark.parametrize("axes", [(0, None), (None, 2), (1, 0)])
def test_vmap(geometry, axes):
    x, k, y = operands(geometry, channels=2, filters=2)
    for name, first, second in (
        ("convolve", x, k),
        ("input_gradient", y, k),
        ("kernel_gradient", x, y),
    ):
        stacked = [
            one if axis is None else jnp.stack([one, -2 * one, one + 1], axis)
            for one, axis in zip((first, second), axes)
        ]
        functions = [
            functools.partial(getattr(m, name), geometry=geometry) for m in (primitives, native)
        ]
        results = [jax.vmap(function, axes)(*stacked) for function in functions]
        np.testing.assert_allclose(*results, **CLOSE)


def energy(module, geometry):
    return lambda x, k: jnp.sum(jnp.sin(module.convolve(x, k, geometry=geometry)))


@pytest.mark.parametrize("second", [jax.jacfwd, jax.jacrev])
@pytest.mark.parametrize("first", [jax.jacfwd, jax.jacrev])
def test_second_derivatives_in_both_modes(first, second):
    geometry = geometry_of((4, 3), (2, 2), stride=2)
    x, k, _ = operands(geometry, batch=1, channels=2, filters=2)
    actual, expected = (
        second(first(energy(module, geometry), (0, 1)), (0, 1))(x, k)
        for module in (primitives, native)
    )
    jax.tree.map(lambda a, e: np.testing.assert_allclose(a, e, **CLOSE), actual, expected)


def test_in_a_scan_with_gradients():
    geometry = geometry_of((7, 8), (3, 2))
    x, k, y = operands(geometry, channels=8)

    def descend(module):
        def step(k, _):
            error, slope = jax.value_and_grad(
                lambda k: jnp.mean((module.convolve(x, k, geometry=geometry) - y) ** 2)
            )(k)
            return k - 0.1 * slope, error

        return jax.jit(lambda k: jax.lax.scan(step, k, length=5))(k)

    for a, e in zip(descend(primitives), descend(native), strict=True):
        np.testing.assert_allclose(a, e, **CLOSE)


def test_the_compiled_program_holds_one_form_only():
    geometry = geometry_of((7, 8), (3, 2), groups=4)
    x, k, _ = operands(geometry)
    lowered = jax.jit(jax.grad(energy(primitives, geometry), (0, 1))).lower(x, k)
    # Depthwise on CPU: slices and products, and no choice between platforms.
    text = lowered.as_text()
    assert "stablehlo.slice" in text
    assert not any(op in text for op in ("stablehlo.convolution", "stablehlo.case", "stablehlo.if"))


def test_other_platforms_get_the_native_convolution():
    geometry = geometry_of((7, 8), (3, 2), groups=4)
    x, k, _ = operands(geometry)
    function = jax.jit(jax.grad(energy(primitives, geometry), (0, 1)))
    text = jax.export.export(function, platforms=["cuda"])(x, k).mlir_module()
    # Forward, input gradient, kernel gradient.
    assert text.count("stablehlo.convolution") == 3
    assert "stablehlo.slice" not in text


STRIDED = geometry_of((7, 8), (3, 2), stride=2)


def test_few_channels_are_shifted_and_added_up():
    for size, channels, is_shifted in (((3, 2), 2, True), ((3, 2), 3, False), ((6, 6), 1, False)):
        geometry = geometry_of((7, 8), size, stride=2)
        x, k, _ = operands(geometry, channels=channels)
        lowered = jax.jit(functools.partial(primitives.convolve, geometry=geometry)).lower(x, k)
        assert ("stablehlo.convolution" not in lowered.as_text()) == is_shifted


@pytest.mark.parametrize(
    ("geometry", "batch", "channels", "is_product"),
    [
        (STRIDED, 2, 32, True),
        (STRIDED, 2, 31, False),
        (geometry_of((7, 8), (3, 2)), 2, 32, False),
        (geometry_of((7, 8), (3, 2), padding="valid"), 2, 4, True),
        (geometry_of((20, 20), (3, 2), padding="valid"), 2, 4, False),
        (geometry_of((7, 8), (3, 2), padding="valid"), 624, 32, True),
        (geometry_of((7, 8), (3, 2), padding="valid"), 625, 32, False),
    ],
)
def test_input_gradient_without_the_zeros_around_and_between(geometry, batch, channels, is_product):
    _, k, y = operands(geometry, batch, channels)
    gradient = jax.jit(lambda y, k: primitives.input_gradient(y, k, geometry=geometry))
    assert ("stablehlo.convolution" not in gradient.lower(y, k).as_text()) == is_product
    expected = native.input_gradient(y, k, geometry=geometry)
    np.testing.assert_allclose(gradient(y, k), expected, **CLOSE)


def test_an_empty_batch_has_an_empty_input_gradient():
    _, k, y = operands(STRIDED, batch=0, channels=32)
    assert primitives.input_gradient(y, k, geometry=STRIDED).shape == (0, 7, 8, 32)


@pytest.mark.parametrize(
    ("geometry", "channels"),
    [(geometry_of((4, 3), (2, 2)), 4), (geometry_of((64, 64), (2, 2)), 150)],
)
def test_under_shard_map_gradients_of_a_shared_kernel_are_added_up(geometry, channels):
    x, k, _ = operands(geometry, channels=channels, filters=17)
    mesh = jax.make_mesh((1,), ("data",), axis_types=(jax.sharding.AxisType.Auto,))
    spec = jax.sharding.PartitionSpec
    sharded = jax.shard_map(
        lambda x, k: jax.grad(energy(primitives, geometry), 1)(x, k),
        mesh=mesh,
        in_specs=(spec("data"), spec()),
        out_specs=spec(),
    )
    expected = jax.grad(energy(native, geometry), 1)(x, k)
    # Sums of up to 8192 products of size one.
    np.testing.assert_allclose(jax.jit(sharded)(x, k), expected, atol=2e-3)


def test_an_empty_batch():
    out = ops.conv(jnp.zeros((0, 4, 4, 2)), jnp.ones((3, 3, 2, 5)), padding="same")
    assert out.shape == (0, 4, 4, 5)


def test_explicit_padding_is_causal_where_it_is_before():
    x, k = normal(1, 6, 1), normal(3, 1, 1)
    y = ops.conv(x, k, padding=[(2, 0)])[0, :, 0]
    expected = np.convolve(x[0, :, 0], np.asarray(k)[::-1, 0, 0])[:6]
    np.testing.assert_allclose(y, expected, **CLOSE)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_transposed_convolution_undoes_the_shape(padding, data_format):
    x = normal(2, 3, 4, 5) if data_format == "channels_last" else normal(2, 5, 3, 4)
    k = normal(3, 2, 6, 5)
    options = {"strides": 2, "padding": padding, "data_format": data_format}
    y = ops.conv_transpose(x, k, **options)
    # <conv_transpose(x), z> = <x, conv(z)> for the kernel with its roles swapped.
    z = normal(*y.shape)
    np.testing.assert_allclose(
        jnp.vdot(y, z), jnp.vdot(x, ops.conv(z, k, **options)), rtol=1e-4, atol=1e-3
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x, k: ops.conv(x[0, 0], k), "1, 2 or 3 spatial dimensions, received the shape"),
        (lambda x, k: ops.conv(x, k[0]), "Expected a kernel of 4 dimensions"),
        (lambda x, k: ops.conv(x[..., :3], k), "that the kernel's channels divide, received 3"),
        (lambda x, k: ops.conv(x, k[:, :, :1, :3]), "filters that the 4 groups"),
        (lambda x, k: ops.conv(x[:, :2], k), "the output would have the spatial shape"),
        (lambda x, k: ops.depthwise_conv(x, k[:, :, :3]), "expects 3 input channels, received 4"),
        (lambda x, k: ops.conv_transpose(x, k), "expects 8 input channels, received 4"),
    ],
)
def test_shape_errors(call, message):
    with pytest.raises(ShapeError, match=message):
        call(normal(1, 6, 6, 4), normal(3, 3, 4, 8))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strides": 0}, "Expected `strides` to be an integer or 2 integers, each 1 or above"),
        ({"strides": (1, 1, 1)}, "Expected `strides`"),
        ({"dilation_rate": 1.5}, "Expected `dilation_rate`"),
        ({"padding": "full"}, "Expected `padding` to be 'valid', 'same' or a pair"),
        ({"padding": [(1, 1)]}, "for each of the 2 spatial dimensions"),
    ],
)
def test_argument_errors(options, message):
    with pytest.raises(ArgumentError, match=message):
        ops.conv(normal(1, 6, 6, 4), normal(3, 3, 4, 8), **options)


def test_transposed_argument_errors():
    with pytest.raises(ArgumentError, match="Expected `padding` to be 'valid' or 'same'"):
        ops.conv_transpose(normal(1, 6, 4), normal(3, 8, 4), padding=[(1, 0)])
    with pytest.raises(ArgumentError, match="Expected `output_padding`"):
        ops.conv_transpose(normal(1, 6, 4), normal(3, 8, 4), output_padding=-1)
