"""What is said where losses, metrics, weights and targets do not fit the outputs."""

import numpy as np
import pytest

import deepkit
from deepkit.core import errors
from deepkit.training._compile_loss import CompileLoss
from deepkit.training._compile_metrics import CompileMetrics
from tests.training.batches import FORMS, batches


def text(error):
    """A message with its notes."""
    return "\n".join([str(error.value), *getattr(error.value, "__notes__", ())])


def group_error(y_true, y_pred):
    return y_pred[0][:, 0]


# Form, names, loss, weights, error, what it says.
LOSSES = [
    ("list", ["u", "v"], ["mse"], None, errors.ArgumentError,
     "Expected `loss` in the form of the outputs, [u, v], received ['mse']. A list "
     "of 1 does not fit 2 outputs; give one for each."),
    ("list", None, ["mse"] * 3, None, errors.ArgumentError,
     "the outputs, [array, array], received ['mse', 'mse', 'mse']. A list of 3 does not fit 2"),
    ("single", None, ["mse", group_error], None, errors.ArgumentError,
     "the outputs, one array, received ['mse', group_error]. There are 2 losses for one output."),
    ("one_dict", None, {"b": ["mse", "mae"]}, None, errors.ArgumentError,
     "There are 2 losses for one output. To minimize their sum, pass a function that adds them."),
    ("list", ["score", "label"], {"lable": "mse"}, None, errors.UnknownNameError,
     "Expected `loss` in the form of the outputs, [score, label], received {'lable': 'mse'}. "
     "Unknown output 'lable'; the outputs are 'score', 'label'. Did you mean 'label'?"),
    ("dict", None, {"c": "mse"}, None, errors.UnknownNameError,
     "{'a': array, 'b': array}, received {'c': 'mse'}. Unknown output 'c'; the outputs are"),
    ("nested", None, {"x": ["mse", {"q": "mse"}]}, None, errors.UnknownNameError,
     "At loss['x'][1]: Unknown output 'q'; the outputs are 'k'."),
    ("single", ["out"], {"oat": "mse"}, None, errors.UnknownNameError,
     "one array named 'out', received {'oat': 'mse'}. Unknown output 'oat'"),
    ("list", None, {"u": "mse"}, None, errors.ArgumentError,
     "The outputs have no names, so that a list is needed."),
    ("nested", None, {"x": {"k": "mse"}}, None, errors.ArgumentError,
     "At loss['x']: The outputs have no keys there."),
    ("unsorted", None, ["mse", "mae"], None, errors.ArgumentError,
     "A list could be meant in two orders, as the keys are not sorted; give a dict."),
    ("unsorted", None, [["mse"], ["mae"]], None, errors.ArgumentError, "in two orders"),
    ("list", ["u", "v"], "mse", {"w": 1.0}, errors.UnknownNameError,
     "Expected `loss_weights` in the form of the outputs, [u, v], received {'w': 1.0}. Unknown "
     "output 'w'; the outputs are 'u', 'v'."),
    ("list", None, "mse", [1.0, 2.0, 3.0], errors.ArgumentError,
     "received [1.0, 2.0, 3.0]. A list of 3 does not fit 2 outputs"),
    ("list", ["u", "v"], ["mse", ["mse", "mae"]], [1.0, [2.0, 3.0, 4.0]], errors.ArgumentError,
     "At loss_weights[1]: There are 3 weights for 2 losses."),
    ("nested", None, {"x": group_error}, {"x": [1.0, {"k": 2.0}]}, errors.ArgumentError,
     "At loss_weights['x']: One loss takes these outputs together, so that it has one weight."),
]  # fmt: skip


@pytest.mark.parametrize(("form", "names", "loss", "weights", "kind", "said"), LOSSES)
def test_losses_that_do_not_fit(form, names, loss, weights, kind, said):
    y_true, y_pred, _ = batches(form)[0]
    with pytest.raises(kind) as error:
        CompileLoss(loss, weights, output_names=names).build(y_true, y_pred)
    assert said in text(error)


METRICS = [
    ("list", ["u", "v"], ["acc"], errors.ArgumentError,
     "Expected `metrics` in the form of the outputs, [u, v], received ['acc']. A list of 1 does"),
    ("list", ["score", "label"], {"lable": "acc"}, errors.UnknownNameError,
     "Unknown output 'lable'; the outputs are 'score', 'label'. Did you mean 'label'?"),
    ("single", ["out"], {"oat": ["acc"]}, errors.UnknownNameError, "Unknown output 'oat'"),
    ("list", None, {"u": "acc"}, errors.ArgumentError, "The outputs have no names"),
    ("unsorted", None, ["mse", "mae"], errors.ArgumentError, "in two orders"),
    ("nested", None, {"x": "mse"}, errors.ArgumentError,
     "At metrics['x']: This is one metric for 2 outputs."),
]  # fmt: skip


@pytest.mark.parametrize(("form", "names", "metrics", "kind", "said"), METRICS)
def test_metrics_that_do_not_fit(form, names, metrics, kind, said):
    y_true, y_pred, _ = batches(form)[0]
    with pytest.raises(kind) as error:
        CompileMetrics(metrics, None, output_names=names).build(y_true, y_pred)
    assert said in text(error)
    with pytest.raises(kind) as error:
        CompileMetrics(None, metrics, output_names=names).build(y_true, y_pred)
    assert said.replace("metrics", "weighted_metrics") in text(error)


B, A = np.ones((4, 2), "float32"), np.ones((4, 3), "float32")

# Form of the outputs, names, targets, what is said after "Expected y in the form of the outputs,".
TARGETS = [
    ("single", None, None, "one array, received None. There is no target for the output, which"),
    ("single", ["out"], None, "one array named 'out', received None. There is no target for the "
     "output 'out', which"),
    ("single", None, [B, B], "one array, received [array(4, 2), array(4, 2)]. A list of 2 does"),
    ("list", ["u", "v"], None, "[u, v], received None. There is no target for the output 'u', "),
    ("list", ["u", "v"], B, "[u, v], received array(4, 2). One array would stand for 2."),
    ("list", ["u", "v"], [B, A, A], "received [array(4, 2), array(4, 3), array(4, 3)]. A list"),
    ("list", ["u", "v"], [B, None], "[u, v], received [array(4, 2), None]. There is no target for "
     "the output 'v', "),
    ("list", None, [B, None], "There is no target for the output y_pred[1], "),
    ("list", ["u", "v"], {"u": B}, "{'u': array(4, 2)}. There is no target for the output 'v', "),
    ("list", ["u", "v"], {"u": B, "w": A}, "Unknown output 'w'; the outputs are 'u', 'v'."),
    ("list", None, {"u": B, "v": A}, "The outputs have no names, so that a list is needed."),
    ("dict", None, {"b": B, "c": A}, "{'a': array, 'b': array}, received {'b': array(4, 2), 'c': "
     "array(4, 3)}. Unknown output 'c'; the outputs are 'a', 'b'."),
    ("unsorted", None, [B, A], "A list could be meant in two orders"),
    ("nested", None, {"w": A, "x": B}, "At y['x']: One array would stand for 2."),
    ("nested", None, {"w": A, "x": [B, {"q": A}]}, "At y['x'][1]: Unknown output 'q'"),
    ("nested", None, {"w": A, "x": [B]}, "At y['x']: A list of 1 does not fit 2 outputs"),
]  # fmt: skip


@pytest.mark.parametrize("what", ["loss", "metrics"])
@pytest.mark.parametrize(("form", "names", "y_true", "said"), TARGETS)
def test_targets_that_do_not_fit(form, names, y_true, said, what):
    y_pred = FORMS[form](B, A)
    loss = CompileLoss("mse", output_names=names)
    each = {"single": ["mse"], "dict": dict.fromkeys("ab", "mse")}
    each["unsorted"], each["list"] = each["dict"], ["mse", "mse"]
    each["nested"] = {"w": "mse", "x": ["mse", {"k": "mse"}]}
    metrics = CompileMetrics(each[form], None, output_names=names)
    with pytest.raises(errors.DataError) as error:
        loss(y_true, y_pred) if what == "loss" else metrics.update_state(y_true, y_pred)
    assert said in text(error)
    assert str(error.value).startswith("Expected y in the form of the outputs, ")
    if "no target" in said:
        assert text(error).endswith(f"which has {'a loss' if what == 'loss' else 'metrics'}.")


def test_weights_that_do_not_fit():
    y_true, y_pred, weight = batches("list")[0]
    for given, said in [
        (
            [weight],
            "sample_weight in the form of the outputs, [u, v], received [array(4,)]. A list ",
        ),
        ({"w": weight}, "Unknown output 'w'; the outputs are 'u', 'v'."),
    ]:
        with pytest.raises(errors.DataError) as error:
            CompileLoss("mse", output_names=["u", "v"])(y_true, y_pred, given)
        assert said in text(error)
        with pytest.raises(errors.DataError) as error:
            metrics = CompileMetrics(None, ["mse", "mse"], output_names=["u", "v"])
            metrics.update_state(y_true, y_pred, given)
        assert said in text(error)


def test_weights_of_a_group():
    y_true, y_pred, weight = batches("list")[0]
    loss = CompileLoss({"x": group_error})
    with pytest.raises(errors.DataError) as error:
        loss({"x": y_true}, {"x": y_pred}, {"x": [weight, weight]})
    assert "At sample_weight['x']: One loss takes these outputs together" in text(error)


def test_outputs_that_change_their_form():
    y_true, y_pred, _ = batches("list")[0]
    loss = CompileLoss("mse")
    loss(y_true, y_pred)
    with pytest.raises(errors.DataError) as error:
        loss(y_true[0], y_pred[0])
    assert "Expected y_pred in the form of the outputs, [array, array], received array" in text(
        error
    )


def test_no_loss():
    with pytest.raises(errors.ArgumentError) as error:
        CompileLoss(None)
    assert text(error).startswith(
        "Expected `loss` to be a loss, or losses in the form of the outputs, received None. Leave"
    )


@pytest.mark.parametrize("make", [CompileLoss, lambda name: CompileMetrics(name, None)])
@pytest.mark.parametrize("name", [["mean_squared_eror"], {"a": [None, "mean_squared_eror"]}])
def test_unknown_names_at_once(make, name):
    with pytest.raises(errors.UnknownNameError, match="Did you mean 'mean_squared_error'"):
        make(name)


@pytest.mark.parametrize("make", [CompileLoss, lambda thing: CompileMetrics(thing, None)])
def test_things_that_are_none(make):
    with pytest.raises(errors.ArgumentTypeError, match=r"Expected a (loss|metric) as a name"):
        make([3.0])


@pytest.mark.parametrize("weights", ["0.5", [1.0, "b"], {"a": np.ones(2)}, deepkit.Variable(1.0)])
def test_weights_that_are_no_numbers(weights):
    with pytest.raises(errors.ArgumentError) as error:
        CompileLoss("mse", weights)
    assert text(error).startswith("Expected `loss_weights` to be a number, or numbers in the form")
    assert text(error).endswith("or differ between samples, override `compute_loss`.")


@pytest.mark.parametrize("argument", ["metrics", "weighted_metrics"])
@pytest.mark.parametrize("given", ["mse", group_error])
def test_metrics_outside_of_a_list(argument, given):
    arguments = {"metrics": None, "weighted_metrics": None, argument: given}
    with pytest.raises(errors.ArgumentError) as error:
        CompileMetrics(**arguments)
    assert text(error).startswith(f"Expected `{argument}` to be a list, tuple or dict, received ")
    assert text(error).endswith(f"Put a single metric into a list: `{argument}=[...]`.")


def test_one_metric_for_two_places():
    y_true, y_pred, _ = batches("list")[0]
    metric = deepkit.metrics.MeanSquaredError(name="mine")
    with pytest.raises(errors.ArgumentError, match="received the metric 'mine' twice"):
        CompileMetrics([metric, metric], None).build(y_true, y_pred)
    with pytest.raises(errors.ArgumentError, match="Make another one with the same arguments"):
        CompileMetrics([metric], [metric]).build(y_true[0], y_pred[0])


def test_results_before_the_first_batch():
    with pytest.raises(errors.NotBuiltError, match="no results, as they have seen no batch"):
        CompileMetrics(["mse"], None).result()


def test_a_loss_that_is_not_reduced():
    y_true, y_pred, _ = batches("list")[0]
    loss = CompileLoss(["mse", deepkit.losses.Huber(reduction="none", name="mine")])
    with pytest.raises(errors.ShapeError) as error:
        loss(y_true, y_pred)
    assert "Expected the loss 'mine' to be one number, received the shape (4,)." in text(error)
    assert "reduction such as 'sum_over_batch_size' instead of 'none'" in text(error)
    assert "This is about the loss of the output y_pred[1]." in text(error)


def test_errors_of_a_group_name_its_path():
    y_true, y_pred, _ = batches("list")[0]
    loss = CompileLoss({"x": deepkit.losses.Loss()})
    with pytest.raises(errors.StateError) as error:
        loss({"x": y_true}, {"x": y_pred})
    assert text(error).endswith("This is about the loss of the output y_pred['x'].")


def test_errors_of_losses_name_the_output():
    labels, scores = np.array([0, 1, 2, 1]), np.ones((4, 3), "float32") / 3.0
    loss = CompileLoss("categorical_crossentropy", output_names=["u", "v"])
    with pytest.raises(errors.ShapeError) as error:
        loss([np.eye(3, dtype="float32")[labels], labels], [scores, scores])
    assert text(error).endswith("This is about the loss of the output 'v'.")


def test_errors_of_metrics_name_the_output():
    y_true, y_pred, _ = batches("dict")[0]
    metrics = CompileMetrics({"a": "mse", "b": ["mse"]}, None)
    with pytest.raises(errors.ShapeError) as error:
        metrics.update_state({"a": y_true["a"], "b": y_true["a"]}, y_pred)
    assert text(error).endswith("This is about the metric 'mse' of the output 'b'.")
