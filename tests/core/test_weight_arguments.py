"""The two forms of `add_weight`."""

import pytest

from deepkit import errors
from deepkit.core.weight_arguments import weight_arguments


@pytest.mark.parametrize(
    ("args", "kwargs", "expected"),
    [
        (((3,), "zeros"), {"name": "b"}, {"shape": (3,), "initializer": "zeros", "name": "b"}),
        (("total",), {"initializer": "zeros"}, {"name": "total", "initializer": "zeros"}),
        (("k", (3,), "float16"), {}, {"name": "k", "shape": (3,), "dtype": "float16"}),
        (
            ("k", (3,), None, "ones", "l2", False),
            {},
            {
                "name": "k",
                "shape": (3,),
                "dtype": None,
                "initializer": "ones",
                "regularizer": "l2",
                "trainable": False,
            },
        ),
        ((), {}, {}),
    ],
)
def test_arguments_by_name(args, kwargs, expected):
    assert weight_arguments(args, kwargs) == expected


@pytest.mark.parametrize(
    ("args", "kwargs", "text"),
    [
        (
            ((1,),),
            {"units": 3},
            "Unexpected argument `units` of `add_weight`. It takes shape, init",
        ),
        (((1,),), {"shape": (1,)}, "`shape` of `add_weight` was given twice"),
        (
            ("k", (1,), *[None] * 6),
            {},
            "at most 7 positional arguments of `add_weight`, received 8",
        ),
    ],
)
def test_what_cannot_be(args, kwargs, text):
    with pytest.raises(errors.ArgumentTypeError, match=text):
        weight_arguments(args, kwargs)
