"""Constructor arguments, captured for `get_config`."""

import copy
import pickle

import pytest

from deepkit import errors
from deepkit.core.autoconfig import AutoConfig, accepts, automatic_config, captured_arguments


class Plain(AutoConfig):
    def __init__(self, units, rate=0.5, *, name=None, **kwargs):
        self.units = units


class Inner(Plain):
    def __init__(self, units):
        super().__init__(units, rate=0.1, name="inner")


class Positional(AutoConfig):
    def __init__(self, *sizes):
        self.sizes = sizes


def test_arguments_are_named_as_they_were_given():
    assert captured_arguments(Plain(3, name="a")) == {"units": 3, "name": "a"}
    assert captured_arguments(Plain(3, 0.2, extra=1)) == {"units": 3, "rate": 0.2, "extra": 1}
    assert captured_arguments(Inner(4)) == {"units": 4}


def test_nameless_arguments_cannot_be_captured():
    with pytest.raises(
        errors.SerializationError, match=r"Positional takes `\*sizes` .* `get_config"
    ):
        captured_arguments(Positional(1, 2))


def test_what_the_constructor_takes_of_a_base_config():
    assert automatic_config(Inner(4), {"name": "x", "dtype": "float32"}) == {"units": 4}
    assert automatic_config(Plain(4), {"name": "x"}) == {"units": 4, "name": "x"}
    assert accepts(Plain, "anything")
    assert accepts(Inner, "units")
    assert not accepts(Inner, "name")


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
def test_copies_keep_their_arguments(duplicate):
    made = duplicate(Plain(3, name="a"))
    assert made.units == 3
    assert captured_arguments(made) == {"units": 3, "name": "a"}
