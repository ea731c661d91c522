"""Optimizers by regular expressions for the paths of variables."""

import json

import numpy as np
import optax
import pytest

import deepkit
from deepkit.core import errors, naming
from deepkit.optimizers import SGD, Adam, LossScaleOptimizer, MultiOptimizer, OptaxOptimizer


def variables(*paths):
    made = []
    for path in paths:
        *scopes, name = path.split("/")
        with naming.name_scope("/".join(scopes)):
            made.append(deepkit.Variable(1.0, name=name))
    return made


def chosen(optimizer, given):
    """The optimizers that a variable changes the value under, by rates."""
    optimizer.apply([1.0] * len(given), given)
    return [round(1.0 - float(variable), 4) for variable in given]


def test_the_first_pattern_that_matches_the_whole_path_counts():
    given = variables("encoder/kernel", "head/kernel", "my_encoder/kernel", "encoder/bias")
    optimizer = MultiOptimizer(
        {
            ".*/bias": SGD(0.1),
            "encoder/.*": SGD(0.2),
            "head/kernel|encoder": SGD(0.3),
            ".*": SGD(0.4),
        }
    )
    assert chosen(optimizer, given) == [0.2, 0.3, 0.4, 0.1]
    assert [float(o.learning_rate) for o in optimizer.optimizers] == pytest.approx(
        [0.1, 0.2, 0.3, 0.4]
    )


def test_further_paths_match_too():
    given = variables("dense/kernel", "dense_1/kernel")
    optimizer = MultiOptimizer({"encoder/.*": SGD(0.2), ".*": SGD(0.4)})
    optimizer.take_paths_from(lambda: {id(given[1]): ["dense_1/kernel", "encoder/dense_1/kernel"]})
    assert chosen(optimizer, given) == [0.4, 0.2]


def test_variables_that_are_frozen_count_as_matches():
    frozen, given = variables("encoder/kernel", "head/kernel")
    optimizer = MultiOptimizer({"encoder/.*": SGD(0.2, momentum=0.9), ".*": SGD(0.4)})
    optimizer.take_paths_from(lambda: {id(v): [v.path] for v in (frozen, given)})
    assert chosen(optimizer, [given]) == [0.4]
    optimizer.rebuild([frozen, given])
    assert chosen(optimizer, [frozen, given]) == [0.2, 0.8]


def test_what_compile_takes_is_resolved():
    optimizer = deepkit.optimizers.get(
        {"a": "adam", "b": optax.sgd(0.1), "c": deepkit.optimizers.serialize(SGD(0.3)), "d": Adam}
    )
    kinds = [type(inner) for inner in optimizer.optimizers]
    assert kinds == [Adam, OptaxOptimizer, SGD, Adam]
    assert float(optimizer.optimizers[2].learning_rate) == pytest.approx(0.3)


def test_configs_keep_the_order():
    ours = MultiOptimizer({"z.*": Adam(0.5, clipnorm=1.0), "a": SGD(0.25), ".*": SGD(0.125)})
    text = json.dumps(deepkit.optimizers.serialize(ours), sort_keys=True)
    again = deepkit.optimizers.deserialize(json.loads(text))
    assert again.get_config() == ours.get_config()
    assert list(again._optimizer_map.optimizers) == ["z.*", "a", ".*"]
    assert chosen(again, variables("a", "zebra", "b")) == [0.25, 0.5, 0.125]


def test_scaled_losses_and_paths():
    given = variables("dense/kernel", "dense_1/kernel")
    inner = MultiOptimizer({"encoder/.*": SGD(0.25), ".*": SGD(0.5)})
    optimizer = LossScaleOptimizer(inner, initial_scale=4.0)
    optimizer.take_paths_from(lambda: {id(given[1]): ["encoder/dense_1/kernel"]})
    optimizer.apply([4.0, 4.0], given)
    np.testing.assert_array_equal([float(v) for v in given], [0.5, 0.75])


def misused(patterns, *paths):
    with pytest.raises(errors.ArgumentError) as caught:
        optimizer = MultiOptimizer(patterns)
        optimizer.build(variables(*paths))
    assert not optimizer.built if paths else True
    return str(caught.value)


def test_a_pattern_without_variables():
    message = misused({"encodr/.*": SGD(), ".*": SGD()}, "encoder/kernel", "head/bias")
    assert "The pattern 'encodr/.*' matches the whole path of no variable" in message
    assert "The closest paths: ['encoder/kernel', 'head/bias']" in message


def test_a_pattern_behind_others():
    message = misused({".*": SGD(), "head/.*": SGD()}, "encoder/kernel", "head/bias")
    assert "'head/.*' gets no variable: earlier patterns match all" in message
    assert "further to the front of ['.*', 'head/.*']" in message


def test_a_variable_without_a_pattern():
    message = misused({"head/.*": SGD(), "kernel": SGD()}, "encoder/kernel", "head/bias")
    assert "No pattern matches the whole path of the variables ['encoder/kernel']" in message
    assert "['head/.*', 'kernel']. Add one that does; '.*' as the last" in message


def test_bad_dicts():
    assert "received an empty one" in misused({})
    assert "regular expressions, as text, received 3" in misused({3: SGD()})
    assert "received '(': missing )" in misused({"(": SGD()})
    one = SGD()
    assert "join the patterns: 'a|b'" in misused({"a": one, "b": one})
    with pytest.raises(errors.ArgumentTypeError, match="value of the map, received 'adam'"):
        MultiOptimizer({".*": "adam"})
    with pytest.raises(errors.ArgumentError, match="received a MultiOptimizer"):
        deepkit.optimizers.get({".*": {".*": "adam"}})
    with pytest.raises(errors.UnknownNameError, match="Did you mean 'adam"):
        deepkit.optimizers.get({".*": "adamm"})
