"""The table of layers that `summary` prints."""

import re

import numpy as np
import pytest

import deepkit
from deepkit import layers
from tests.oracle import keras, oracle


class Nested(deepkit.Model):
    def __init__(self):
        super().__init__(name="nested")
        self.head = layers.Dense(1, name="head")
        self.norm = layers.BatchNormalization(name="norm")
        self.inner = deepkit.Sequential([layers.Dense(3, name="deep")], name="inner")

    def call(self, inputs):
        return self.head(self.norm(self.inner(inputs)))


def chain(library):
    return library.Sequential(
        [library.Input((4,)), library.layers.Dense(3, name="a"), library.layers.Dense(1, name="b")],
        name="chain",
    )


def drawn(library):
    inputs = library.Input((4,), name="x")
    inner = library.Sequential(
        [library.Input((4,)), library.layers.Dense(3, name="deep")], name="inner"
    )
    joined = library.layers.Concatenate(name="join")(
        [library.layers.Dense(2, name="a")(inputs), inner(inputs)]
    )
    return library.Model(inputs, library.layers.Dense(1, name="head")(joined), name="drawn")


def text_of(model, **options):
    lines = []
    model.summary(print_fn=lambda text, line_break=True: lines.append(text), **options)
    return "\n".join(lines)


def rows(text):
    """The cells of each row."""
    lines = [re.split("[│┃]", line) for line in text.splitlines() if line[:1] in ("│", "┃")]
    return [[cell.strip() for cell in line if cell.strip()] for line in lines]


def totals(text):
    return re.findall(r"(\w[\w-]* params): ([\d,]+) \(([\d.]+ \w+)\)", text)


@pytest.mark.parametrize("build", [chain, drawn])
@pytest.mark.parametrize("fitted", [False, True])
def test_numbers_are_those_of_keras(build, fitted):
    found = []
    for library in (deepkit, keras):
        with oracle():
            model = build(library)
            if fitted:
                model.compile(optimizer="adam", loss="mse")
                model.fit(np.ones((2, 4)), np.ones((2, 1)), verbose=0)
            found.append(text_of(model, line_length=80))
    assert totals(found[0]) == totals(found[1])
    # Rows with fewer cells go on from the rows before them.
    ours, theirs = ({row[0]: row[1:3] for row in rows(text)[1:] if len(row) >= 3} for text in found)
    assert len(ours) > 1 and ours == theirs


def test_a_subclassed_model_with_its_shapes():
    model = Nested()
    assert "not built" in text_of(model) and "?" in text_of(model)
    model(np.ones((2, 4), "float32"))
    assert rows(text_of(model, line_length=100)) == [
        ["Layer (type)", "Output Shape", "Param #"],
        ["head (Dense)", "(None, 1)", "4"],
        ["norm (BatchNormalization)", "(None, 3)", "12"],
        ["inner (Sequential)", "(None, 3)", "15"],
    ]
    assert totals(text_of(model)) == [
        ("Total params", "31", "124.00 B"),
        ("Trainable params", "25", "100.00 B"),
        ("Non-trainable params", "6", "24.00 B"),
    ]


def test_nested_layers_are_listed_where_asked():
    model = Nested()
    model(np.ones((2, 4), "float32"))
    names = [row[0] for row in rows(text_of(model, expand_nested=True, line_length=100))]
    assert names[-2:] == ["inner (Sequential)", "deep (Dense)"]
    names = [row[0] for row in rows(text_of(drawn(deepkit), expand_nested=True, line_length=120))]
    assert "deep (Dense)" in names


def test_what_is_trainable():
    model = drawn(deepkit)
    model.get_layer("a").trainable = False
    flags = {row[0]: row[-1] for row in rows(text_of(model, show_trainable=True, line_length=140))}
    assert flags["a (Dense)"] == "N" and flags["head (Dense)"] == "Y"
    assert flags["join (Concatenate)"] == "-"


def test_connections_are_shown():
    table = {row[0]: row[3] for row in rows(text_of(drawn(deepkit), line_length=140))}
    assert table["join (Concatenate)"] == "a[0][0], inner[0][0]"


def test_a_range_of_layers():
    model = deepkit.Sequential(
        [deepkit.Input((2,)), *(layers.Dense(2, name=name) for name in "abcd")]
    )
    names = [row[0][0] for row in rows(text_of(model, layer_range=["b", "c"]))[1:]]
    assert names == ["b", "c"]
    for wrong in (["b"], ["b", "nothing"]):
        with pytest.raises(deepkit.errors.ArgumentError, match="`layer_range`"):
            model.summary(layer_range=wrong)


@pytest.mark.parametrize("show_trainable", [False, True])
@pytest.mark.parametrize("width", [80, 120])
def test_lines_are_as_long_as_asked(width, show_trainable):
    lines = text_of(drawn(deepkit), line_length=width, show_trainable=show_trainable).splitlines()
    lengths = {len(line) for line in lines if line[:1] in "┌│└├"}
    assert len(lengths) == 1 and width - 4 <= lengths.pop() <= width


def test_positions_of_columns():
    with pytest.raises(deepkit.errors.ArgumentError, match="Expected 3 column ends in `positions`"):
        chain(deepkit).summary(positions=[0.5, 1.0])
    text = text_of(chain(deepkit), line_length=100, positions=[0.2, 0.6, 1.0])
    assert text.splitlines()[1].index("┬") == 19
