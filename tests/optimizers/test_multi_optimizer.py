"""Several optimizers in one, as in Keras."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit.core import errors
from deepkit.optimizers import SGD, LossScaleOptimizer, MultiOptimizer, OptimizerMap
from tests.optimizers.problems import gradients, make_variables, values_of
from tests.oracle import keras, oracle


def make(lib):
    optimizers = lib.optimizers
    optimizer_map = optimizers.OptimizerMap(optimizers.Adam(0.1, name="default"))
    optimizer_map["embed.*"] = optimizers.SGD(0.5, momentum=0.9, name="embedding")
    optimizer_map["bias"] = optimizers.RMSprop(0.1, use_ema=True, name="bias")
    return optimizers.MultiOptimizer(optimizer_map, loss_scale_factor=4.0, name="multi")


@pytest.fixture(scope="module")
def expected():
    with oracle():
        variables, optimizer = make_variables(keras), make(keras)
        for grads in gradients()[:4]:
            optimizer.apply([jnp.asarray(g) for g in grads], variables)
    return values_of([*variables, *optimizer.variables])


def check(received, expected):
    for left, right in zip(received, expected, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-5, atol=1e-6)


def test_eager_steps(expected):
    variables, optimizer = make_variables(deepkit), make(deepkit)
    for grads in gradients()[:4]:
        optimizer.apply(grads, variables)
    check(values_of([*variables, *optimizer.variables]), expected)
    assert [type(o).__name__ for o in optimizer.optimizers] == ["SGD", "RMSprop", "Adam"]


def test_compiled_steps(expected):
    variables, optimizer = make_variables(deepkit), make(deepkit)
    optimizer.build(variables)
    apply = jax.jit(optimizer.stateless_apply)
    state = [v.value for v in variables], [v.value for v in optimizer.variables]
    for grads in gradients()[:4]:
        state = apply(state[1], grads, state[0])
    check([*state[0], *state[1]], expected)


def pair(**kwargs):
    a, b = deepkit.Variable(1.0, name="a"), deepkit.Variable(1.0, name="b")
    inner = {"a": SGD(0.5, **kwargs), "b": SGD(0.25, **kwargs)}
    return MultiOptimizer(lambda variable: inner[variable.path], name="multi"), [a, b], inner


def test_function_from_variables_to_optimizers():
    optimizer, variables, inner = pair()
    optimizer.apply([1.0, 1.0], variables)
    assert [float(v) for v in variables] == [0.5, 0.75]
    assert optimizer.optimizers == [inner["a"], inner["b"]]
    optimizer.loss_scale_factor = 2.0
    assert inner["a"].loss_scale_factor == 2.0
    assert float(optimizer.scale_loss(jnp.float32(3.0))) == 6.0
    assert int(optimizer.iterations) == 1
    optimizer.apply([])
    assert int(optimizer.iterations) == 1


def test_final_values_and_exclusions_go_to_all():
    optimizer_map = OptimizerMap(SGD(1.0, use_ema=True, weight_decay=0.5))
    optimizer = MultiOptimizer(optimizer_map)
    a, b = deepkit.Variable(1.0, name="a"), deepkit.Variable(1.0, name="b")
    optimizer.exclude_from_weight_decay(var_list=[b])
    optimizer.apply([0.0, 0.0], [a, b])
    assert (float(a), float(b)) == (0.5, 1.0)
    optimizer.optimizers[0]._model_variables_moving_average[1].assign(9.0)
    optimizer.finalize_variable_values([a, b])
    assert (float(a), float(b)) == (0.5, 9.0)


def test_missing_gradients():
    optimizer, variables, _ = pair()
    with pytest.warns(UserWarning, match=r"for the variables \['b'\] of optimizer 'sgd"):
        optimizer.apply([1.0, None], variables)
    assert [float(v) for v in variables] == [0.5, 1.0]
    with pytest.raises(ValueError, match="No gradients provided for any variable"):
        optimizer.apply([None, None])
    with pytest.raises(ValueError, match="received 1 gradients for 2 variables"):
        optimizer.apply([1.0])


def test_there_is_no_learning_rate():
    optimizer, _, _ = pair()
    with pytest.raises(AttributeError, match="'multi' has no learning rate of its own"):
        _ = optimizer.learning_rate
    with pytest.raises(AttributeError, match=r"no learning rate to set to 0.1. Set those"):
        optimizer.learning_rate = 0.1


def test_final_values_of_unknown_variables():
    optimizer, variables, _ = pair()
    stranger = deepkit.Variable(3.0)
    optimizer.finalize_variable_values([stranger])  # no part keeps averages
    optimizer, variables, _ = pair(use_ema=True)
    optimizer.build(variables)
    with pytest.raises(errors.ArgumentError, match="Unknown variable"):
        optimizer.finalize_variable_values([stranger])


def test_a_part_without_variables_may_get_some_later():
    inner = {"a": SGD(0.5, use_ema=True, momentum=0.9), "b": SGD(0.25, use_ema=True, momentum=0.9)}
    optimizer = MultiOptimizer(OptimizerMap(inner["b"], {"a": inner["a"]}))
    a, b, c = (deepkit.Variable(1.0, name=name) for name in "abc")
    optimizer.apply([1.0], [b])
    optimizer.rebuild([b, c])
    optimizer.rebuild([a, b, c])
    optimizer.apply([1.0, 1.0, 1.0])
    np.testing.assert_allclose([float(a), float(b), float(c)], [0.5, 0.75 - 0.475, 0.75])


def test_state():
    optimizer, variables, _ = pair(momentum=0.5)
    optimizer.apply([1.0, 2.0], variables)
    again, same, _ = pair(momentum=0.5)
    again.build(same)
    again.set_weights(optimizer.get_weights())
    check(again.get_weights(), optimizer.get_weights())


def test_config():
    ours, theirs = make(deepkit), make(keras)
    config = deepkit.optimizers.serialize(ours)
    with oracle():
        assert config == keras.optimizers.serialize(theirs)
    again = deepkit.optimizers.deserialize(config)
    assert again.get_config() == ours.get_config()
    assert again.loss_scale_factor == 4.0


def test_map():
    default, first, second = SGD(name="default"), SGD(name="first"), SGD(name="second")
    optimizer_map = OptimizerMap(default, {"encoder/.*": first})
    optimizer_map["plain"] = second
    assert len(optimizer_map) == 2 and list(optimizer_map) == ["encoder/.*", "plain"]
    assert optimizer_map["encoder/kernel"] is first
    assert optimizer_map["my_encoder/kernel"] is default
    assert optimizer_map(deepkit.Variable(1.0, name="plain")) is second
    del optimizer_map["plain"]
    assert optimizer_map["plain"] is default


def test_misuse_of_maps():
    optimizer_map = OptimizerMap(SGD(), {"a.*": SGD(), ".*b": SGD()})
    with pytest.raises(errors.ArgumentError, match=r"match the variable 'ab', received \['a.*b'\]"):
        _ = optimizer_map["ab"]
    with pytest.raises(errors.ArgumentError, match=r"The key 'a.*' is in the OptimizerMap already"):
        optimizer_map["a.*"] = SGD()
    with pytest.raises(errors.ArgumentError, match="key of an OptimizerMap to be text, received 3"):
        optimizer_map[3] = SGD()
    with pytest.raises(errors.ArgumentTypeError, match="value of the map, received 'adam'"):
        optimizer_map["c"] = "adam"
    with pytest.raises(errors.ArgumentError, match="received a LossScaleOptimizer"):
        optimizer_map["c"] = LossScaleOptimizer(SGD())
    with pytest.raises(errors.ArgumentError, match="received a MultiOptimizer"):
        optimizer_map["c"] = MultiOptimizer(OptimizerMap(SGD()))
    with pytest.raises(errors.ArgumentTypeError, match=r"`default_optimizer` .* received 'adam'"):
        OptimizerMap("adam")
    with pytest.raises(errors.ArgumentTypeError, match="`optimizer_map` to be a dict"):
        OptimizerMap(SGD(), [SGD()])


def test_misuse_of_the_optimizer():
    with pytest.raises(
        errors.ArgumentTypeError, match=r"OptimizerMap, or a function .* received \[\]"
    ):
        MultiOptimizer([])
    with pytest.raises(errors.ArgumentTypeError, match="value of the map, received 'adam'"):
        MultiOptimizer(lambda variable: "adam").build([deepkit.Variable(1.0)])
