"""What all optimizers share: variables, learning rates, gradients, options, arguments."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit.core import errors


def scalar(value=1.0, name="weight"):
    return deepkit.Variable(value, name=name)


class Momentum(deepkit.optimizers.Optimizer):
    """Written as Keras's guides write one."""

    def __init__(self, learning_rate=0.5, momentum=0.5, **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.momentum = momentum

    def build(self, variables):
        super().build(variables)
        self.momentums = []
        for variable in variables:
            self.momentums.append(
                self.add_variable_from_reference(reference_variable=variable, name="momentum")
            )

    def update_step(self, gradient, variable, learning_rate):
        learning_rate = deepkit.ops.cast(learning_rate, variable.dtype)
        m = self.momentums[self._get_variable_index(variable)]
        self.assign(m, deepkit.ops.subtract(self.momentum * m, gradient * learning_rate))
        self.assign_add(variable, m)

    def get_config(self):
        config = super().get_config()
        config.update({"momentum": self.momentum})
        return config


def test_subclass_of_the_user():
    optimizer, weight = Momentum(), scalar(4.0)
    for _ in range(2):
        optimizer.apply([2.0], [weight])
    # Moves by -1, then by -0.5 - 1.
    assert float(weight) == 4 - 1 - 1.5
    assert [v.path for v in optimizer.variables] == [
        f"{optimizer.name}/iteration",
        f"{optimizer.name}/learning_rate",
        f"{optimizer.name}/weight_momentum",
    ]
    again = Momentum.from_config(optimizer.get_config())
    assert again.get_config() == optimizer.get_config()


def test_variables_set_as_attributes_are_state():
    class Counting(deepkit.optimizers.SGD):
        def build(self, variables):
            super().build(variables)
            self.updates = deepkit.Variable(0.0)
            self.sums = [deepkit.Variable(0.0) for _ in variables]
            self.watched = list(variables)

        def update_step(self, gradient, variable, learning_rate):
            super().update_step(gradient, variable, learning_rate)
            self.updates.assign_add(1.0)

    optimizer, weight = Counting(0.5), scalar()
    optimizer.build([weight])
    assert len(optimizer.variables) == 4
    assert not any(variable is weight for variable in optimizer.variables)
    own = [v.value for v in optimizer.variables]
    _, own = jax.jit(optimizer.stateless_apply)(own, [jnp.float32(1.0)], [weight.value])
    assert float(own[2]) == 1.0


def test_slots_of_several_names_lie_side_by_side():
    optimizer = deepkit.optimizers.SGD(name="o")
    variables = [scalar(name="a"), scalar(name="b")]
    first, second = optimizer.add_optimizer_variables(
        variables, ["m", "v"], initializer=["ones", "zeros"]
    )
    assert [v.name for v in optimizer.variables[2:]] == ["a_m", "a_v", "b_m", "b_v"]
    assert [float(v) for v in first] == [1.0, 1.0] and [float(v) for v in second] == [0.0, 0.0]
    with pytest.raises(ValueError, match=r"one initializer for each of the names \['m', 'v'\]"):
        optimizer.add_optimizer_variables(variables, ["m", "v"], ["ones", "zeros", "ones"])


def test_attribute_before_the_base_is_ready():
    class Early(deepkit.optimizers.Optimizer):
        def __init__(self):
            self.momentum = 0.9

    with pytest.raises(errors.StateError, match=r"Early sets `momentum` .* `super\(\).__init__"):
        Early()


def test_update_step_must_be_defined():
    class Nothing(deepkit.optimizers.Optimizer):
        pass

    with pytest.raises(RuntimeError, match=r"Nothing does not say .* Define `update_step"):
        Nothing(0.1).apply([1.0], [scalar()])


def test_learning_rate_is_a_variable_and_can_be_set():
    optimizer = deepkit.optimizers.SGD(0.5)
    assert isinstance(optimizer.learning_rate, deepkit.Variable)
    optimizer.learning_rate = 0.25
    assert float(optimizer.learning_rate) == 0.25
    optimizer.learning_rate.assign(0.125)
    assert optimizer.get_config()["learning_rate"] == 0.125


@pytest.mark.parametrize("rate", [1, np.float32(1.0), np.int64(1), jnp.float32(1.0)])
def test_learning_rates_of_all_kinds_of_numbers(rate):
    optimizer, weight = deepkit.optimizers.SGD(rate), scalar(3.0)
    optimizer.apply([2.0], [weight])
    assert float(weight) == 1.0
    assert optimizer.get_config()["learning_rate"] == 1.0


def test_learning_rate_from_a_function():
    rates = iter([1.0, 0.5])
    optimizer, weight = deepkit.optimizers.SGD(lambda: next(rates)), scalar(4.0)
    for _ in range(2):
        optimizer.apply([2.0], [weight])
    assert float(weight) == 1.0
    assert [v.name for v in optimizer.variables] == ["iteration"]


def test_schedule_takes_the_place_of_a_number():
    optimizer, weight = deepkit.optimizers.SGD(0.5), scalar(4.0)
    optimizer.learning_rate = deepkit.optimizers.schedules.ExponentialDecay(1.0, 1, 0.5)
    for _ in range(2):
        optimizer.apply([1.0], [weight])
    assert float(weight) == 2.5
    assert float(optimizer.learning_rate) == 0.25
    assert [v.name for v in optimizer.variables] == ["iteration"]
    with pytest.raises(TypeError, match=r"is a schedule or a function, so it cannot be set to 0.1"):
        optimizer.learning_rate = 0.1


def test_pairs_of_gradients_and_variables():
    optimizer, weight = deepkit.optimizers.SGD(0.5), scalar(3.0)
    iterations = optimizer.apply_gradients(zip([2.0], [weight]))
    assert float(weight) == 2.0
    assert iterations is optimizer.iterations and int(iterations) == 1
    with pytest.raises(errors.ArgumentError, match="Expected pairs of gradients .* received none"):
        optimizer.apply_gradients(zip([2.0], []))
    assert int(iterations) == 1


def test_missing_gradients_are_named_and_their_variables_left():
    optimizer = deepkit.optimizers.Adam(0.5, weight_decay=0.1)
    a, b = scalar(1.0, "a"), scalar(1.0, "b")
    with pytest.warns(UserWarning, match=r"do not exist for the variables \['b'\]; they stay"):
        optimizer.apply([1.0, None], [a, b])
    assert float(b) == 1.0 and float(a) < 1.0
    with pytest.raises(ValueError, match=r"No gradients provided for any variable.*\['a', 'b'\]"):
        optimizer.apply([None, None], [a, b])


def test_missing_gradients_keep_what_was_accumulated():
    optimizer = deepkit.optimizers.SGD(1.0, gradient_accumulation_steps=2)
    a, b = scalar(0.0, "a"), scalar(0.0, "b")
    optimizer.apply([2.0, 2.0], [a, b])
    with pytest.warns(UserWarning, match=r"'b'"):
        optimizer.apply([4.0, None], [a, b])
    assert (float(a), float(b)) == (-3.0, 0.0)
    assert float(optimizer._accumulated_gradients[1]) == 2.0


def test_order_of_variables_may_change():
    optimizer = deepkit.optimizers.SGD(1.0, momentum=0.5)
    a, b = scalar(0.0, "a"), scalar(0.0, "b")
    optimizer.apply([1.0, 2.0], [a, b])
    optimizer.apply([4.0, 2.0], [b, a])
    assert (float(a), float(b)) == (-1 - 2.5, -2 - 5.0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda o, v: o.apply([1.0, 1.0]), errors.ArgumentError, "received 2 gradients for 1 var"),
        (lambda o, v: o.apply([jnp.ones(3)]), errors.ShapeError, r"shape \(\) for .*'weight', rec"),
        (
            lambda o, v: o.apply([1.0], [scalar(name="stranger")]),
            errors.ArgumentError,
            r"Unknown variable: 'stranger' of shape \(\). Optimizer 'o' can only",
        ),
        (
            lambda o, v: deepkit.optimizers.SGD(name="p").apply([1.0]),
            errors.NotBuiltError,
            "Optimizer 'p' does not know its variables yet",
        ),
        (
            lambda o, v: deepkit.optimizers.SGD(name="p").stateless_apply([], [], []),
            errors.NotBuiltError,
            "'p' must be built before `stateless_apply`",
        ),
        (
            lambda o, v: o.stateless_apply([1], [1.0], [1.0]),
            errors.ArgumentError,
            "`optimizer_variables` to hold 2 values, .* 'o' has of them, received 1",
        ),
        (
            lambda o, v: o.stateless_apply([1, 1.0], [1.0], []),
            errors.ArgumentError,
            "`trainable_variables` to hold 1 values",
        ),
        (
            lambda o, v: o.exclude_from_weight_decay(var_names=["bias"]),
            errors.StateError,
            "'o' is built already",
        ),
        (
            lambda o, v: deepkit.optimizers.SGD().exclude_from_weight_decay(var_names="bias"),
            errors.ArgumentTypeError,
            r"`var_names` to be a list of text such as \['bias'\], received 'bias'",
        ),
    ],
)
def test_misuse(call, error, message):
    optimizer, weight = deepkit.optimizers.SGD(0.5, name="o"), scalar()
    optimizer.build([weight])
    with pytest.raises(error, match=message):
        call(optimizer, weight)


def test_averages_become_the_values_in_the_end():
    optimizer = deepkit.optimizers.SGD(1.0, use_ema=True, ema_momentum=0.75)
    weight = scalar(0.0)
    for _ in range(2):
        optimizer.apply([-4.0], [weight])
    assert float(weight) == 8.0
    optimizer.finalize_variable_values([weight])
    # 4 in the first step, then 0.75 * 4 + 0.25 * 8.
    assert float(weight) == 5.0
    with pytest.raises(ValueError, match="Unknown variable: 'other'"):
        optimizer.finalize_variable_values([deepkit.Variable(1.0, name="other")])


def test_nothing_to_finalize_without_averages():
    optimizer, weight = deepkit.optimizers.SGD(1.0), scalar(2.0)
    optimizer.build([weight])
    optimizer.finalize_variable_values([weight])
    assert float(weight) == 2.0


def test_loss_is_scaled_and_gradients_unscaled():
    optimizer, weight = deepkit.optimizers.SGD(0.5, loss_scale_factor=1024.0), scalar(3.0)
    assert float(optimizer.scale_loss(jnp.float32(2.0))) == 2048.0
    assert deepkit.optimizers.SGD().scale_loss(2.0) == 2.0
    optimizer.apply([2048.0], [weight])
    assert float(weight) == 2.0


def test_small_half_precision_gradients_survive_unscaling():
    optimizer, weight = deepkit.optimizers.SGD(2.0**14, loss_scale_factor=2.0**14), scalar(0.0)
    optimizer.apply([jnp.asarray(-(2.0**-14), "float16")], [weight])
    assert float(weight) == 2.0**-14


def test_accumulated_iterations():
    optimizer, weight = deepkit.optimizers.SGD(1.0, gradient_accumulation_steps=2), scalar(0.0)
    path = []
    for gradient in (1.0, 3.0, 5.0, 7.0):
        optimizer.apply([gradient], [weight])
        path.append((float(weight), int(optimizer.iterations)))
    assert path == [(0.0, 0), (-2.0, 1), (-2.0, 1), (-8.0, 2)]


def test_excluded_variables_themselves():
    optimizer = deepkit.optimizers.SGD(1.0, weight_decay=0.5)
    a, b = scalar(2.0, "a"), scalar(2.0, "b")
    optimizer.exclude_from_weight_decay(var_list=[b])
    optimizer.apply([0.0, 0.0], [a, b])
    assert (float(a), float(b)) == (1.0, 2.0)


def test_global_norm_that_is_not_finite_shows():
    optimizer = deepkit.optimizers.SGD(1.0, global_clipnorm=1.0)
    a, b = scalar(1.0, "a"), scalar(1.0, "b")
    optimizer.apply([float("inf"), 1.0], [a, b])
    assert np.isnan(float(b))


def test_zero_gradients_are_not_clipped_to_nan():
    for option in ("clipnorm", "clipvalue", "global_clipnorm"):
        optimizer, weight = deepkit.optimizers.SGD(1.0, **{option: 1.0}), scalar(1.0)
        optimizer.apply([0.0], [weight])
        assert float(weight) == 1.0


def test_layout_of_slots_is_that_of_their_variables():
    layout = object()
    weight = deepkit.Variable(1.0, layout=layout)
    optimizer = deepkit.optimizers.Adam()
    optimizer.build([weight])
    assert [v._layout for v in optimizer.variables] == [None, None, layout, layout]


@pytest.mark.parametrize(
    ("class_name", "arguments", "message"),
    [
        (
            "SGD",
            {"learning_rate": "fast"},
            "`learning_rate` to be a number, a LearningRateSchedule",
        ),
        (
            "SGD",
            {"learning_rate": deepkit.optimizers.schedules.CosineDecay},
            r"`learning_rate` .* received <class",
        ),
        ("SGD", {"name": "a/b"}, r"`name` of an optimizer to be text .* received 'a/b'"),
        ("SGD", {"learning_rate": True}, "`learning_rate` to be a number, .* received True"),
        ("SGD", {"learning_rate": None}, "`learning_rate` .* received None"),
        ("SGD", {"lr": 0.1}, "SGD has no option `lr`, received lr=0.1. Use `learning_rate`"),
        ("SGD", {"momentun": 0.1}, "no option `momentun`.* Did you mean 'momentum'"),
        ("SGD", {"momentum": 1.5}, "`momentum` to be a number from 0 to 1, received 1.5"),
        ("SGD", {"weight_decay": "x"}, "`weight_decay` to be a number, received 'x'"),
        ("SGD", {"clipnorm": 0}, "`clipnorm` to be a number above 0, received 0"),
        ("SGD", {"clipvalue": -1.0}, "`clipvalue` to be a number above 0, received -1.0"),
        ("SGD", {"global_clipnorm": [1]}, "`global_clipnorm` to be a number above 0"),
        ("SGD", {"clipnorm": 1.0, "clipvalue": 2.0}, "at most one of .* received {'clipnorm': 1"),
        ("SGD", {"ema_momentum": 1.1}, "`ema_momentum` to be a number from 0 to 1"),
        ("SGD", {"ema_overwrite_frequency": 0}, "`ema_overwrite_frequency` to be an integer of at"),
        ("SGD", {"loss_scale_factor": 0.0}, "`loss_scale_factor` to be a number above 0"),
        ("SGD", {"gradient_accumulation_steps": 1}, "integer of at least 2, received 1"),
        ("SGD", {"gradient_accumulation_steps": 2.5}, "integer of at least 2, received 2.5"),
        (
            "Adam",
            {"beta_1": 1.0},
            "`beta_1` to be a number of at least 0 and below 1, received 1.0",
        ),
        ("Adam", {"beta_2": -0.1}, "`beta_2` to be a number of at least 0 and below 1"),
        ("Adam", {"epsilon": -1e-7}, "`epsilon` to be a number of at least 0"),
        ("AdamW", {"weight_decay": None}, "`weight_decay` to be a number, received None"),
        ("Adamax", {"beta_1": 2}, "`beta_1`"),
        ("Nadam", {"beta_2": 2}, "`beta_2`"),
        ("Lamb", {"epsilon": "x"}, "`epsilon`"),
        ("Adadelta", {"rho": 1.5}, "`rho` to be a number from 0 to 1"),
        ("RMSprop", {"momentum": -1}, "`momentum` to be a number from 0 to 1"),
        (
            "Adagrad",
            {"initial_accumulator_value": -1},
            "`initial_accumulator_value` to be .* least 0",
        ),
        ("Adafactor", {"clip_threshold": 0}, "`clip_threshold` to be a number above 0"),
        ("Ftrl", {"learning_rate_power": 0.5}, "`learning_rate_power` to be a number of at most 0"),
        (
            "Ftrl",
            {"l1_regularization_strength": -1},
            "`l1_regularization_strength` to be .* least 0",
        ),
        ("Lion", {"beta_1": 0}, "`beta_1` to be a number above 0 and at most 1"),
        ("Muon", {"ns_steps": -1}, "`ns_steps` to be an integer of at least 0"),
        ("Muon", {"muon_a": "x"}, "`muon_a` to be a number"),
        (
            "ScheduleFreeAdamW",
            {"warmup_steps": 1.5},
            "`warmup_steps` to be an integer of at least 0",
        ),
        ("ScheduleFreeAdamW", {"beta_1": 0.0}, "`beta_1` to be a number above 0 and at most 1"),
    ],
)
def test_bad_arguments(class_name, arguments, message):
    with pytest.raises(errors.ArgumentError, match=message):
        getattr(deepkit.optimizers, class_name)(**arguments)


def test_layers_of_muon_are_a_list():
    with pytest.raises(
        TypeError, match=r"`exclude_layers` to be a list of text .* received 'head'"
    ):
        deepkit.optimizers.Muon(exclude_layers="head")


def test_decay_of_older_versions_is_ignored_loudly():
    with pytest.warns(UserWarning, match=r"`decay` is ignored.*InverseTimeDecay"):
        deepkit.optimizers.SGD(decay=1e-4)
    deepkit.optimizers.SGD(decay=0.0)
