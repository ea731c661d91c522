"""Constructor arguments are checked, kept in attributes and written to the config."""

import numpy as np
import pytest

from deepkit import losses
from deepkit.core.errors import ArgumentError, ArgumentTypeError

WRONG = [
    (losses.Huber, {"delta": 0.0}, r"`delta` to be a number in \(0.0, inf\), received 0.0"),
    (losses.Huber, {"delta": "1"}, r"`delta` to be a number .* received '1'"),
    (losses.Huber, {"delta": True}, "received True"),
    (losses.CosineSimilarity, {"axis": 1.0}, "`axis` to be an integer, received 1.0"),
    (losses.CosineSimilarity, {"axis": True}, "`axis` to be an integer, received True"),
    (losses.BinaryCrossentropy, {"from_logits": "sum"}, "`from_logits` to be True or False"),
    (losses.BinaryCrossentropy, {"label_smoothing": 1.5}, r"in \[0.0, 1.0\], received 1.5"),
    (losses.CategoricalCrossentropy, {"label_smoothing": -0.1}, r"in \[0.0, 1.0\]"),
    (losses.CategoricalCrossentropy, {"axis": "last"}, "an integer, received 'last'"),
    (losses.BinaryFocalCrossentropy, {"alpha": 2.0}, r"`alpha` .* \[0.0, 1.0\], received 2.0"),
    (losses.BinaryFocalCrossentropy, {"gamma": -1.0}, r"`gamma` .* \[0.0, inf\)"),
    (losses.CategoricalFocalCrossentropy, {"alpha": [0.1, -1.0]}, "`alpha` .* received -1.0"),
    (losses.SparseCategoricalCrossentropy, {"ignore_class": 0.5}, "`ignore_class` to be an int"),
    (losses.CategoricalGeneralizedCrossEntropy, {"q": 1.0}, r"`q` .* \(0.0, 1.0\), received 1.0"),
    (losses.Dice, {"axis": "all"}, "`axis` to be an integer, received 'all'"),
    (losses.Dice, {"axis": (1, None)}, "`axis` to be an integer, received None"),
    (losses.Tversky, {"beta": -0.5}, r"`beta` .* \[0.0, inf\)"),
    (losses.Circle, {"gamma": 0}, r"`gamma` .* \(0.0, inf\)"),
    (losses.Circle, {"margin": 1.1}, r"`margin` .* \[0.0, 1.0\]"),
    (losses.MeanSquaredError, {"dtype": "int32"}, "`dtype` to be a floating dtype or a policy"),
    (losses.MeanSquaredError, {"reduction": "avg"}, "`reduction` to be one of"),
]


@pytest.mark.parametrize(("cls", "arguments", "message"), WRONG, ids=str)
def test_wrong_arguments_raise(cls, arguments, message):
    with pytest.raises(ArgumentError, match=message):
        cls(**arguments)


@pytest.mark.parametrize(
    "function",
    [losses.categorical_crossentropy, losses.binary_crossentropy, losses.dice],
    ids=lambda f: f.__name__,
)
def test_an_axis_that_is_not_there_raises(function):
    y = np.ones((2, 3), "float32")
    message = f"`axis` of {function.__name__} to be one of the 2 axes of y_pred, received axis=2"
    with pytest.raises(ArgumentError, match=message):
        function(y, y, axis=2)
    with pytest.raises(ArgumentError, match="`axis` to be an integer, received True"):
        function(y, y, axis=True)


def test_circle_wants_both_references_or_none():
    with pytest.raises(ArgumentError, match="both `ref_labels` and `ref_embeddings`"):
        losses.circle([0, 1], np.eye(2), ref_labels=[0, 1])


def test_a_wrapper_wants_a_function():
    with pytest.raises(ArgumentTypeError, match="`fn` to be a function of y_true and y_pred"):
        losses.LossFunctionWrapper("mse")


def test_options_are_attributes():
    loss = losses.BinaryFocalCrossentropy(True, 0.3, 1.0, True, 0.1, 0)
    assert loss.apply_class_balancing is True
    assert (loss.alpha, loss.gamma, loss.label_smoothing, loss.axis) == (0.3, 1.0, 0.1, 0)
    assert loss.from_logits is True


def test_numpy_numbers_become_plain_ones():
    loss = losses.CategoricalFocalCrossentropy(
        alpha=np.array([0.5, 0.25], "float32"), gamma=np.float32(2.0), axis=np.int64(1)
    )
    config = loss.get_config()
    assert config["alpha"] == [0.5, 0.25]
    assert type(config["gamma"]) is float
    assert type(config["axis"]) is int


def test_lists_of_axes_become_tuples():
    assert losses.Dice(axis=[1, 2]).axis == (1, 2)
